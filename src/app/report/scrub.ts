import { escapeXml } from '../../net/xml.ts';
import { literalPattern } from './literal-pattern.ts';

/** Stands in place of every secret. */
export const hiddenSecret = '[secret]';

/** A secret this short may be a part of usual words, so it is replaced only where it stands alone. */
const short = 4;

/** Names after which a value may be a secret, whatever the settings say. */
const named = String.raw`(?:pass(?:word|wd|phrase)?|secret|x-api-key|api[-_]?key|authinfo|authorization|bearer|token|tsig)`;

/**
 * A value in quotes, up to the same quotes or the end of the line. In a text within a text, backslashes stand
 * before the quotes.
 */
const quoted = String.raw`(\\*["'])(?:.*?)((?<!\\)\2|$)`;
const bare = String.raw`((?:basic|bearer)\s+)?[^\s"'&;,\\]+`;

/** Such a name and its value: `password=...`, `"token": "..."`. */
const telling = new RegExp(String.raw`(${named}(?:\\*["'])?\s*[=:]\s*)(?:${quoted}|${bare})`, 'gimu');

/** User name and password in a URL. */
const inUrl = /(:\/\/[^\s/?#:@"']*:)[^\s/?#"']*@/gu;

/** Removes secrets from texts. */
export class Scrubber {
  readonly #known: RegExp | null;

  /** @param secrets the secrets of this host; empty ones are left out */
  constructor(secrets: readonly string[]) {
    const spellings = [...new Set(secrets.flatMap(spellingsOf))].filter((one) => one.trim() !== '');
    const longestFirst = spellings.toSorted((a, b) => b.length - a.length);
    this.#known = spellings.length === 0 ? null : new RegExp(longestFirst.map(pattern).join('|'), 'giu');
  }

  /** Replaces every known secret, in any of its spellings. */
  known(text: string): string {
    return this.#known === null ? text : text.replaceAll(this.#known, hiddenSecret);
  }

  /** Like {@link known}, and replaces what looks like a secret by the word before it. For texts of others. */
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

/** The forms in which programs write a secret: as it is, in a URL, in JSON, in XML, in Base64. */
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
 * The Base64 of the octets at each place that they can have in a longer text, such as `name:password`. The
 * first and the last characters depend on the octets beside them, so they are left out.
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
