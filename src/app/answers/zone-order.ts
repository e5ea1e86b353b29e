import type { RecordState, ZoneState } from '../../core/ledger.ts';
import type { Answers } from '../control/protocol.ts';

type Zones = Answers['zones'];

/** Every state by which zones can be chosen: of a zone, or of a record in it. */
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

/** The zones that have this state, or a record with it. */
export function zonesWith(zones: Zones, state: string): Zones {
  return zones.filter((one) => one.state === state || (one.records[state] ?? 0) > 0);
}

/**
 * The zones in the order in which somebody has to look at them. Zones with a note come first, then those with
 * conflicts, those whose edits stay in the panel, those under way, and the others.
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
