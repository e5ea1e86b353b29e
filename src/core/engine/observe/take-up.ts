import type { DnsName } from '../../../dns/name.ts';
import type { ZoneEntry } from '../../ledger.ts';
import { creates, deletes, isFinal, type Operation } from '../../operation.ts';
import { baselineDueFact, baselineFact } from '../before/unknown-zone.ts';
import { forgettingZones } from '../knowledge/forget-zones.ts';
import { isFrozen } from '../knowledge/frozen.ts';
import type { Runtime } from '../runtime.ts';
import { isUnderWay } from './promises.ts';

/**
 * Names of facts in the journal. Both are absent unless the last engine that used this journal only observed.
 */
export const observingFacts = {
  /** When the observing began: wall clock, milliseconds since 1970. */
  since: 'observing.since',
  /** The zones in which edits were under way when the observing began, one zone in a line. */
  zones: 'observing.zones',
} as const;

/**
 * Stores at the start of an engine whether it only observes. Call it before any call or background step. If
 * the last engine only observed and this one does not, forgets the ledger, so that the first comparison is
 * made anew.
 * @param open operations that are open or on watch
 * @returns whether observing begins while the ledger has a baseline of a strict engine. Then all zones have
 *   to be compared anew
 * @throws {JournalError}
 */
export async function takeUpMode(runtime: Runtime, open: readonly Operation[]): Promise<boolean> {
  const { journal, clock, log } = runtime.ports;
  const { promises } = runtime;
  const before = await journal.fact(observingFacts.since);
  if (promises === null) {
    if (before !== null) await endObserving(runtime, open);
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
 * Ends the observing: forgets what the ledger says about zones, so that they get a new baseline before their
 * next edit is carried out. Keeps the entries of damaged and excluded zones, and of zones that an operation
 * is creating. Keeps a zone that is being deleted until its delete has ended. Ends the watches of operations
 * that have ended.
 * @param open operations that are open or on watch
 */
async function endObserving(runtime: Runtime, open: readonly Operation[]): Promise<void> {
  const { journal, log } = runtime.ports;
  const unended = open.filter(({ state }) => !isFinal(state));
  const leaving = new Set(deletes(unended).map(({ zone }) => zone));
  const busy = new Set(creates(unended).map(({ zone }) => zone)).union(leaving);
  const known: ZoneEntry[] = [];
  for (const entry of await journal.zones()) {
    const { zone, state } = entry;
    if (state !== 'excluded' && state !== 'creating' && !(await isFrozen(journal, zone))) known.push(entry);
  }
  const [deleting, gone] = [known.filter(({ zone }) => leaving.has(zone)), zonesBut(known, leaving)];
  const forgetZones = await forgettingZones(journal, gone);
  await runtime.store.transact(async (tx) => {
    // A watch gives the central the panel's state, and the panel may have changed while the engine only
    // observed.
    for (const operation of open) if (isFinal(operation.state)) await tx.amend(operation, offWatch);
    forgetZones(tx);
    tx.with({
      zones: deleting.map((entry) => ({ ...entry, state: 'deleting' })),
      facts: {
        ...Object.fromEntries([...busy].map((zone) => [baselineDueFact(zone), '1'])),
        [observingFacts.since]: null,
        [observingFacts.zones]: null,
      },
    });
  });
  log(4, 'observing.end', { zones: gone.length });
}

function offWatch(): Pick<Operation, 'watch'> {
  return { watch: null };
}

function zonesBut(entries: readonly ZoneEntry[], left: ReadonlySet<DnsName>): DnsName[] {
  return entries.map(({ zone }) => zone).filter((zone) => !left.has(zone));
}
