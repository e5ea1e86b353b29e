import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { Change } from '../../../dns/zone.ts';
import type { Problem } from '../../../dns/problem.ts';
import { CentralError, type CallContext } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import {
  edits,
  isFinal,
  type DeleteOperation,
  type Operation,
  type RecordsOperation,
} from '../../operation.ts';
import { mirroredNames, nothingWritten } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import { Moved } from '../parts/store.ts';
import { applyOrCount } from '../background/settle.ts';
import { undoCreate } from '../background/zone-steps.ts';
import { claimant } from '../knowledge/towards-panel.ts';

/**
 * Undoes at once the writes of accepted operations, because another central of the panel refused the edit.
 * Undoes only changes of these operations, and changes nothing that another open operation wants. An
 * operation that cannot be undone now stays `reverting`, and background steps try again. An operation is left
 * alone if it has ended in the meantime, or if the panel's `after` call for it has come.
 * @param problems why the edit was refused; they are stored with the operations
 * @returns `nothing`: the central has certainly nothing left of these operations
 * @throws only for a defect of ours
 */
export async function rollBack(
  runtime: Runtime,
  ids: readonly string[],
  problems: readonly Problem[],
): Promise<'nothing' | 'unknown'> {
  let clean = true;
  // Starts with the last operation, because later edits of a call may build on earlier ones.
  for (const id of ids.toReversed()) {
    try {
      const operation = await runtime.ports.journal.operation(id);
      clean = operation !== null && (await rollBackOne(runtime, operation, problems)) && clean;
    } catch (error) {
      const { log } = runtime.ports;
      if (error instanceof Moved) log(4, 'undo.moved', { operation: id });
      else if (error instanceof CentralError || error instanceof JournalError)
        log(2, 'undo.failed', { operation: id, code: error.code });
      else throw error;
      clean = false;
    }
  }
  return clean ? 'nothing' : 'unknown';
}

async function rollBackOne(
  runtime: Runtime,
  operation: Operation,
  problems: readonly Problem[],
): Promise<boolean> {
  const { id, zone, state } = operation;
  const { settings } = runtime.ports;
  // The operation may have ended already, because another edit gave the panel the same records.
  if (isFinal(state)) return isNothingLeft(operation);
  runtime.inFlight.add(id);
  try {
    if (operation.kind === 'zone-delete') return await forgetDelete(runtime, operation, problems);
    return await runtime.timers.step(
      id,
      async (ctx) => await lockAndUndo(runtime, operation, problems, ctx),
      settings.recheckTimeout,
    );
  } finally {
    runtime.inFlight.delete(id);
    // A background step undoes what is left.
    runtime.agenda.wake(zone, settings.afterWait);
  }
}

/**
 * Whether it is certain that an ended operation has left nothing at the central, and that nothing of it can
 * still take effect there.
 */
function isNothingLeft(operation: Operation): boolean {
  const { state, watch } = operation;
  if (state === 'confirmed' || (operation.kind === 'zone-create' && operation.requested)) return false;
  return watch === null || watch.added.length + watch.removed.length === 0;
}

async function lockAndUndo(
  runtime: Runtime,
  operation: Exclude<Operation, DeleteOperation>,
  problems: readonly Problem[],
  ctx: CallContext,
): Promise<boolean> {
  const names = operation.kind === 'zone-create' ? null : mirroredNames(operation);
  const held = await runtime.locks.acquire(operation.zone, names, ctx.signal).catch((error: unknown) => {
    if (ctx.signal.aborted) return null;
    throw error;
  });
  if (held === null) return false;
  try {
    return await undoUnderLock(runtime, operation, problems, ctx);
  } finally {
    held.release();
  }
}

/**
 * Ends a delete that was not sent to the central yet. Panel and central keep the zone.
 * @returns false: the panel's `after` call has come, so the delete goes on
 */
async function forgetDelete(
  runtime: Runtime,
  operation: DeleteOperation,
  problems: readonly Problem[],
): Promise<boolean> {
  // The panel has reported that it deleted the zone.
  if (operation.afterSeen) return false;
  await runtime.store.advance(operation, 'reverted', { problems });
  return true;
}

async function undoUnderLock(
  runtime: Runtime,
  operation: Exclude<Operation, DeleteOperation>,
  problems: readonly Problem[],
  ctx: CallContext,
): Promise<boolean> {
  const { journal } = runtime.ports;
  if (operation.kind === 'zone-create') {
    await undoCreate(runtime, operation, ctx, problems);
    return (await journal.operation(operation.id))?.state === 'reverted';
  }
  // The state `reverting` is stored before the undo is sent, so that an `after` call that comes meanwhile no
  // longer matches the operation. If the `after` call has come already, the edit stays.
  if (operation.afterSeen) return false;
  const { reverting, change, isDecided } = await runtime.store.transact(async (tx) => {
    const open = edits(await tx.open(operation.zone)).filter(({ id }) => id !== operation.id);
    // An operation that is being undone no longer claims any record.
    const others = open.filter(({ state }) => !isFinal(state) && state !== 'reverting');
    const undone = open.filter(({ id, state }) => state === 'reverting' && id < operation.id);
    const begun = await tx.advance(operation, 'reverting', { problems });
    const inverse = inverseOf(begun, others, undone);
    for (const heir of inverse.inherited)
      await tx.amend(heir, () => ({ added: heir.added, removed: heir.removed }));
    return { ...inverse, reverting: begun };
  });
  if (change.add.length + change.remove.length > 0) {
    const present = await runtime.ports.central.readNames(operation.zone, mirroredNames(operation), ctx);
    // If the central has no such zone, none of our records is left to undo.
    if (present !== null) await applyOrCount(runtime, [reverting], change, present, ctx);
  }
  await runtime.store.advance(reverting, 'reverted', nothingWritten);
  return isDecided;
}

/** The result of {@link inverseOf}. */
interface Inverse {
  readonly change: Change;
  /**
   * Operations that take over a record from the undone operation. The record is listed in their `added` or
   * `removed`.
   */
  readonly inherited: readonly RecordsOperation[];
  /**
   * False: a record was left to another edit that the panel has not reported yet. That edit may be undone as
   * well.
   */
  readonly isDecided: boolean;
}

/**
 * Computes the change that undoes an operation. The change leaves two kinds of records as they are now. The
 * first kind is a record that another open operation wants as it is; that operation takes the record over
 * (`inherited`). If several operations name the record, the newest counts, because it may reverse an older
 * one. The second kind is a record that now is as it was before an older operation that is being undone.
 * @param others open operations of the zone, oldest first
 * @param undone older operations of the zone that are being undone, oldest first
 */
function inverseOf(
  operation: RecordsOperation,
  others: readonly RecordsOperation[],
  undone: readonly RecordsOperation[],
): Inverse {
  const heirs = new Map<string, RecordsOperation>();
  const newestFirst = others.toReversed();
  let isDecided = true;
  const inherits = (record: ResourceRecord, part: 'added' | 'removed'): boolean => {
    const id = recordId(record);
    const [wanted, unwanted] = part === 'added' ? (['add', 'remove'] as const) : (['remove', 'add'] as const);
    const heir = claimant(newestFirst, id, wanted);
    if (heir === null || isNewer(claimant(newestFirst, id, unwanted), heir)) return false;
    isDecided &&= heir.afterSeen;
    const latest = heirs.get(heir.id) ?? heir;
    if (!hasId(latest[part], id)) heirs.set(heir.id, { ...latest, [part]: [...latest[part], record] });
    return true;
  };
  const stays = (record: ResourceRecord, part: 'added' | 'removed'): boolean =>
    isAsBefore(undone, operation, { id: recordId(record), part }) || inherits(record, part);
  const remove = operation.added.filter((record) => !stays(record, 'added'));
  const kept = new Set(operation.added.filter((record) => !remove.includes(record)).map(recordId));
  const add = operation.removed.filter((record) => !kept.has(recordId(record)) && !stays(record, 'removed'));
  return { change: { zone: operation.zone, remove, add }, inherited: [...heirs.values()], isDecided };
}

/**
 * Whether a record that an operation added (or removed) is now in its state from before an older operation.
 * That older operation is the oldest one in `undone` that changed the record. Changes of a TTL alone do not
 * count.
 */
function isAsBefore(
  undone: readonly RecordsOperation[],
  operation: RecordsOperation,
  { id, part }: { readonly id: string; readonly part: 'added' | 'removed' },
): boolean {
  const oldest = undone.find(({ added, removed }) => hasId(added, id) || hasId(removed, id));
  if (oldest === undefined) return false;
  const other = part === 'added' ? 'removed' : 'added';
  return hasId(oldest[other], id) && !hasId(oldest[part], id) && !hasId(operation[other], id);
}

function hasId(records: readonly ResourceRecord[], id: string): boolean {
  return records.some((record) => recordId(record) === id);
}

/** Whether `one` was created after `other`. Ids sort by time of creation. */
function isNewer(one: Operation | null, other: Operation): boolean {
  return one !== null && one.id > other.id;
}
