import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { isMirrored } from '../../ledger.ts';
import { creates, edits, isFinal, type RecordsOperation } from '../../operation.ts';
import type { EditEvent, EditItem, RecordsEvent } from '../../panel.ts';
import type { Refused } from '../before/carry-out.ts';
import { keepCompensation } from './keep-compensation.ts';
import { mirrorDraft, resolve } from '../before/before-records.ts';
import { fromEvent, isHeard, newEdit, showsDone, viewItems } from '../knowledge/operations.ts';
import { isTransient } from '../knowledge/transient.ts';
import { agreesTwice, patienceFor, type PanelView } from '../knowledge/panel-view.ts';
import type { Runtime } from '../runtime.ts';
import { compareNamed } from '../before/unknown-zone.ts';

/**
 * Handles the `after` call of an edit that we left to the panel in `before`. An edit of records is
 * journalled; for the create or delete of a zone, a comparison is scheduled. Nothing is sent to the central
 * before a panel read shows the edit.
 * @throws {JournalError}
 */
export async function hear(runtime: Runtime, event: EditEvent): Promise<void> {
  if (event.kind === 'zone-create') await compareNamed(runtime, event, 'left-to-the-panel');
  else if (event.kind === 'zone-delete') await compareNamed(runtime, event, 'left-to-the-panel', 'named');
  else await hearRecords(runtime, event);
}

async function hearRecords(runtime: Runtime, event: RecordsEvent): Promise<void> {
  const { journal, settings } = runtime.ports;
  const entry = await journal.zone(event.zone);
  const resolved = entry !== null && isMirrored(entry.state) ? await resolve(runtime, event, entry) : null;
  if (resolved?.kind !== 'items') {
    await readNewZoneAgain(runtime, event.zone);
    await compareNamed(runtime, event, 'left-to-the-panel', 'limited');
    return;
  }
  const earlier = await heardBefore(runtime, event.zone, resolved.items);
  const items = composed([...earlier.flatMap((one) => one.items), ...resolved.items]);
  const heard = newEdit(runtime, {
    ...fromEvent(event),
    class: 'compensate',
    items: items.map((item) => ({ ...item, mirrored: true, note: null })),
    afterSeen: true,
  });
  await runtime.store.transact(async (tx) => {
    for (const one of earlier) await tx.advance(one, 'reverted');
    tx.create(heard);
    tx.wake(event.zone, settings.confirmDelay);
  });
}

/**
 * Makes an open create of the zone wait for new panel reads, because the panel has made an edit that we could
 * not understand. Earlier reads may lack this edit, and the create would send their records to the central.
 * @throws {JournalError}
 */
export async function readNewZoneAgain({ ports, patience }: Runtime, zone: DnsName): Promise<void> {
  const open = await ports.journal.operations({ zone, openAt: ports.clock.wall() });
  for (const { id, state } of creates(open)) if (!isFinal(state)) patience.heard(id);
}

/**
 * Earlier edits of the same names that also wait until a panel read shows them, oldest first. The new edit
 * replaces them, because the panel may no longer show their results.
 */
async function heardBefore(
  runtime: Runtime,
  zone: DnsName,
  items: readonly EditItem[],
): Promise<readonly RecordsOperation[]> {
  const { journal, clock } = runtime.ports;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  const names = new Set(namesOf(items));
  return edits(open).filter(
    (one) =>
      isHeard(one) && !runtime.inFlight.has(one.id) && namesOf(one.items).some((name) => names.has(name)),
  );
}

function namesOf(items: readonly EditItem[]): DnsName[] {
  return items.flatMap(({ remove, add }) => [remove, add].flatMap((record) => record?.name ?? []));
}

/** Merges the items of several edits, oldest first, into one list with the same final result. */
function composed(items: readonly EditItem[]): EditItem[] {
  const old = new Map<string, ResourceRecord>();
  const made = new Map<string, ResourceRecord>();
  const passing = new Map<string, ResourceRecord>();
  for (const { remove, add } of items) {
    if (remove !== null) {
      const id = recordId(remove);
      const wasMade = made.delete(id);
      if (wasMade && !old.has(id)) passing.set(id, remove);
      else if (!old.has(id) && !passing.has(id)) old.set(id, remove);
    }
    if (add !== null) made.set(recordId(add), add);
  }
  const gone = new Map<DnsName, ResourceRecord[]>();
  for (const [id, record] of [...old, ...passing]) if (!made.has(id)) listOf(gone, record.name).push(record);
  const pairs = [...made].map(([id, add]): EditItem => {
    const remove = old.get(id) ?? gone.get(add.name)?.pop() ?? null;
    return { remove, add };
  });
  return [...pairs, ...[...gone.values()].flat().map((remove) => ({ remove, add: null }))];
}

function listOf(lists: Map<DnsName, ResourceRecord[]>, name: DnsName): ResourceRecord[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}

/**
 * Carries out at the central an edit that we left to the panel, if a panel read shows the whole edit. If the
 * central refuses the edit, it is undone in the panel. If two reads show only a part of the edit or nothing,
 * a comparison is made instead.
 * @throws {JournalError} the caller tries again later
 */
export async function followHeard(runtime: Runtime, heard: RecordsOperation, view: PanelView): Promise<void> {
  const { settings } = runtime.ports;
  if (!showsDone(heard, view)) {
    const seen = view.records === null ? 'gone' : viewItems(heard, view).join();
    const wait = { patience: patienceFor(runtime, heard), gap: settings.readGap };
    if (!agreesTwice(runtime, heard, view, seen, wait)) return;
    await runtime.store.advance(heard, 'reverted');
    runtime.agenda.compareSoon(heard.zone, 'kept-otherwise', 'limited');
    return;
  }
  const { signal, done } = runtime.timers.deadline(settings.stepTimeout);
  const outcome = await mirrorDraft(runtime, heard, heard, signal).finally(done);
  if (outcome.kind === 'applied') await keepCompensation(runtime, outcome.operation, null);
  else await notApplied(runtime, heard, outcome);
}

/**
 * Handles an edit that could not be carried out at the central. After an outage, the edit is tried again;
 * after a refusal, it is undone in the panel.
 */
async function notApplied(
  runtime: Runtime,
  heard: RecordsOperation,
  { problems, operation }: Refused,
): Promise<void> {
  const { settings } = runtime.ports;
  const attempts = heard.attempts + 1;
  if (!problems.every(({ code }) => isTransient(code, attempts))) {
    await runtime.store.transact(async (tx) => {
      await tx.record(operation ?? heard, 'reverting', () => ({ afterSeen: true, problems }));
      tx.wake(heard.zone, settings.confirmDelay);
    });
    return;
  }
  await runtime.store.transact(async (tx) => {
    // The operation of the failed try ends as `refused`, because `reverting` would undo the edit in the
    // panel. Its watch covers what the try may have left at the central.
    if (operation?.state === 'reverting') await tx.record(operation, 'refused', () => ({ problems }));
    if (operation === null) await tx.amend(heard, () => ({ attempts, problems }));
    else tx.create({ ...newEdit(runtime, copyOf(heard)), attempts, problems });
    tx.wake(heard.zone, runtime.timers.backoff(attempts));
  });
}

/** The fields that the operation of the next try takes over from the operation whose try failed. */
function copyOf(heard: RecordsOperation): Parameters<typeof newEdit>[1] {
  const { class: group, zone, fingerprint, actor, func, address, items, afterSeen } = heard;
  const call = { ...(func !== undefined && { func }), ...(address !== undefined && { address }) };
  return { class: group, zone, fingerprint, actor, ...call, items, afterSeen };
}
