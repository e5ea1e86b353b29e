import { shortened, type Problem } from '../dns/problem.ts';
import type { Advice, Entry } from './catalogue-entry.ts';
import { catalogue } from './catalogue.ts';
import type { Changed, Language } from './panel.ts';
import { plainText } from './plain-text.ts';
import { own } from '../dns/own.ts';

export interface DescribeOptions {
  readonly language: Language;
  /** What is known about the two sides (see `Verdict`). */
  readonly changed: Changed | 'settings';
  /** Whom to ask, as configured; null = nobody named. */
  readonly contact: string | null;
  /**
   * Whether an administrator reads it: then the technical cause is added, which may name the central's host.
   */
  readonly details?: boolean;
}

/** What was and was not changed, the last sentence of every refusal. */
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

/** What to do about it, after what was and was not changed. */
export const advices: Readonly<Record<Advice, Entry>> = {
  correct: { en: 'Correct the entry and try again.', ru: 'Исправьте запись и повторите попытку.' },
  support: { en: 'Correct the entry, or ask support.', ru: 'Исправьте запись или обратитесь в поддержку.' },
  administrator: { en: 'Ask the administrator.', ru: 'Обратитесь к администратору.' },
};

/** English: `1 zone`, `2 zones`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/**
 * One problem in words, without its code. An unknown code is shown as it is rather than hidden. Where there
 * are several centrals the parameter `central` holds the numbers of those that have the problem.
 */
export function describeProblem(problem: Problem, language: Language): string {
  const { central } = problem.params;
  const said = wordsOf(problem, language);
  return central === undefined
    ? said
    : `${language === 'ru' ? 'Центральный DNS' : 'Central DNS'} ${central}: ${said}`;
}

/**
 * What an administrator reads besides the message, which may name the central's host. It is in words of ours
 * if the problem names a known cause (`code`), else as it came (`text`). Empty where there is nothing, or the
 * message says it already.
 */
export function technicalCause({ code, params }: Problem, language: Language): string {
  const { code: cause = '' } = params;
  const text = shortened(params['text'] ?? '');
  const known = entries.get(cause);
  if (known !== undefined && cause !== code)
    return `${wordsOf({ code: cause, params }, language)} [${cause}]`;
  const said = plainText(text);
  return wordsOf({ code, params }, language).includes(said) ? '' : said;
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

/** Placeholders that hold a domain: people write one without its final dot. */
const domains: ReadonlySet<string> = new Set(['zone', 'parent']);

function withoutFinalDot(domain: string): string {
  return /[^\\]\.$/.test(domain) ? domain.slice(0, -1) : domain;
}

const entries: ReadonlyMap<string, Entry> = new Map(Object.entries(catalogue));

/**
 * The message of a refusal as the user in the panel reads it. It has what failed (every problem), what was
 * and was not changed, what to do, whom to ask, and the codes for support.
 */
export function describe(problems: readonly Problem[], options: DescribeOptions): string {
  const { language, changed, contact } = options;
  const parts = problems.slice(0, mostShown).map((problem) => {
    const said = describeProblem(problem, language);
    const cause = options.details === true ? technicalCause(problem, language) : '';
    return cause === '' ? said : `${said} (${cause})`;
  });
  if (problems.length > mostShown) parts.push('…');
  parts.push(outcomes[changed][language]);
  // Once something was changed it is put right automatically: there is nothing to be done by hand.
  if (changed === 'nothing') parts.push(...advicesFor(problems, language));
  if (contact !== null) parts.push(`${language === 'ru' ? 'Поддержка' : 'Support'}: ${plainText(contact)}.`);
  const codes = [...new Set(problems.map(({ code }) => code))].join(', ');
  return `${parts.join(' ')} [${codes}]`;
}

/** Problems reported in one refusal. */
const mostShown = 10;

function advicesFor(problems: readonly Problem[], language: Language): string[] {
  const wanted = problems.flatMap(({ code }) => entries.get(code)?.advice ?? []);
  // One thing to do at a time: what the user can mend himself comes first.
  const first = (['correct', 'support', 'administrator'] as const).find((one) => wanted.includes(one));
  return first === undefined ? [] : [advices[first][language]];
}
