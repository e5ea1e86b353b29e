/** Defines the notices that an administrator gets, and their texts. */
import { hostname } from 'node:os';
import type { Language } from '../../core/panel.ts';
import { plainText } from '../../core/plain-text.ts';
import { attentionText, type Attention } from '../answers/attention.ts';

/** A message to an administrator. */
export interface Notice {
  /** Id of the notice, the same in each attempt to deliver it. */
  readonly id: string;
  /** When the notice was made: wall clock, milliseconds since 1970. */
  readonly at: number;
  readonly kind: 'changed' | 'test';
  /** Reasons that began after the last notice. */
  readonly began: readonly Attention[];
  /** Reasons that ended after the last notice. */
  readonly ended: readonly Attention[];
  /** Reasons that an earlier notice reported and that still exist. */
  readonly standing: readonly Attention[];
  /**
   * Number of changes before this notice that were not reported one by one, because there were too many
   * notices.
   */
  readonly heldBack: number;
  /** Until when further changes are held back, milliseconds since 1970; null: they are not held back. */
  readonly quietUntil: number | null;
  /** Whether the panel has several centrals. */
  readonly several: boolean;
}

/** The panel that a notice is about. */
export interface Sender {
  /** Name of the host: letters, digits, dots and hyphens. */
  readonly host: string;
  /** The panel's root. */
  readonly root: string;
}

/** Returns the sender for the panel at this root. */
export function senderAt(root: string): Sender {
  const host = hostname();
  return {
    host: /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/iu.test(host) ? host : 'unnamed',
    root: plainText(root),
  };
}

const words = {
  began: { en: 'New:', ru: 'Новое:' },
  ended: { en: 'Over:', ru: 'Устранено:' },
  standing: { en: 'Still there:', ru: 'Осталось:' },
  well: { en: 'All is well again.', ru: 'Всё снова в порядке.' },
  test: {
    en: 'This is a test. Nobody has to do anything.',
    ru: 'Это проверка, делать ничего не нужно.',
  },
  since: { en: 'since', ru: 'с' },
  more: {
    en: 'More: "domainsync status" on that server; what to do: docs/states.md.',
    ru: 'Подробнее: «domainsync status» на этом сервере; что делать: docs/states.md.',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, string>>>>;

type TitleKind = 'test' | 'began' | 'fewer' | 'well' | 'storm';

const titles: Readonly<Record<TitleKind, Readonly<Record<Language, string>>>> = {
  test: { en: 'test of domainsync', ru: 'проверка уведомлений domainsync' },
  began: { en: 'domainsync needs an administrator', ru: 'domainsync требует внимания' },
  fewer: { en: 'domainsync, a reason is over', ru: 'domainsync: часть причин устранена' },
  well: { en: 'domainsync is well again', ru: 'domainsync снова в порядке' },
  storm: { en: 'domainsync, changes held back', ru: 'domainsync: частые изменения' },
};

/**
 * Makes the title of a notice. It consists only of the host's name and fixed words, so nobody outside can put
 * text into it.
 */
export function noticeTitle(notice: Notice, { host }: Sender, language: Language): string {
  return `${host}: ${titles[titleKind(notice)][language]}`;
}

function titleKind({ kind, began, ended, standing }: Notice): TitleKind {
  if (kind === 'test') return 'test';
  if (began.length > 0) return 'began';
  if (ended.length === 0) return 'storm';
  return standing.length > 0 ? 'fewer' : 'well';
}

/** Makes the text of a notice, several lines long. */
export function noticeText(notice: Notice, sender: Sender, language: Language): string {
  const { began, ended, standing, several } = notice;
  const title = titleKind(notice);
  const list = (heading: keyof typeof words, reasons: readonly Attention[]): readonly string[] =>
    reasons.length === 0
      ? []
      : ['', words[heading][language], ...reasons.map((one) => `- ${reasonText(one, language, several)}`)];
  return [
    `domainsync, ${sender.host}, ${sender.root}, ${timeText(notice.at)}`,
    ...(title === 'test' ? ['', words.test[language]] : []),
    ...list('began', began),
    ...list('ended', ended),
    ...(title === 'well' ? ['', words.well[language]] : []),
    ...list('standing', standing),
    ...stormLines(notice, language),
    '',
    words.more[language],
  ].join('\n');
}

/** Describes one reason in words, with its code and the time when it began. */
export function reasonText(reason: Attention, language: Language, several: boolean): string {
  const since = reason.since === null ? '' : `, ${words.since[language]} ${timeText(reason.since)}`;
  return `${attentionText(reason, language, several)} [${reason.code}${since}]`;
}

/** Makes the lines that say how many changes were held back, and until when further ones will be. */
function stormLines({ heldBack, quietUntil }: Notice, language: Language): readonly string[] {
  const isRussian = language === 'ru';
  const lines: string[] = [];
  if (heldBack > 0)
    lines.push(
      isRussian
        ? `Изменений, о которых не сообщалось, потому что их было слишком много: ${heldBack}.`
        : `Changes that were held back because there were too many: ${heldBack}.`,
    );
  if (quietUntil !== null)
    lines.push(
      isRussian
        ? `За этот час уведомлений больше не будет; следующее — не раньше ${timeText(quietUntil)}.`
        : `That was the last notification of this hour; the next comes at ${timeText(quietUntil)} or later.`,
    );
  return lines.length === 0 ? [] : ['', ...lines];
}

/** Writes a wall-clock time as text, in UTC because the reader may be in any time zone. */
function timeText(wall: number): string {
  return `${new Date(wall).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
