import { escapeXml } from '../../net/xml.ts';
import { literalPattern } from './literal-pattern.ts';

/** The text that replaces every secret. */
export const hiddenSecret = '[secret]';

/**
 * A secret with fewer characters may occur inside usual words, so it is replaced only where it is a whole
 * word.
 */
const short = 4;

/** Words after which a value may be a secret, even if the settings do not contain it. */
const named = String.raw`(?:pass(?:word|wd|phrase)?|secret|x-api-key|api[-_]?key|authinfo|authorization|bearer|token|tsig)`;

/**
 * A value in quotes, which ends at the same quotes or at the end of the line. Backslashes may precede the
 * quotes, because texts can contain quoted texts.
 */
const quoted = String.raw`(\\*["'])(?:.*?)((?<!\\)\2|$)`;
const bare = String.raw`((?:basic|bearer)\s+)?[^\s"'&;,\\]+`;

/** A word of `named` with a value: `password=...`, `"token": "..."`. */
const telling = new RegExp(String.raw`(${named}(?:\\*["'])?\s*[=:]\s*)(?:${quoted}|${bare})`, 'gimu');

/** User name and password in a URL. */
const inUrl = /(:\/\/[^\s/?#:@"']*:)[^\s/?#"']*@/gu;

/** Removes secrets from texts. */
export class Scrubber {
  readonly #known: RegExp | null;

  /** @param secrets the secrets of this host; empty texts among them are ignored */
  constructor(secrets: readonly string[]) {
    const spellings = [...new Set(secrets.flatMap(spellingsOf))].filter((one) => one.trim() !== '');
    const longestFirst = spellings.toSorted((a, b) => b.length - a.length);
    this.#known = spellings.length === 0 ? null : new RegExp(longestFirst.map(pattern).join('|'), 'giu');
  }

  /** Replaces all known secrets, however they are spelled (see `spellingsOf`). */
  known(text: string): string {
    return this.#known === null ? text : text.replaceAll(this.#known, hiddenSecret);
  }

  /**
   * Replaces all known secrets, and everything else that looks like a secret. Meant for texts that others
   * wrote.
   */
  text(text: string): string {
    return this.known(text)
      .replaceAll(inUrl, `$1${hiddenSecret}@`)
      .replaceAll(
        telling,
        (_, before: string, open = '', close = '', scheme = '') =>
          `${before}${open}${scheme}${hiddenSecret}${close}`,
      );
  }
}

/** The spellings of a secret in the output of programs: plain, and as part of a URL, JSON, XML or Base64. */
function spellingsOf(secret: string): readonly string[] {
  const octets = Buffer.from(secret, 'utf8');
  const form = new URLSearchParams({ '': secret }).toString().slice(1);
  const base64 = secret.length < short ? [] : base64Parts(octets);
  return [
    secret,
    encodeURIComponent(secret),
    form,
    form.replaceAll('+', '%20'),
    JSON.stringify(secret).slice(1, -1),
    escapeXml(secret),
    ...base64,
  ];
}

/**
 * The Base64 text that octets have inside a longer text, such as `name:password`. There are three, one for
 * each place where the octets can begin. The characters at both ends depend on the neighbouring octets, so
 * they are left out.
 */
function base64Parts(octets: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const whole = Buffer.concat([Buffer.alloc(offset), octets])
      .toString('base64')
      .replaceAll('=', '');
    const part = whole.slice(
      offset === 0 ? 0 : offset + 1,
      (octets.length + offset) % 3 === 0 ? undefined : -1,
    );
    return part.length < 2 * short ? [] : [part, part.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function pattern(secret: string): string {
  const escaped = literalPattern(secret);
  return secret.length < short ? `(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])` : escaped;
}
