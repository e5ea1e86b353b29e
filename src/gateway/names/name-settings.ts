import { readFileSync, statSync } from 'node:fs';
import type { DnsName } from '../../dns/name.ts';
import { validOr } from '../../dns/problem.ts';
import { absoluteName } from '../../net/gateway/wire.ts';
import { readNetwork, type Network } from '../../net/inside.ts';
import { isSystemError } from '../../net/system-error.ts';
import { builtInSuffixes, readSuffixes, type PublicSuffixes } from './public-suffixes.ts';
import type { NameRules } from './zone-names.ts';

/** Largest list of public suffixes, octets. The one of publicsuffix.org has 300 kB. */
const mostSuffixes = 8 * 1024 * 1024;

/** What the settings say about names, as text. */
export interface WrittenNameRules {
  /** Names and networks. */
  readonly reserved: readonly string[];
  readonly reverse: readonly string[];
  /** Empty: the list of this release is used. */
  readonly suffixFile: string;
}

/** The rules as read. A value that cannot be used is left out of `rules`. */
export interface ReadNameRules {
  readonly rules: NameRules;
  /** Options that have a value which cannot be used. */
  readonly wrong: readonly ('reserved' | 'reverse')[];
  /** Whether the list of public suffixes cannot be read. */
  readonly badFile: boolean;
}

export function readNameRules({ reserved, reverse, suffixFile }: WrittenNameRules): ReadNameRules {
  const isNetwork = (text: string): boolean => readNetwork(text) !== null;
  const names = reserved.filter((text) => !isNetwork(text)).map(nameOf);
  const isWrong = { reserved: names.includes(null), reverse: !reverse.every(isNetwork) };
  const suffixes = suffixFile === '' ? builtInSuffixes : suffixesIn(suffixFile);
  return {
    rules: {
      reserved: names.filter((name) => name !== null),
      reservedNetworks: networksOf(reserved),
      reverse: networksOf(reverse),
      suffixes: suffixes ?? builtInSuffixes,
    },
    wrong: (['reserved', 'reverse'] as const).filter((option) => isWrong[option]),
    badFile: suffixes === null,
  };
}

function nameOf(text: string): DnsName | null {
  return validOr(() => absoluteName(text), null);
}

function networksOf(texts: readonly string[]): readonly Network[] {
  return texts.map(readNetwork).filter((network) => network !== null);
}

function suffixesIn(path: string): PublicSuffixes | null {
  try {
    return statSync(path).size > mostSuffixes ? null : readSuffixes(readFileSync(path, 'utf8'));
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}
