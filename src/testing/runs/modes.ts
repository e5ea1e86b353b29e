import type { HistoryOptions } from '../simulator/set-up.ts';

/** For each mode, the options of its histories. The key is the mode's name in `npm run simulate`. */
export const modes = {
  default: {},
  ttl: { ttls: true },
  names: { byName: true },
  signed: { signed: true },
  two: { two: true },
  users: { users: true },
  above: { above: true },
  crowd: { crowd: true },
  clicks: { clicks: true },
  reads: { reads: true },
  writes: { writes: true },
  others: { others: true },
  journal: { journal: true },
  slow: { slow: true },
  unheard: { unheard: true },
  arrival: { arrival: true },
  lags: { lags: true },
  plans: { plans: true, journal: true },
  moves: { moves: true },
  backups: { backups: true },
  hosts: { hosts: true },
  observe: { observe: true },
  pauses: { pauses: true },
  serials: { serials: true, unheard: true },
  onetrip: { onetrip: true },
} as const satisfies Readonly<Record<string, Partial<HistoryOptions>>>;

export type Mode = keyof typeof modes;

export const everyMode: readonly Mode[] = Object.keys(modes).filter(isMode);

export function isMode(name: string): name is Mode {
  return Object.hasOwn(modes, name);
}

/** Number of histories of each mode in `npm run simulate`, and in the search for each planted bug. */
export const defaultRuns = 500;

/**
 * Number of histories of each mode that are played to find one mechanical mutant. It is small, because there
 * are thousands of mutants, and the unit tests check them too.
 */
export const mechanicalRuns = 15;
