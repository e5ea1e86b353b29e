import { constants } from 'node:os';
import { isIPv6 } from 'node:net';
import { catalogue } from '../../core/catalogue.ts';
import { recordTypes } from '../../dns/rdata/types.ts';
import { literalPattern } from './literal-pattern.ts';
import { dottedWords, words } from './vocabulary.ts';

/** The kind of text that a pseudonym replaces. `label`: one part of a domain name. */
type Kind = 'user' | 'address' | 'label' | 'word';

/** Keys of JSON objects whose values are words of domainsync, times or ids, so that they can be shown. */
const keptKeys: ReadonlySet<string> = new Set([
  'id',
  'operation',
  'kind',
  'state',
  'class',
  'outcome',
  'why',
  'code',
  'type',
  'func',
  'edit',
  'note',
  'version',
  'way',
  'check',
  'source',
  'cancels',
  'transport',
]);

/** Keys of JSON objects whose values are names of accounts. */
const userKeys: ReadonlySet<string> = new Set(['actor', 'user', 'account', 'username']);

/** A word with more digits than a date has may be a telephone number. */
const mostDigits = 8;

/** Labels that many zones have, so that they reveal nothing about the zone. */
const usualLabels: ReadonlySet<string> = new Set([
  '*',
  '_acme-challenge',
  '_dmarc',
  '_domainkey',
  '_tcp',
  '_udp',
]);

/** Words of domainsync that look like domain names. */
const ownTokens: ReadonlySet<string> = new Set([...Object.keys(catalogue), ...dottedWords]);

const ownWords: ReadonlySet<string> = new Set(
  [
    ...words,
    ...Object.values(catalogue).flatMap(({ en }) =>
      en.replaceAll(/\{[a-zA-Z]+\}/gu, ' ').split(/[^\p{L}]+/u),
    ),
    ...Object.keys(catalogue).flatMap((code) => code.split(/[.-]/u)),
    ...recordTypes.keys(),
    ...Object.keys(constants.errno),
    ...Object.keys(constants.signals),
  ].map((one) => one.toLowerCase()),
);

const time = String.raw`\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?`;
const colons = String.raw`(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,}[0-9a-fA-F]{0,4}(?:\.\d{1,3}){0,3}`;
/**
 * Characters that words and domain names consist of. Both are replaced as a whole, so that no part of a name
 * is left.
 */
const characters = String.raw`\p{L}\p{N}_*.-`;
const word = /[\p{L}\p{N}_]+(?:-[\p{L}\p{N}_]+)*/gu;

/** The pattern for everything in a text that may have to be replaced. */
function tokensWith(users: string): RegExp {
  // If no account is known, this part of the pattern matches nothing.
  const account = users === '' ? '(?!)' : `(?<![${characters}])(?:${users})(?![${characters}])`;
  // Characters beside a date mean that it is a part of a name, which must be replaced.
  const moment = `(?<![${characters}])${time}(?![${characters}])`;
  return new RegExp(`(${moment})|(${colons})|(${account})|[${characters}]+`, 'giu');
}

/**
 * Replaces names, addresses and accounts by pseudonyms. A name gets the same pseudonym each time. In texts,
 * only the words of domainsync stay, because any other word may be a name.
 */
export class Anonymiser {
  readonly #pseudonyms = new Map<string, string>();
  readonly #counts = new Map<Kind, number>();
  readonly #users = new Set<string>();
  readonly #ids = new Set<string>();
  #tokens = tokensWith('');

  /** Adds names of accounts, so that they are replaced in texts even if they are usual words. */
  learnUsers(users: Iterable<string>): void {
    for (const user of users) if (user !== '' && user !== '-') this.#users.add(user.toLowerCase());
    const longestFirst = [...this.#users].toSorted((x, y) => y.length - x.length);
    this.#tokens = tokensWith(longestFirst.map(literalPattern).join('|'));
  }

  /** Adds ids of operations, so that they stay in texts. */
  learnIds(ids: Iterable<string>): void {
    for (const id of ids) this.#ids.add(id);
  }

  /**
   * Returns the pseudonym of an account. Returns the text itself if it is empty or `-`, which means no
   * account.
   */
  user(name: string): string {
    return name === '' || name === '-' ? name : this.#pseudonym('user', name);
  }

  /** Replaces all names in a text. */
  text(text: string): string {
    return text.replaceAll(this.#tokens, (token: string, at?: string, six?: string, user?: string) => {
      if (at !== undefined) return token;
      if (six !== undefined) return this.#colons(token);
      return user === undefined ? this.#run(token) : this.user(token);
    });
  }

  /** Replaces all names in the values of a JSON object. Its keys stay. */
  json(value: unknown, key = '', ofOthers = false): unknown {
    if (Array.isArray(value)) return value.map((one) => this.json(one, key, ofOthers));
    if (typeof value === 'string') return this.#leaf(value, key, ofOthers);
    if (typeof value !== 'object' || value === null) return value;
    // The parameters of a problem may contain words that the central wrote.
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, this.json(one, name, ofOthers || key === 'params')]),
    );
  }

  #leaf(value: string, key: string, ofOthers: boolean): string {
    if (!ofOthers && keptKeys.has(key) && /^[\w.:-]*$/u.test(value)) return value;
    return userKeys.has(key) ? this.user(value) : this.text(value);
  }

  #colons(token: string): string {
    if (isIPv6(token)) return this.#pseudonym('address', token);
    return /[a-f]/iu.test(token) ? this.#pseudonym('word', token) : token;
  }

  /** Replaces the names in a run of characters that words and domain names consist of. */
  #run(token: string): string {
    const [, before = '', bare = '', after = ''] = /^(\.*)(.*?)(\.*)$/u.exec(token) ?? [];
    const clean = bare.includes('.') ? this.#dotted(bare) : this.#words(bare);
    return `${before}${clean}${after}`;
  }

  #dotted(token: string): string {
    if (this.#users.has(token.toLowerCase())) return this.user(token);
    if (/^\d+(?:\.\d+){3,}$/u.test(token)) return this.#pseudonym('address', token);
    // Two or three numbers with dots are the version of a release.
    if (ownTokens.has(token) || /^v?\d+(?:\.\d+){1,2}$/u.test(token)) return token;
    const labels = token.split('.').map((label) => (label === '' ? '' : this.#label(label)));
    return labels.join('.');
  }

  #words(token: string): string {
    return this.#users.has(token.toLowerCase())
      ? this.user(token)
      : token.replaceAll(word, (one) => this.#word(one));
  }

  #label(label: string): string {
    return usualLabels.has(label.toLowerCase()) ? label : this.#pseudonym('label', label);
  }

  #word(token: string): string {
    // A number with more than five digits may be a telephone or customer number.
    const isOwn = (part: string): boolean => /^\d{0,5}$/u.test(part) || ownWords.has(part.toLowerCase());
    const digits = token.replaceAll(/\D/gu, '').length;
    if (this.#users.has(token.toLowerCase())) return this.user(token);
    if (this.#ids.has(token) || isOwn(token)) return token;
    if (digits <= mostDigits && token.split(/[-_]/u).every(isOwn)) return token;
    return /^\d+(?:ms|s|m|h|d)$/u.test(token) ? token : this.#pseudonym('word', token);
  }

  #pseudonym(kind: Kind, value: string): string {
    const key = `${kind} ${value.toLowerCase()}`;
    const known = this.#pseudonyms.get(key);
    if (known !== undefined) return known;
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    const made = kind === 'label' ? `n${number}` : `${kind}-${number}`;
    this.#pseudonyms.set(key, made);
    return made;
  }
}
