import type { DnsName } from '../../../dns/name.ts';
import type { RowChange } from '../../journal.ts';
import type { ZoneState } from '../../ledger.ts';
import type { Operation } from '../../operation.ts';
import { baselineFact } from '../before/unknown-zone.ts';
import { isFrozen } from '../knowledge/frozen.ts';
import type { Runtime } from '../runtime.ts';
import { isUnderWay } from './promises.ts';

/** Names of facts in the journal. Both are absent unless the engine that wrote last only observed. */
export const observingFacts = {
  /** When the observing began: wall clock, milliseconds since 1970. */
  since: 'observing.since',
  /** The zones whose edits were under way then, one in a line. */
  zones: 'observing.zones',
} as const;

/**
 * Stores at the start of an engine whether it only observes. Call it before any call or background step. The
 * end of observing forgets the ledger, so that the first comparison is made anew.
 * @param open operations that are open or on watch
 * @returns whether zones have a baseline of a strict engine, so that all have to be compared anew
 * @throws {JournalError}
 */
export async function takeUpMode(runtime: Runtime, open: readonly Operation[]): Promise<boolean> {
  const { journal, clock, log } = runtime.ports;
  const { promises } = runtime;
  const before = await journal.fact(observingFacts.since);
  if (promises === null) {
    if (before !== null) await forgetLedger(runtime);
    return false;
  }
  const wall = clock.wall();
  const underWay = new Set(open.filter(isUnderWay).map(({ zone }) => zone));
  if (before !== null) {
    const promised = new Set((await journal.fact(observingFacts.zones))?.split('\n'));
    promises.begin([...underWay].filter((zone) => promised.has(zone)));
    return false;
  }
  await runtime.store.commit({
    facts: {
      [observingFacts.since]: String(wall),
      [observingFacts.zones]: [...underWay].join('\n'),
    },
  });
  promises.begin(underWay);
  log(4, 'observing.begin', { underWay: underWay.size });
  return (await journal.fact(baselineFact)) !== null;
}

/**
 * Forgets what the ledger says of zones, so that they get a new baseline before their next edit is judged.
 * What an administrator excluded stays. Zones that an operation is creating or deleting stay, and damaged
 * ones.
 */
async function forgetLedger(runtime: Runtime): Promise<void> {
  const { journal, log } = runtime.ports;
  const forgotten: DnsName[] = [];
  for (const { zone, state } of await journal.zones())
    if (isForgotten(state) && !(await isFrozen(journal, zone))) forgotten.push(zone);
  const rows = await excludedRows(runtime, forgotten);
  await runtime.store.transact((tx) => {
    for (const change of rows) tx.rows(change);
    tx.with({
      dropZones: forgotten,
      facts: { [baselineFact]: null, [observingFacts.since]: null, [observingFacts.zones]: null },
    });
  });
  log(4, 'observing.end', { zones: forgotten.length });
}

function isForgotten(state: ZoneState): boolean {
  return state === 'synced' || state === 'panel-only' || state === 'foreign';
}

/** Rows of these zones that an administrator excluded. */
async function excludedRows(
  { ports: { journal } }: Runtime,
  zones: readonly DnsName[],
): Promise<readonly RowChange[]> {
  if (((await journal.counts()).rows['excluded'] ?? 0) === 0) return [];
  const changes: RowChange[] = [];
  for (const zone of zones) {
    const put = (await journal.rows(zone)).filter(({ state }) => state === 'excluded');
    if (put.length > 0) changes.push({ zone, put });
  }
  return changes;
}
