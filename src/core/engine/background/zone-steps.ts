import { demandNoPause } from './unsent.ts';
import { displayName } from '../../../dns/name.ts';
import type { Problem } from '../../../dns/problem.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { CentralError, type CallContext } from '../../central.ts';
import {
  creates,
  isFinal,
  wasOver,
  type CreateOperation,
  type DeleteOperation,
  type Operation,
} from '../../operation.ts';
import { refusal } from '../../catalogue.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { isCentralsOwn } from '../knowledge/compare-rule.ts';
import { isMadeByAnother, landed, mayLandLate } from './made-zone.ts';
import { fillZone } from './fill-zone.ts';
import { followDue } from '../knowledge/follow-due.ts';
import { withoutZone } from '../knowledge/forget-zones.ts';
import { keepWatching, newDelete, ownRecords, recordsIn, watching } from '../knowledge/operations.ts';
import { giveUpDelete } from './give-up-delete.ts';
import { agreesTwice, patienceFor, type PanelView } from '../knowledge/panel-view.ts';
import type { Runtime } from '../runtime.ts';
import { zoneEntry } from '../knowledge/zone-entry.ts';
import type { Transaction } from '../parts/store.ts';
import { maySendDelete } from '../before/signed-delete.ts';

/**
 * Makes the next step of a zone create. Once two panel reads show the same records, creates the zone at the
 * central if it is missing there, and sends the records. Once two reads show that the panel has no such zone,
 * the create is undone.
 */
export async function stepCreate(
  runtime: Runtime,
  operation: CreateOperation,
  view: PanelView,
): Promise<void> {
  const { settings } = runtime.ports;
  if (view.records !== null) {
    const { zone, cancels, afterSeen, created, requested } = operation;
    if (cancels !== null && !afterSeen && !created && !requested) {
      await stepUnprovenCreate(runtime, operation, view);
      return;
    }
    const signature = [...view.ids].sort().join('\n');
    // If this create cancelled a delete, panel reads may still show the old zone's records until a read has
    // shown that it is deleted.
    const isNew = cancels === null || runtime.readProofs.isDeleted(zone, cancels);
    const patience = isNew ? 0 : Math.max(settings.visibilityWait, settings.readLag);
    const wait = { patience, gap: settings.contentGap, sends: true };
    if (!agreesTwice(runtime, operation, view, signature, wait)) return;
    await underZoneLock(runtime, operation, (ctx) => fillZone(runtime, operation, view, ctx));
    return;
  }
  const wait = { patience: patienceFor(runtime, operation), gap: settings.readGap };
  if (!agreesTwice(runtime, operation, view, 'missing', wait)) return;
  await underZoneLock(runtime, operation, async (ctx) => {
    runtime.grace.mustBeOver(operation.zone);
    await undoCreate(runtime, operation, ctx);
  });
}

/**
 * Ends a create that cancelled an open delete of the same zone, if the `after` call of the create does not
 * come. The panel may have refused both the delete and the create, so the zone may have existed all the time.
 * Sends nothing; the zone is synced as before. {@link stepCreate} calls this only if the central's zone is
 * certainly not ours.
 */
async function stepUnprovenCreate(
  runtime: Runtime,
  operation: CreateOperation,
  view: PanelView,
): Promise<void> {
  const { settings } = runtime.ports;
  const wait = { patience: settings.afterWait, gap: settings.readGap };
  if (!agreesTwice(runtime, operation, view, 'unproven', wait)) return;
  await runtime.store.transact(async (tx) => {
    const entry = await tx.journal.zone(operation.zone);
    await tx.advance(operation, 'reverted');
    // The panel may have deleted the zone after all: panel reads may show a deleted zone for longer than we
    // wait.
    const cancelled = await tx.journal.operation(operation.cancels ?? '');
    if (cancelled !== null) await tx.amend(cancelled, (now) => ({ watch: watching(runtime.ports, now) }));
    if (entry !== null) await tx.zone(entry, { ...entry, state: 'synced' });
    tx.with({ facts: followDue(runtime.ports, operation.zone) });
  });
  runtime.agenda.compareSoon(operation.zone, 'unproven-create', 'limited');
}

/**
 * Makes the next step of a zone delete. Once two panel reads show that the zone is gone, the delete is sent.
 * Once two reads show that the panel still has the zone, the delete is given up and nothing is sent.
 */
export async function stepDelete(
  runtime: Runtime,
  operation: DeleteOperation,
  view: PanelView,
): Promise<void> {
  const { settings } = runtime.ports;
  const gone = view.records === null;
  const patience = gone ? 0 : patienceFor(runtime, operation);
  const wait = { patience, gap: settings.readGap };
  if (!agreesTwice(runtime, operation, view, gone ? 'gone' : 'there', wait)) return;
  if (gone) {
    await underZoneLock(runtime, operation, async (ctx) => {
      runtime.grace.mustBeOver(operation.zone);
      await sendDelete(runtime, operation, ctx);
    });
    return;
  }
  await runtime.store.transact((tx) => giveUpDelete(runtime, tx, operation));
}

/** Runs `body` while the whole zone is locked. @throws {Moved} the operation has changed meanwhile */
async function underZoneLock(
  runtime: Runtime,
  operation: CreateOperation | DeleteOperation,
  body: (ctx: CallContext) => Promise<void>,
): Promise<void> {
  await runtime.lockedStep(operation.id, operation.zone, null, async (ctx) => {
    // While this step waited for the lock, another step or a hook call may have changed the operation.
    await runtime.store.transact((tx) => tx.judge(operation));
    await body(ctx);
  });
}

/**
 * Undoes a create: deletes the zone at the central if we certainly made it and no other writer has changed
 * it. If nobody can tell whether the zone is ours, the zone stays and the operation is stuck. The caller has
 * locked the zone.
 */
export async function undoCreate(
  runtime: Runtime,
  operation: CreateOperation,
  ctx: CallContext,
  problems: readonly Problem[] = operation.problems,
): Promise<void> {
  const { ports, store } = runtime;
  // If the journal failed to store how the request ended, the operation has no watch yet.
  const watch = operation.requested ? (operation.watch ?? watching(ports, operation)) : operation.watch;
  // The state `reverting` is stored before the delete is sent, so that an `after` call that comes meanwhile
  // no longer matches this operation.
  const reverting = await store.advance(operation, 'reverting', { problems, watch });
  const latest = await undoMade(runtime, reverting, ctx);
  if (latest === null) return;
  // The undo is complete, so a zone of this name that appears later does not count as made by us.
  await endUndo(runtime, { ...latest, created: false });
}

/**
 * Deletes at the central the zone that a create made.
 * @returns the operation as journalled; null: the operation is stuck, because nobody can tell whether the
 *   zone is ours
 */
async function undoMade(
  runtime: Runtime,
  reverting: CreateOperation,
  ctx: CallContext,
): Promise<CreateOperation | null> {
  const { journal, clock } = runtime.ports;
  const { zone, created, requested } = reverting;
  if (!created && !requested) return reverting;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  if (!created && isMadeByAnother(open, reverting)) return reverting;
  const content = await readCentralZone(runtime, zone, [], ctx);
  if (content === null) return reverting;
  const latest = mayLandLate(runtime, reverting) ? await landed(runtime, reverting, content) : reverting;
  const foreign = await unknownRecords(runtime, latest, content);
  const isAgain = await hasNoneOf(runtime, latest, latest.snapshot, content);
  const code = objectionToUndo(latest, foreign.length > 0 || isAgain);
  if (code === null) await deleteWatched(runtime, latest, ctx);
  else await becomeStuck(runtime, latest, code);
  return code === null ? latest : null;
}

/**
 * The code of the reason why an undo must not delete the zone of this create; null: it may delete the zone.
 * @param isChanged whether another writer added records to the zone, or created it again
 */
function objectionToUndo(
  { created, snapshot }: CreateOperation,
  isChanged: boolean,
): 'zone.maybe-ours' | 'zone.changed-since-create' | null {
  if (created && !isChanged) return null;
  return created && snapshot.length > 0 ? 'zone.changed-since-create' : 'zone.maybe-ours';
}

/**
 * Deletes the zone at the central. If the outcome is unknown, the operation is watched, because the delete
 * may take effect after the zone was created again.
 */
async function deleteWatched(runtime: Runtime, operation: CreateOperation, ctx: CallContext): Promise<void> {
  try {
    await runtime.ports.central.deleteZone(operation.zone, ctx);
  } catch (error) {
    if (error instanceof CentralError && error.state === 'unknown') {
      await keepWatching(runtime, operation);
    }
    throw error;
  }
}

/**
 * Ends a create that has left nothing at the central, and resumes the delete that it cancelled. Deletes the
 * zone's ledger data, unless a delete or another create of the zone still needs it.
 */
export async function endUndo(runtime: Runtime, operation: CreateOperation): Promise<void> {
  await runtime.store.transact(async (tx) => {
    const { zone, created } = operation;
    await tx.record(operation, 'reverted', () => ({ created }));
    const isResumed = await resumeDelete(runtime, tx, operation);
    const entry = await tx.journal.zone(zone);
    const isAwaited = (await tx.open(zone)).some(
      ({ id, kind, state }) => id !== operation.id && kind !== 'records' && !isFinal(state),
    );
    if (isResumed && entry !== null) await tx.zone(entry, { ...entry, state: 'deleting' });
    else if (!isAwaited) tx.with(withoutZone(zone));
  });
}

/**
 * Journals the cancelled delete again, because the create that cancelled it is undone and the panel has no
 * such zone.
 * @returns false: the create had cancelled no delete
 */
async function resumeDelete(runtime: Runtime, tx: Transaction, operation: CreateOperation): Promise<boolean> {
  if (operation.cancels === null) return false;
  const cancelled = await tx.journal.operation(operation.cancels);
  if (cancelled?.kind !== 'zone-delete') return false;
  const again = newDelete(runtime, {
    class: cancelled.class,
    zone: operation.zone,
    actor: cancelled.actor,
    incarnation: operation.incarnation,
    // These records of the zone were ours before the create.
    snapshot: [...cancelled.snapshot, ...operation.snapshot],
    formerlyOurs: operation.snapshot,
    wasThere: operation.requested ? null : cancelled.wasThere,
  });
  tx.create({ ...again, afterSeen: true }, 'kept');
  tx.wake(operation.zone, runtime.ports.settings.confirmDelay);
  return true;
}

async function sendDelete(runtime: Runtime, operation: DeleteOperation, ctx: CallContext): Promise<void> {
  const { central } = runtime.ports;
  if (!central.traits.managesZones) {
    await leaveZone(runtime, operation);
    return;
  }
  try {
    const content = await readCentralZone(runtime, operation.zone, [], ctx);
    if (content !== null) {
      const foreign = await unknownRecords(runtime, operation, content);
      if (foreign.length > 0 || (await isMadeByOthers(runtime, operation, content))) {
        await becomeStuck(runtime, operation, await objectionToDelete(runtime, operation));
        return;
      }
      if (!(await maySendDelete(runtime, operation, ctx))) {
        await becomeStuck(runtime, operation, 'zone.signed-waiting');
        return;
      }
      demandNoPause(runtime, operation);
      await central.deleteZone(operation.zone, ctx);
    }
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    const isHopeless = error.retry === 'never';
    await runtime.store.transact(async (tx) => {
      const { state } = await tx.current(operation);
      await tx.record(operation, isHopeless ? 'stuck' : state, (now) => ({
        attempts: operation.attempts + 1,
        watch: error.state === 'unknown' ? watching(runtime.ports, now) : now.watch,
        problems: [error.problem],
      }));
    });
    if (!isHopeless) throw error;
    return;
  }
  await endDelete(runtime, operation, operation.problems);
}

/**
 * The code of the reason why a delete leaves a zone with records that nobody knows. They may be ours if a
 * create of the zone was sent, and neither the create nor the delete has read it (docs/adoption.md, row 30).
 */
async function objectionToDelete(
  { ports: { journal, clock } }: Runtime,
  { zone, wasThere }: DeleteOperation,
): Promise<'zone.maybe-ours' | 'zone.changed-at-central'> {
  if (wasThere === true) return 'zone.changed-at-central';
  const open = creates(await journal.operations({ zone, openAt: clock.wall() }));
  const isUnproven = open.some(({ state, created, requested }) => !isFinal(state) && requested && !created);
  return isUnproven ? 'zone.maybe-ours' : 'zone.changed-at-central';
}

/**
 * Whether another writer created the central's zone, after the user deleted the zone or before. If it is not
 * known that the central lacked the zone at the delete, this is concluded from the zone's records.
 */
async function isMadeByOthers(
  runtime: Runtime,
  operation: DeleteOperation,
  content: readonly ResourceRecord[],
): Promise<boolean> {
  const { journal } = runtime.ports;
  const { zone, wasThere, snapshot } = operation;
  const since = creates(await changedSince(runtime, operation));
  if (wasThere === true) {
    if (await hasNoneOf(runtime, operation, snapshot, content)) return true;
    // The ledger's rows are those of an earlier zone of this name if this zone was not filled yet. An empty
    // zone has nothing of another writer.
    if (since.length > 0 || content.every((record) => isCentralsOwn(zone, record))) return false;
  } else {
    const isAsked = since.some(({ created, requested }) => created || requested);
    if (isAsked || wasThere === false) return !isAsked;
  }
  const rows = (await journal.rows(zone)).filter(({ state }) => state === 'synced');
  const records = rows.map(({ record }) => record);
  return await hasNoneOf(runtime, operation, records, content);
}

/** The zone's newest operations that had not ended when the given one began. */
async function changedSince(
  { ports: { journal } }: Runtime,
  operation: Operation,
): Promise<readonly Operation[]> {
  const recent = await journal.operations({ zone: operation.zone, latest });
  return recent.filter((one) => !wasOver(one, operation));
}

/**
 * Whether the zone has none of the records that we expect, so another writer must have deleted it and created
 * it again. Two kinds of records are not expected: those that every zone has, and those that an edit may have
 * changed since.
 * @param operation the operation that is to delete the zone
 * @param expected records that the central had in the zone
 * @param content records that the central has in the zone now
 */
async function hasNoneOf(
  runtime: Runtime,
  operation: Operation,
  expected: readonly ResourceRecord[],
  content: readonly ResourceRecord[],
): Promise<boolean> {
  const { zone } = operation;
  const { journal, clock } = runtime.ports;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  const since = [...open, ...(await changedSince(runtime, operation))];
  const changed = new Set([...open.flatMap(ownRecords), ...since.flatMap(namedRecords)].map(recordId));
  const lasting = expected.filter((record) => !isCentralsOwn(zone, record) && !changed.has(recordId(record)));
  const held = new Set(content.map(recordId));
  return lasting.length > 0 && !lasting.some((record) => held.has(recordId(record)));
}

/**
 * Records that an edit names, even if the edit was undone. For a create: records that were removed while we
 * sent the records of the new zone.
 */
function namedRecords(operation: Operation): readonly ResourceRecord[] {
  if (operation.kind === 'zone-create') return operation.removed;
  if (operation.kind === 'zone-delete') return [];
  return recordsIn(operation.items);
}

/**
 * Ends a delete as `confirmed` and deletes the zone's ledger data. An earlier create that the panel reported
 * ends too: its zone is the deleted one. If another create of the zone is open, the zone keeps its entry.
 * Otherwise that create would write into a zone that the ledger does not know.
 */
async function endDelete(
  runtime: Runtime,
  operation: DeleteOperation,
  problems: readonly Problem[],
): Promise<void> {
  const { zone } = operation;
  await runtime.store.transact(async (tx) => {
    await tx.record(operation, 'confirmed', () => ({ problems }));
    const entry = await tx.journal.zone(zone);
    const open = creates(await tx.open(zone)).filter(({ state }) => !isFinal(state));
    const over = open.filter(
      ({ id, state, afterSeen }) => state === 'kept' && afterSeen && id < operation.id,
    );
    for (const create of over) await tx.advance(create, 'reverted', { created: false });
    const isAwaited = open.length > over.length;
    const gone = withoutZone(zone);
    if (isAwaited && entry !== null) {
      await tx.zone(entry, { ...entry, state: 'creating' });
      tx.rows({ zone, dropAll: true });
      tx.with({ facts: gone.facts });
    } else tx.with(gone);
  });
}

/**
 * Ends a delete at a central where only the provider can delete zones. The zone stays at the central, and the
 * operation's problem says this.
 */
async function leaveZone(runtime: Runtime, operation: DeleteOperation): Promise<void> {
  const { zone } = operation;
  const problems = [refusal('zone.left-at-central', { zone })];
  await endDelete(runtime, operation, problems);
  runtime.ports.log(2, 'zone.left-at-central', { operation: operation.id, zone });
}

/**
 * The number of the zone's newest operations among which we look for earlier operations that named a record.
 */
const latest = 50;

/**
 * The zone's records at the central that no ledger row, snapshot or recent operation contains, so another
 * writer must have added them. Records that an operation removed count as ours, because a late write may have
 * added them again.
 */
async function unknownRecords(
  runtime: Runtime,
  operation: CreateOperation | DeleteOperation,
  content: readonly ResourceRecord[],
): Promise<ResourceRecord[]> {
  const known = new Set(operation.snapshot.map(recordId));
  for (const row of await runtime.ports.journal.rows(operation.zone)) known.add(recordId(row.record));
  for (const other of await runtime.ports.journal.operations({ zone: operation.zone, latest })) {
    const made = other.kind === 'zone-create' && other.created ? other.snapshot : [];
    for (const record of [...ownRecords(other), ...made]) known.add(recordId(record));
  }
  return content.filter((record) => !isCentralsOwn(operation.zone, record) && !known.has(recordId(record)));
}

async function becomeStuck(
  runtime: Runtime,
  operation: CreateOperation | DeleteOperation,
  code: 'zone.changed-since-create' | 'zone.changed-at-central' | 'zone.maybe-ours' | 'zone.signed-waiting',
): Promise<void> {
  const { log } = runtime.ports;
  const { zone, kind, incarnation } = operation;
  const shown = code === 'zone.signed-waiting' ? displayName(zone) : zone;
  const problems = [refusal(code, { zone: shown })];
  // This ledger entry makes comparisons read the zone. The stuck operation ends once panel and central agree.
  const entry = zoneEntry(runtime, zone, 'creating', null, { incarnation });
  await runtime.store.transact(async (tx) => {
    await tx.record(operation, 'stuck', () => ({ problems }));
    if (kind === 'zone-create' && (await tx.journal.zone(zone)) === null) await tx.zone(null, entry);
  });
  log(1, 'operation.stuck', { operation: operation.id, code });
}
