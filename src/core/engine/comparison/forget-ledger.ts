import { problem } from '../../../dns/problem.ts';
import { zoneName, type DnsName } from '../../../dns/name.ts';
import type { Batch, JournalReader } from '../../journal.ts';
import { acceptedFact, asideFact, gapFact, newBaselineFact, olderFact } from '../../journal-doubts.ts';
import { isMirrored, type ZoneEntry } from '../../ledger.ts';
import { isFinal, type Operation } from '../../operation.ts';
import { forgettingZones } from '../knowledge/forget-zones.ts';
import { forgottenCode, leftZoneCode } from '../knowledge/forgotten.ts';
import { newDelete } from '../knowledge/operations.ts';
import type { Transaction } from '../parts/store.ts';
import type { Runtime } from '../runtime.ts';

/** Facts that an operator caused himself by a command. `domainsync status` need not report them to him. */
const expectedFacts: ReadonlySet<string> = new Set([acceptedFact, asideFact]);

/**
 * If the journal may lack the newest events, forgets what it says about zones and owners, in one transaction
 * (docs/decisions/016-older-journals.md). The first comparison of all zones then takes a new baseline, which
 * changes neither side. Open operations become stuck. Call this before the engine starts any work.
 * @throws {JournalError} nothing was forgotten
 */
export async function forgetLedger(runtime: Runtime): Promise<void> {
  const { journal, clock, log } = runtime.ports;
  const why = await firstOf(journal, [olderFact, asideFact, gapFact, acceptedFact]);
  if (why === null) return;
  const entries = await journal.zones();
  const zones = entries.map(({ zone }) => zone);
  const owners = [...(await journal.owners()).keys()];
  const operations = await journal.operations({ openAt: clock.wall() });
  const forgetZones = await forgettingZones(journal, zones);
  await runtime.store.transact(async (tx) => {
    for (const operation of operations) await forgetOperation(tx, operation);
    forgetZones(tx);
    tx.with({
      zones: entries.filter(({ state }) => state === 'excluded'),
      owners: new Map(owners.map((zone) => [zone, 'gone'])),
      facts: {
        ...(await knownBefore(runtime, entries)),
        [olderFact]: null,
        [gapFact]: null,
        [acceptedFact]: null,
        [asideFact]: null,
        // An operator who uninstalled domainsync, or accepted another host's journal, knows why the baseline
        // is new.
        ...(expectedFacts.has(why) ? {} : { [newBaselineFact]: `${why} ${clock.wall()}` }),
      },
    });
  });
  log(1, 'journal.forgotten', { why, zones: zones.length, open: operations.length });
}

/** The first of these facts that the journal has; null: none. @throws {JournalError} */
async function firstOf(journal: JournalReader, names: readonly string[]): Promise<string | null> {
  for (const name of names) if ((await journal.fact(name)) !== null) return name;
  return null;
}

/**
 * Moves an open operation to the state `stuck`, and removes its evidence of what we wrote at the central.
 * Ends the watch of an operation that has ended.
 */
async function forgetOperation(tx: Transaction, operation: Operation): Promise<void> {
  if (isFinal(operation.state)) {
    await tx.amend(operation, () => ({ watch: null }));
    return;
  }
  const problems = [problem(forgottenCode)];
  switch (operation.kind) {
    case 'records':
      await tx.advance(operation, 'stuck', { ...nothingSure, problems });
      return;
    case 'zone-create': {
      const unproven = { created: false, requested: true, snapshot: [], cancels: null } as const;
      await tx.advance(operation, 'stuck', { ...nothingSure, ...unproven, problems });
      return;
    }
    case 'zone-delete':
      await tx.advance(operation, 'stuck', { watch: null, snapshot: [], formerlyOurs: [], problems });
  }
}

const nothingSure = { watch: null, added: [], removed: [] } as const;

/**
 * Makes the fact for {@link zonesOfForgotten}. It names the zones that the ledger has as synced, as being
 * created or as being deleted.
 */
async function knownBefore(
  { ports: { journal } }: Runtime,
  entries: readonly ZoneEntry[],
): Promise<NonNullable<Batch['facts']>> {
  const ours = entries.filter(({ state }) => isMirrored(state) || state === 'deleting');
  const zones = new Set([...(await zonesOfForgotten(journal)), ...ours.map(({ zone }) => zone)]);
  return { [zonesFact]: zones.size === 0 ? null : [...zones].join(' ') };
}

/** Name of the journal's fact that holds the result of {@link zonesOfForgotten}. */
const zonesFact = 'forgotten-zones';

/**
 * Zones that a forgotten ledger knew as synced, or as being created or deleted. The journal keeps their names
 * until the new baseline is complete.
 * @throws {JournalError}
 */
export async function zonesOfForgotten(journal: JournalReader): Promise<readonly DnsName[]> {
  const stored = await journal.fact(zonesFact);
  return stored === null ? [] : stored.split(' ').map((zone) => zoneName(zone));
}

/**
 * After {@link forgetLedger}: finds zones of the forgotten ledger that the central has and the panel lacks.
 * Creates a stuck delete for each zone, so that an administrator sees it. The caller has compared all zones
 * of the panel, and commits these deletes together with the new baseline.
 * @param central the zones that the central has
 * @throws {JournalError}
 */
export async function listLeftZones(
  runtime: Runtime,
  tx: Transaction,
  central: Pick<ReadonlySet<DnsName>, 'has'>,
): Promise<void> {
  const known = await zonesOfForgotten(tx.journal);
  const listed = new Set((await runtime.forgotten()).map(({ zone }) => zone));
  for (const zone of known) {
    if (!central.has(zone) || listed.has(zone)) continue;
    // A zone that the panel still has got an entry when it was compared. The panel's list may be older.
    if ((await tx.journal.zone(zone)) !== null) continue;
    const problems = [problem(leftZoneCode, { zone })];
    tx.create(newDelete(runtime, { class: 'follow', zone, source: 'new-baseline', problems }), 'stuck');
  }
  tx.with({ facts: { [zonesFact]: null } });
}
