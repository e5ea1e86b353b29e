import { shortened, type Problem } from '../dns/problem.ts';
import type { Advice, Entry } from './catalogue-entry.ts';
import { catalogue } from './catalogue.ts';
import type { Changed, Language } from './panel.ts';
import { plainText } from './plain-text.ts';
import { own } from '../dns/own.ts';

export interface DescribeOptions {
  readonly language: Language;
  /** Which sides were changed (see `Changed`); `settings`: the settings were not saved. */
  readonly changed: Changed | 'settings';
  /** The contact from the settings; null: the settings name none. */
  readonly contact: string | null;
  /**
   * Whether an administrator reads the message. Then the message includes the technical cause, which may name
   * the central's host.
   */
  readonly details?: boolean;
}

/** For each outcome, the sentence that tells the user which sides were changed. */
export const outcomes: Readonly<Record<DescribeOptions['changed'], Entry>> = {
  settings: { en: 'Nothing was saved.', ru: 'Ничего не сохранено.' },
  nothing: { en: 'Nothing was changed.', ru: 'Ничего не изменено.' },
  unknown: {
    en: 'The panel was not changed; whether the central DNS was is not certain yet and will be put right automatically.',
    ru: 'В панели ничего не изменено; состояние центрального DNS уточняется и будет исправлено автоматически.',
  },
  panel: {
    en: 'The panel has saved the change, the central DNS has not; the two will be brought together automatically.',
    ru: 'Панель сохранила изменение, а центральный DNS — нет; расхождение будет устранено автоматически.',
  },
  'panel-unknown': {
    en: 'The panel has saved the change; whether the central DNS has is not certain yet. The two will be brought together automatically.',
    ru: 'Панель сохранила изменение; состояние центрального DNS уточняется. Расхождение, если оно есть, будет устранено автоматически.',
  },
};

/** The sentence with which a refusal tells the user what to do. */
export const advices: Readonly<Record<Advice, Entry>> = {
  correct: { en: 'Correct the entry and try again.', ru: 'Исправьте запись и повторите попытку.' },
  support: { en: 'Correct the entry, or ask support.', ru: 'Исправьте запись или обратитесь в поддержку.' },
  administrator: { en: 'Ask the administrator.', ru: 'Обратитесь к администратору.' },
  retry: { en: 'Try again in a moment.', ru: 'Повторите попытку через минуту.' },
};

/** A count with its noun in English: `1 zone`, `2 zones`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/**
 * The text of one problem, without its code. An unknown code is shown as it is. With several centrals, the
 * parameter `central` holds the numbers of those that have the problem.
 */
export function describeProblem(problem: Problem, language: Language): string {
  const { central } = problem.params;
  const said = wordsOf(problem, language);
  return central === undefined
    ? said
    : `${language === 'ru' ? 'Центральный DNS' : 'Central DNS'} ${central}: ${said}`;
}

/**
 * The text of one problem, followed by its technical cause in brackets, for an administrator. Leaves out the
 * problem's code.
 */
export function describeInFull(problem: Problem, language: Language): string {
  const cause = technicalCause(problem, language);
  const said = describeProblem(problem, language);
  return cause === '' ? said : `${said} (${cause})`;
}

/**
 * The technical cause, for an administrator. If `params.code` is a code of the catalogue, returns its text,
 * else `params.text` or the file at `params.path`. Returns an empty string if there is no cause, or if the
 * message contains it already.
 */
export function technicalCause({ code, params }: Problem, language: Language): string {
  const { code: cause = '', path = '', text = path } = params;
  if (cause === code || !entries.has(cause)) return detailOf({ code, params }, text, language);
  const said = wordsOf({ code: cause, params }, language);
  const file = detailOf({ code: cause, params }, path, language);
  return `${said} ${file === '' ? '' : `(${file}) `}[${cause}]`;
}

/** Returns the detail as plain text; empty: the problem's own text contains the detail. */
function detailOf(problem: Problem, detail: string, language: Language): string {
  const said = plainText(shortened(detail));
  return wordsOf(problem, language).includes(said) ? '' : said;
}

function wordsOf({ code, params }: Problem, language: Language): string {
  const entry = entries.get(code);
  if (entry === undefined) return plainText([code, ...Object.values(params).map(shortened)].join(' '));
  const text = entry[language].replaceAll(/\{([a-zA-Z]+)\}(\.?)/g, (whole, name: string, end: string) => {
    const value = own(params, name);
    if (value === undefined) return whole;
    const said = plainText(shortened(domains.has(name) ? withoutFinalDot(value) : value));
    return said.endsWith('.') ? said : `${said}${end}`;
  });
  return /[.!?…]$/u.test(text) ? text : `${text}.`;
}

/** Placeholders that hold a domain name; messages show it without its final dot. */
const domains: ReadonlySet<string> = new Set(['zone', 'parent']);

function withoutFinalDot(domain: string): string {
  return /[^\\]\.$/.test(domain) ? domain.slice(0, -1) : domain;
}

const entries: ReadonlyMap<string, Entry> = new Map(Object.entries(catalogue));

/**
 * The message that the panel's user reads after a refusal. It lists the problems, which sides were changed,
 * what the user can do, the contact, and the codes for support.
 */
export function describe(problems: readonly Problem[], options: DescribeOptions): string {
  const { language, changed, contact, details = false } = options;
  const shown = details ? problems : withoutFiles(problems);
  const told = details ? describeInFull : describeProblem;
  const parts = shown.slice(0, mostShown).map((problem) => told(problem, language));
  if (shown.length > mostShown) parts.push('…');
  parts.push(outcomes[changed][language], ...advicesFor(shown, options));
  if (contact !== null) parts.push(`${language === 'ru' ? 'Поддержка' : 'Support'}: ${plainText(contact)}.`);
  const codes = [...new Set(problems.map(({ code }) => code))].join(', ');
  return `${parts.join(' ')} [${codes}]`;
}

/** Maximum number of problems shown in one message. */
const mostShown = 10;

/**
 * The problems that a user who is no administrator may read. Problems whose text names a file are mistakes in
 * the settings, and are left out. If no problem is left, the user reads that the settings cannot be used.
 */
function withoutFiles(problems: readonly Problem[]): readonly Problem[] {
  const rest = problems.filter(({ code }) => entries.get(code)?.en.includes('{path}') !== true);
  if (rest.length > 0 || problems.length === 0) return rest;
  return [{ code: 'settings.not-in-force', params: {} }];
}

/** The sentence that tells the user what to do, in an array; empty: there is no such sentence. */
function advicesFor(
  problems: readonly Problem[],
  { changed, language, details = false }: DescribeOptions,
): string[] {
  const wanted = new Set(problems.flatMap(({ code }) => entries.get(code)?.advice ?? []));
  // An administrator reads this message himself, so he is not told to ask an administrator.
  if (details) wanted.delete('administrator');
  // A message gives one advice only. What the user can correct without help comes first.
  const first = advicesWhen[changed].find((one) => wanted.has(one));
  return first === undefined ? [] : [advices[first][language]];
}

/**
 * The advices that a message may give, in their order. If the central may have been changed, the agent
 * corrects it without help, so the user can only try again. A saved edit needs no advice.
 */
const advicesWhen: Readonly<Record<DescribeOptions['changed'], readonly Advice[]>> = {
  nothing: ['correct', 'support', 'administrator', 'retry'],
  unknown: ['retry'],
  settings: [],
  panel: [],
  'panel-unknown': [],
};
