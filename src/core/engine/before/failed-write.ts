import { invert, isEmptyChange, type Change } from '../../../dns/zone.ts';
import { otherTtl, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { refusal } from '../../catalogue.ts';
import { CentralError, type Altered, type CentralRecord } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import type { RecordsOperation } from '../../operation.ts';
import { mirroredNames, nothingWritten, watching } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import type { Outcome } from './edit-outcome.ts';
import { askOutcome } from './outcome.ts';

/** A change that was sent to the central, and the records that the central had at the edit's names before. */
export interface SentChange {
  readonly change: Change;
  readonly present: readonly ResourceRecord[];
}

/**
 * Undoes a write at once, because the journal could not store its success. In the journal the operation is
 * still `prepared`.
 */
export async function afterFailedCommit(
  runtime: Runtime,
  prepared: RecordsOperation,
  written: SentChange,
  error: JournalError,
): Promise<Outcome> {
  const undone = await undoWrite(runtime, prepared, written);
  if (undone === 'unclean') runtime.unsaid.add(prepared.id);
  return {
    kind: 'refused',
    problems: [refusal(error.code, error.params)],
    changed: undone === 'clean' ? 'nothing' : 'unknown',
    operation: prepared,
  };
}

export async function afterFailedWrite(
  runtime: Runtime,
  prepared: RecordsOperation,
  written: SentChange,
  error: CentralError,
): Promise<Outcome> {
  if (error.state === 'untouched')
    return await close(runtime, prepared, error, { to: 'refused', late: null });
  // An edit that the central has, but that the name servers do not serve in time, is undone at the central.
  const seen =
    error.code === 'central.not-live' ? 'not-done' : await readAgain(runtime, prepared, written.change);
  if (seen === 'done') return await markDone(runtime, prepared, written, prepared);
  const left = seen === 'unread' ? 'unread' : await undoWrite(runtime, prepared, written);
  const { change } = written;
  if (left !== 'clean') {
    const late = left === 'late' ? eitherWay(change) : change;
    return await close(runtime, prepared, error, { to: 'reverting', late });
  }
  return await close(runtime, prepared, error, {
    to: 'refused',
    late: error.state === 'unknown' ? change : null,
  });
}

/** All records that may appear or vanish at the central, because a write and its undo may both land late. */
function eitherWay({ add, remove }: Change): Pick<Change, 'add' | 'remove'> {
  const all = [...add, ...remove];
  return { add: all, remove: all };
}

interface Closing {
  readonly to: 'refused' | 'reverting';
  /**
   * What requests of unknown outcome may still change at the central. Null: nothing is left of the edit
   * there, and nothing of it can still take effect. `unanswered`: not known, until a background step has
   * asked the central for the outcome.
   */
  readonly late: Pick<Change, 'add' | 'remove'> | 'unanswered' | null;
}

/**
 * Journals how a failed write ended. If the write may still take effect, or a part of it may be left, the
 * operation is watched (`watch`) for a while.
 */
export async function close(
  runtime: Runtime,
  prepared: RecordsOperation,
  error: CentralError,
  { to, late }: Closing,
): Promise<Outcome> {
  const problems = [error.problem];
  const changed = late === null ? 'nothing' : 'unknown';
  const isWatched = late !== null && late !== 'unanswered';
  const watch = isWatched ? watching(runtime.ports, prepared, late) : prepared.watch;
  const known = late === 'unanswered' ? {} : answered(prepared);
  const left = to === 'refused' ? nothingLeft(prepared) : known;
  // An edit of class `compensate` is in the panel already. In state `reverting`, a background step will undo
  // the edit in the panel, even if the agent crashes now.
  const state = prepared.class === 'compensate' ? 'reverting' : to;
  let operation: RecordsOperation = { ...prepared, state, problems, watch, ...left };
  try {
    operation = await runtime.store.advance(prepared, state, { problems, watch, ...left });
  } catch (failure) {
    if (!(failure instanceof JournalError)) throw failure;
    // In the journal the operation is still `prepared`. A background step will treat the edit as unfinished
    // and undo it. So the refusal that the user saw stays true.
    if (changed === 'unknown') runtime.unsaid.add(prepared.id);
    runtime.ports.log(1, 'journal.write-failed', { operation: operation.id, code: failure.code });
  }
  return { kind: 'refused', problems, changed, operation };
}

type Seen = 'done' | 'not-done' | 'unread';

/**
 * Reads whether the central has carried out a write that reported a failure. `unread`: this read failed too.
 */
async function readAgain(runtime: Runtime, operation: RecordsOperation, change: Change): Promise<Seen> {
  try {
    const present = await runtime.timers.step(
      operation.id,
      (ctx) => runtime.ports.central.readNames(operation.zone, mirroredNames(operation), ctx),
      runtime.ports.settings.recheckTimeout,
    );
    return isCarriedOut(change, present ?? []) ? 'done' : 'not-done';
  } catch (error) {
    if (error instanceof CentralError) return 'unread';
    throw error;
  }
}

function isCarriedOut({ add, remove }: Change, present: readonly CentralRecord[]): boolean {
  const held = new Map(present.map((record) => [recordId(record), record]));
  const goal = new Set(add.map(recordId));
  return (
    add.every((record) => {
      const there = held.get(recordId(record));
      return there !== undefined && !otherTtl(record, there);
    }) && !remove.some((record) => held.has(recordId(record)) && !goal.has(recordId(record)))
  );
}

/**
 * Undoes what is left of a failed write. `clean`: a read after the undo proves that nothing is left.
 * `unclean`: something may be left. For example, the central stored another value than we sent; the undo does
 * not touch such a record. `late`: the undo itself may still take effect later.
 */
async function undoWrite(
  runtime: Runtime,
  operation: RecordsOperation,
  written: SentChange,
): Promise<'clean' | 'unclean' | 'late'> {
  const { central } = runtime.ports;
  try {
    const left = await runtime.timers.step(
      operation.id,
      async (ctx) => {
        const read = async (): Promise<readonly CentralRecord[] | null> =>
          await central.readNames(operation.zone, mirroredNames(operation), ctx);
        const present = await read();
        if (present === null) return null;
        const undo = lackingIn(invert(written.change), present);
        if (!isEmptyChange(undo)) await central.apply(undo, present, ctx);
        return await read();
      },
      runtime.ports.settings.recheckTimeout,
    );
    // The central no longer has the zone, so records that the write removed cannot be restored.
    if (left === null) return written.change.remove.length === 0 ? 'clean' : 'unclean';
    if (!hasMore(written, left)) return 'clean';
    runtime.agenda.compareSoon(operation.zone, 'kept-otherwise');
    return 'unclean';
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    runtime.ports.log(2, 'undo.failed', { operation: operation.id, code: error.code });
    return error.state === 'unknown' ? 'late' : 'unclean';
  }
}

/**
 * Leaves out of an undo the records to add that the central still has. The write has not removed them. If
 * somebody deletes one of them meanwhile, the undo must not bring it back.
 */
function lackingIn(undo: Change, present: readonly ResourceRecord[]): Change {
  const there = new Map(present.map((record) => [recordId(record), record]));
  return {
    ...undo,
    add: undo.add.filter((record) => {
      const held = there.get(recordId(record));
      return held === undefined || otherTtl(record, held);
    }),
  };
}

/** Whether an RRset to which the change adds records has a record now that was not there before the write. */
function hasMore({ change, present }: SentChange, left: readonly CentralRecord[]): boolean {
  const known = new Set([...present, ...change.remove].map(recordId));
  return left.some(
    (record) =>
      !known.has(recordId(record)) &&
      change.add.some(({ name, type }) => name === record.name && type === record.type),
  );
}

/**
 * Finds out what a failed write with an expectation has done. A read proves nothing: a record that the edit
 * adds may be there because somebody else has written it. Only the central knows whether it found what was
 * expected, and wrote.
 */
export async function afterFailedExpecting(
  runtime: Runtime,
  prepared: RecordsOperation,
  written: SentChange,
  error: CentralError,
): Promise<Outcome> {
  const outcome = await outcomeAfter(runtime, prepared, error);
  if (outcome === null) return await close(runtime, prepared, error, { to: 'reverting', late: 'unanswered' });
  if (outcome === 'nothing') return await close(runtime, prepared, error, { to: 'refused', late: null });
  if (outcome === 'unclear') return await afterFailedWrite(runtime, prepared, written, error);
  return await markDone(runtime, prepared, written, outcome);
}

/** Journals that the central has carried out a write. @param altered what the write changed */
export async function markDone(
  runtime: Runtime,
  prepared: RecordsOperation,
  written: SentChange,
  { removed, added }: Altered,
): Promise<Outcome> {
  try {
    const changes = { removed, added, ...answered(prepared) };
    return { kind: 'applied', operation: await runtime.store.advance(prepared, 'applied', changes) };
  } catch (error) {
    if (error instanceof JournalError) return await afterFailedCommit(runtime, prepared, written, error);
    throw error;
  }
}

/** Asks for the outcome of a failed write. @returns `null`: the central does not answer this either */
async function outcomeAfter(
  runtime: Runtime,
  prepared: RecordsOperation,
  error: CentralError,
): Promise<Altered | 'nothing' | 'unclear' | null> {
  if (error.state === 'untouched') return 'nothing';
  if (error.code === 'central.not-live') return 'unclear';
  try {
    return await runtime.timers.step(
      prepared.id,
      async (ctx) => await askOutcome(runtime, prepared, ctx),
      runtime.ports.settings.recheckTimeout,
    );
  } catch (failure) {
    if (failure instanceof CentralError) return null;
    throw failure;
  }
}

/** The changed fields of an operation whose write is answered. */
export function answered({ unanswered }: RecordsOperation): Pick<RecordsOperation, 'unanswered'> {
  return typeof unanswered === 'string' ? { unanswered: null } : {};
}

/** The changed fields of an operation of which nothing is left at the central. */
export function nothingLeft(operation: RecordsOperation): Partial<RecordsOperation> {
  return { ...nothingWritten, ...answered(operation) };
}
