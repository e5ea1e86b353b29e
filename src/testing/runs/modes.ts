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

/** Modes of the engine's histories. */
export type EngineMode = keyof typeof modes;

/** Modes of the gateway's histories. `gateway`: one, with SQLite; `gateways`: two, with leases. */
export const gatewayModes = ['gateway', 'gateways'] as const;

export type GatewayMode = (typeof gatewayModes)[number];

export type Mode = EngineMode | GatewayMode;

export const everyMode: readonly EngineMode[] = Object.keys(modes).filter(isEngineMode);

function isEngineMode(name: string): name is EngineMode {
  return Object.hasOwn(modes, name);
}

export function isGatewayMode(name: string): name is GatewayMode {
  return gatewayModes.some((mode) => mode === name);
}

export function isMode(name: string): name is Mode {
  return isEngineMode(name) || isGatewayMode(name);
}

/** Number of histories of each mode in `npm run simulate`, and in the search for each planted bug. */
export const defaultRuns = 500;

/**
 * Number of histories of each mode that are played to find one mechanical mutant. It is small, because there
 * are thousands of mutants, and the unit tests check them too.
 */
export const mechanicalRuns = 15;
