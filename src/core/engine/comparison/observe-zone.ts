import type { DnsName } from '../../../dns/name.ts';
import type { CallContext, CentralRecord } from '../../central.ts';
import type { ZoneEntry } from '../../ledger.ts';
import { creates, deletes, isFinal, type Operation } from '../../operation.ts';
import type { PanelRecord } from '../../panel.ts';
import { busyIds } from '../before/plan.ts';
import { compareSides } from '../knowledge/compare-rule.ts';
import { zoneEntry } from '../knowledge/zone-entry.ts';
import { withoutZone } from '../knowledge/forget-zones.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import { isUnderWay } from '../observe/promises.ts';
import type { Runtime } from '../runtime.ts';
import { noteSilent } from './silent-change.ts';
import { unstuckRecords } from './unstick.ts';
import { conflictFacts, joinedEntry, recordsOrCopy, type ViewedZone } from './zone-facts.ts';

/**
 * Compares one zone while the engine only observes. Each comparison counts as the zone's first one: records
 * that both sides have become `synced`, and all others are stored as differences. States from earlier
 * comparisons do not count, except `excluded`. Writes nothing on either side. The caller has locked the zone.
 * @throws {CentralError | JournalError} the caller tries again later
 */
export async function observeZone(
  runtime: Runtime,
  zone: DnsName,
  request: CompareRequest,
  view: ViewedZone,
  ctx: CallContext,
): Promise<void> {
  const { journal, clock } = runtime.ports;
  const entry = await journal.zone(zone);
  const remembered = await journal.operations({ zone, openAt: clock.wall() });
  const open = remembered.filter(({ state }) => !isFinal(state));
  // While a create or delete of the zone is open, that operation decides about the zone.
  if (creates(open).length + deletes(open).length > 0) return;
  const isBusy = open.some(isUnderWay);
  if (view.records === null) {
    if (entry !== null && view.unlisted === true && !isBusy) await runtime.store.commit(withoutZone(zone));
    return;
  }
  const records = await recordsOrCopy(runtime, zone, view.records, ctx);
  if (records === null || records === 'copy') {
    if (!isBusy) await listInPanel(runtime, zone, entry, records === null ? null : 'zone.copy');
    return;
  }
  const sides = { entry, open, view, panel: view.records, records };
  await listBoth(runtime, zone, request, sides);
}

/**
 * Stores in the ledger that only the panel has the zone.
 * @param note why edits could not be sent although the central has the zone; null: the central has no such
 *   zone
 */
async function listInPanel(
  runtime: Runtime,
  zone: DnsName,
  entry: ZoneEntry | null,
  note: string | null,
): Promise<void> {
  const state = entry?.state === 'excluded' ? 'excluded' : 'panel-only';
  await runtime.store.transact(async (tx) => {
    await tx.zone(entry, zoneEntry(runtime, zone, state, note, entry));
    if (state === 'panel-only') tx.rows({ zone, dropAll: true });
  });
}

/** The data that was read about a zone that both sides have. */
interface ReadSides {
  readonly entry: ZoneEntry | null;
  /** Operations that have not ended. */
  readonly open: readonly Operation[];
  readonly view: ViewedZone;
  readonly panel: readonly PanelRecord[];
  readonly records: readonly CentralRecord[];
}

/** Stores the records of a zone that both sides have in the ledger, each with its state. */
async function listBoth(
  runtime: Runtime,
  zone: DnsName,
  request: CompareRequest,
  { entry, open, view, panel, records }: ReadSides,
): Promise<void> {
  const { journal } = runtime.ports;
  const freed = view.quiet ? unstuckRecords(open, view, records) : [];
  const freedIds = new Set(freed.map(({ operation }) => operation.id));
  // A damaged ledger has no rows that can be trusted.
  const rows = view.frozen ? [] : await journal.rows(zone);
  const busy = busyIds(open.filter(({ id }) => !freedIds.has(id)));
  noteSilent(runtime, view.frozen ? null : entry, request, { view, rows, busy });
  const found = compareSides(zone, panel, records, rows, { baseline: true, anew: true, busy });
  await runtime.store.transact(async (tx) => {
    for (const { operation, to } of freed) await tx.advance(operation, to);
    await tx.zone(entry, joinedEntry(runtime, zone, entry));
    tx.rows({ zone, dropAll: view.frozen, put: found.put, drop: found.drop });
    tx.with({ facts: await conflictFacts(runtime, zone, rows, found) });
  });
}
