import type { Generation } from '../../../sandbox/index.ts';
import { missingFor, type ServerKind } from '../stage/server-registry.ts';

/** The kind of panel and the kind of central in a story. */
export interface CrashPair {
  readonly panel: Exclude<Generation, 'dnsmgr'>;
  readonly central: Generation | ServerKind;
}

/** Every pair of the crash runs. Story after story uses the next pair. */
export const crashPairs = {
  'v6-dnsmgr': { panel: 'v6', central: 'dnsmgr' },
  'v6-bind': { panel: 'v6', central: 'bind' },
  'v6-powerdns': { panel: 'v6', central: 'powerdns' },
  'v4-v4': { panel: 'v4', central: 'v4' },
  'v6-knot': { panel: 'v6', central: 'knot' },
  'v4-bind': { panel: 'v4', central: 'bind' },
  'v6-v6': { panel: 'v6', central: 'v6' },
  'v4-powerdns': { panel: 'v4', central: 'powerdns' },
} as const satisfies Readonly<Record<string, CrashPair>>;

export type PairName = keyof typeof crashPairs;

export const pairNames: readonly PairName[] = Object.keys(crashPairs).filter(isPairName);

/** Whether the text is the name of a pair. */
export function isPairName(text: string): text is PairName {
  return Object.hasOwn(crashPairs, text);
}

/** Names the programs that are missing on this machine for a pair; false: none is missing. */
export function missingForPair(name: PairName): string | false {
  const { central } = crashPairs[name];
  return isServer(central) ? missingFor(central) : false;
}

/** Whether a central is a name server; else it is a panel. */
export function isServer(central: CrashPair['central']): central is ServerKind {
  return central === 'bind' || central === 'knot' || central === 'powerdns';
}
