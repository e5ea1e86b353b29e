import type { DnsName } from '../../../dns/name.ts';
import { refusal } from '../../catalogue.ts';
import { creates, isFinal, type CreateOperation, type Operation } from '../../operation.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { createFollowing } from '../comparison/compare.ts';
import { findLateZones } from './late-zones.ts';
import { foundZone, mayLandLate, noteLanded } from './made-zone.ts';
import { newCreate } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import { zoneEntry } from '../knowledge/zone-entry.ts';
import { lateWriteSource } from './unsent.ts';
import { checkRecords } from './watched-records.ts';

/**
 * Checks ended operations on watch for late effects. A slow request may take effect after its edit was
 * refused or undone, and a slow panel may still make the edit. Gives the central the panel's state of the
 * operations' records and zones. Schedules further checks until the watch is over
 * (docs/architecture.md#the-way-of-one-edit).
 * @throws {PanelError | CentralError | JournalError} the caller tries again later
 */
export async function stepWatch(runtime: Runtime, zone: DnsName, open: readonly Operation[]): Promise<void> {
  const wall = runtime.ports.clock.wall();
  const onWatch = open.filter(({ state }) => isFinal(state));
  if (onWatch.length === 0) return;
  await findLateZones(runtime, zone, onWatch);
  for (const create of creates(onWatch)) await findCreatedZone(runtime, create);
  if (onWatch.some(mayDeleteLate)) await checkForLoss(runtime, zone);
  await checkRecords(runtime, zone, onWatch);
  const oldest = Math.min(...onWatch.map(({ changedAt }) => wall - changedAt));
  const left = Math.max(...onWatch.map(({ watch }) => (watch?.until ?? 0) - wall));
  // Most late requests take effect within seconds. So the first checks are frequent and later checks rarer;
  // the last check is made when the watch ends.
  runtime.agenda.wake(zone, Math.min(left, Math.max(runtime.ports.settings.readGap, oldest / 2)));
}

/**
 * Checks whether a create request took effect after its operation was undone or its zone was deleted. If this
 * process can prove that the zone is ours, the zone is deleted. Otherwise an operator may have made the zone,
 * so it stays and is listed as stuck.
 */
async function findCreatedZone(runtime: Runtime, create: CreateOperation): Promise<void> {
  const { journal, clock } = runtime.ports;
  const { zone, incarnation } = create;
  if (!create.requested || (await journal.zone(zone)) !== null) return;
  const content = await runtime.timers.step(create.id, (ctx) => readCentralZone(runtime, zone, [], ctx));
  if (content === null) return;
  // If another create of the zone is open, that operation decides whether the zone stays.
  const open = await journal.operations({ zone, openAt: clock.wall() });
  if (creates(open).some(({ state }) => !isFinal(state))) return;
  runtime.ports.log(2, 'late-write', { operation: create.id, zone, records: content.length });
  const facts = { class: 'follow', zone, incarnation, source: lateWriteSource, seed: create.seed } as const;
  if (create.state !== 'confirmed' && mayLandLate(runtime, create)) {
    // The zone counts as ours. A new operation in state `reverting` deletes it, unless the panel has such a
    // zone by now. The watch goes on: if another writer made this zone after all, our request may still take
    // effect.
    await runtime.store.transact((tx) => {
      tx.create(newCreate(runtime, { ...facts, ...foundZone(content) }), 'reverting');
      tx.wake(zone, 0);
    });
    noteLanded(runtime, create);
    return;
  }
  const problems = [refusal('zone.maybe-ours', { zone })];
  const draft = newCreate(runtime, { ...facts, requested: true, afterSeen: true, problems });
  // This ledger entry makes comparisons read the zone. The stuck operation ends once panel and central agree.
  const entry = zoneEntry(runtime, zone, 'creating', null, { incarnation });
  await runtime.store.transact(async (tx) => {
    await tx.amend(create, () => ({ requested: false }));
    tx.create(draft, 'stuck');
    await tx.zone(null, entry);
  });
  runtime.ports.log(1, 'operation.stuck', { operation: draft.id, code: 'zone.maybe-ours' });
}

/** Whether a request of the operation may still delete the zone. See `giveUpDelete` for a delete given up. */
function mayDeleteLate({ kind, state, attempts }: Operation): boolean {
  if (kind === 'zone-create') return true;
  return kind === 'zone-delete' && (state === 'confirmed' || attempts > 0);
}

/** Creates a synced zone again at the central if a delete of ours took effect late and removed it there. */
async function checkForLoss(runtime: Runtime, zone: DnsName): Promise<void> {
  if ((await runtime.ports.journal.zone(zone))?.state !== 'synced') return;
  await runtime.lockedStep('-', zone, null, async (ctx) => {
    if ((await runtime.ports.central.readZone(zone, [], ctx)) !== null) return;
    runtime.ports.log(2, 'late-write', { operation: '-', zone, records: 0 });
    await createFollowing(runtime, zone, lateWriteSource);
  });
}
