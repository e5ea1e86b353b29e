import type { RecordState, ZoneState } from '../../core/ledger.ts';
import type { Answers } from '../control/protocol.ts';

type Zones = Answers['zones'];

/** All states by which a user can choose zones: the states of zones, and those of records in them. */
export const statesOfZones: readonly (ZoneState | RecordState)[] = [
  'synced',
  'panel-only',
  'central-only',
  'conflict',
  'foreign',
  'excluded',
  'creating',
  'deleting',
];

/** Returns the zones that have this state themselves, and those with a record in this state. */
export function zonesWith(zones: Zones, state: string): Zones {
  return zones.filter((one) => one.state === state || (one.records[state] ?? 0) > 0);
}

/**
 * Sorts zones by how urgently somebody has to look at them: first zones with a note, then those with
 * conflicts, then by state (see `ranks`).
 */
export function mostUrgentFirst(zones: Zones): Zones {
  return zones.toSorted((a, b) => rank(a) - rank(b));
}

function rank({ note, records, state }: Zones[number]): number {
  if (note !== null) return 0;
  if ((records['conflict'] ?? 0) > 0) return 1;
  return ranks[state];
}

const ranks: Readonly<Record<ZoneState, number>> = {
  foreign: 2,
  'panel-only': 3,
  deleting: 4,
  creating: 4,
  excluded: 5,
  synced: 6,
};
