import { invert, isEmptyChange, type Change } from '../../../dns/zone.ts';
import type { Problem } from '../../../dns/problem.ts';
import { otherTtl, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { refusal } from '../../catalogue.ts';
import { CentralError, type Altered, type CallContext, type CentralRecord } from '../../central.ts';
import { JournalError, type RowChange } from '../../journal.ts';
import type { LedgerRow } from '../../ledger.ts';
import { creates, type CreateOperation, type RecordsOperation } from '../../operation.ts';
import { accepted, type Answer } from './answer.ts';
import { planExpecting, typesIn, type ExpectingPlan } from './expected.ts';
import { askOutcome } from './outcome.ts';
import { mirroredNames, nothingWritten, watching } from '../knowledge/operations.ts';
import { likelyThere, planChange, type Plan, type ZoneKnowledge } from './plan.ts';
import type { Runtime } from '../runtime.ts';

export type Outcome = { readonly kind: 'applied'; readonly operation: RecordsOperation } | Refused;

export interface Refused {
  readonly kind: 'refused';
  readonly problems: readonly Problem[];
  readonly changed: 'nothing' | 'unknown';
  /** The operation as journalled; null: the edit was refused before it was journalled. */
  readonly operation: RecordsOperation | null;
}

/**
 * Carries out an edit at the central: read, plan, audit, journal, write, read back, journal
 * (docs/architecture.md#the-way-of-one-edit). If the central takes expectations and the ledger tells enough,
 * the central is not read first. The caller has locked the names.
 * @param draft an operation in state `prepared` that is not journalled yet, with items from `sortItems`
 * @throws {JournalError} only before the first write; nothing was changed
 */
export async function carryOut(
  runtime: Runtime,
  draft: RecordsOperation,
  knowledge: ZoneKnowledge,
  signal: AbortSignal,
): Promise<Outcome> {
  const ctx: CallContext = { signal, operation: draft.id };
  const expecting = await planExpecting(runtime, draft, knowledge);
  if (expecting !== null) return await writeExpecting(runtime, draft, knowledge, expecting, ctx);
  const planned = await planAtCentral(runtime, draft, knowledge, ctx);
  if ('kind' in planned) return planned;
  const { plan, present } = planned;
  const prepared: RecordsOperation = {
    ...draft,
    items: plan.items,
    removed: plan.change.remove,
    added: plan.change.add,
  };
  const rows = { zone: draft.zone, put: replacedRows(knowledge, plan.items) };
  if (isEmptyChange(plan.change))
    return { kind: 'applied', operation: await begin(runtime, prepared, 'applied', rows) };
  await begin(runtime, prepared, 'prepared', rows);
  return await write(runtime, prepared, plan.change, present, ctx);
}

/** The change to write, and the records that the central has before the write at the edit's names. */
export interface PlannedEdit {
  readonly plan: Plan;
  readonly present: readonly CentralRecord[];
}

/**
 * Reads the central, plans the change and audits it. Writes nothing. The caller has locked the names.
 * @returns the plan, or a refusal if the edit must be refused
 */
export async function planAtCentral(
  runtime: Runtime,
  draft: RecordsOperation,
  knowledge: ZoneKnowledge,
  ctx: CallContext,
): Promise<PlannedEdit | Refused> {
  const names = mirroredNames(draft);
  const present = names.length === 0 ? [] : await readPresent(runtime, draft, knowledge, ctx);
  if (present !== null && !Array.isArray(present)) return present;
  return planFrom(runtime, draft, knowledge, present);
}

/**
 * Plans and audits an edit.
 * @param present what a read of the central has shown at the edit's names; `null`: no such zone
 */
function planFrom(
  runtime: Runtime,
  draft: RecordsOperation,
  knowledge: ZoneKnowledge,
  present: readonly CentralRecord[] | null,
): PlannedEdit | Refused {
  if (present === null && !creates(knowledge.open).some(isComing))
    return refusedOutright([refusal('zone.missing-at-central', { zone: draft.zone })]);
  const plan = planChange(knowledge, draft.items, present ?? []);
  const objections = [...plan.problems, ...runtime.ports.central.audit(plan.change)];
  if (objections.length > 0) return refusedOutright(objections);
  if (present !== null) return { plan, present };
  // The zone does not exist at the central yet. When it is created, it gets all records of the panel, those
  // of this edit included.
  const change: Change = { zone: draft.zone, remove: [], add: [] };
  const items = plan.items.map((item) => (item.mirrored ? { ...item, note: 'note.no-zone-yet' } : item));
  return { plan: { ...plan, items, change }, present: [] };
}

/** Whether this create operation is still on its way, so that the central will get the zone. */
function isComing({ state }: CreateOperation): boolean {
  return state === 'prepared' || state === 'applied' || state === 'kept';
}

function refusedOutright(problems: readonly Problem[]): Refused {
  return { kind: 'refused', problems, changed: 'nothing', operation: null };
}

/**
 * Reads the central's records at the edit's names.
 * @returns a refusal if the read failed; null: the central has no such zone
 */
async function readPresent(
  runtime: Runtime,
  draft: RecordsOperation,
  knowledge: ZoneKnowledge,
  ctx: CallContext,
): Promise<CentralRecord[] | Refused | null> {
  try {
    const { central } = runtime.ports;
    const names = mirroredNames(draft);
    const present = await central.readNames(
      draft.zone,
      names,
      ctx,
      typesIn(draft.items) ?? undefined,
      likelyThere(knowledge),
    );
    return present === null ? null : [...present];
  } catch (error) {
    if (error instanceof CentralError) return refusedOutright([error.problem]);
    throw error;
  }
}

/**
 * Ledger rows for synced records that another writer has replaced at the central. The rows become `conflict`,
 * even if the edit is refused or undone.
 */
function replacedRows({ rows, unsure }: ZoneKnowledge, items: Plan['items']): LedgerRow[] {
  return items.flatMap(({ remove, note }) => {
    const isReplaced = note === 'note.changed-at-central' && remove !== null && !unsure.has(recordId(remove));
    const row = isReplaced ? rows.get(recordId(remove)) : undefined;
    return row?.state === 'synced' ? [{ ...row, state: 'conflict', onCentral: false, note }] : [];
  });
}

/**
 * Journals a new operation, together with the ledger rows that change because of the records found at the
 * central.
 */
async function begin(
  runtime: Runtime,
  prepared: RecordsOperation,
  state: 'prepared' | 'applied',
  rows: RowChange,
): Promise<RecordsOperation> {
  return await runtime.store.transact((tx) => {
    tx.rows(rows);
    return tx.begin(prepared, state);
  });
}

async function write(
  runtime: Runtime,
  prepared: RecordsOperation,
  change: Change,
  present: readonly CentralRecord[],
  ctx: CallContext,
): Promise<Outcome> {
  try {
    const vetoable = prepared.class === 'veto';
    const altered = await runtime.ports.central.apply(change, present, { ...ctx, vetoable });
    const { removed, added } = altered;
    const operation = await runtime.store.advance(prepared, 'applied', { removed, added });
    return { kind: 'applied', operation };
  } catch (error) {
    if (error instanceof CentralError)
      return await afterFailedWrite(runtime, prepared, { change, present }, error);
    if (error instanceof JournalError)
      return await afterFailedCommit(runtime, prepared, { change, present }, error);
    throw error;
  }
}

/**
 * Writes a change that was planned from the ledger, if the central has what the ledger says. Otherwise plans
 * the edit anew from what the central has.
 */
async function writeExpecting(
  runtime: Runtime,
  draft: RecordsOperation,
  knowledge: ZoneKnowledge,
  { plan, expected, conditional }: ExpectingPlan,
  ctx: CallContext,
): Promise<Outcome> {
  const { change, items } = plan;
  const draftWritten = { ...draft, items, removed: change.remove, added: change.add, unanswered: true };
  const prepared = await begin(runtime, draftWritten, 'prepared', { zone: draft.zone });
  const written = { change, present: expected.records };
  try {
    const answer = await conditional.apply(change, expected, { ...ctx, vetoable: true });
    if ('found' in answer)
      return await writeFound(runtime, { draft, prepared }, knowledge, answer.found, ctx);
    return await markDone(runtime, prepared, written, answer);
  } catch (error) {
    if (error instanceof CentralError) return await afterFailedExpecting(runtime, prepared, written, error);
    throw error;
  }
}

/**
 * Carries out an edit from what the central has, after an expectation was wrong.
 * @param edit `draft`: as for {@link carryOut}. `prepared`: the operation in the journal
 * @throws {JournalError} only before the first write; nothing was changed
 */
async function writeFound(
  runtime: Runtime,
  { draft, prepared }: { readonly draft: RecordsOperation; readonly prepared: RecordsOperation },
  knowledge: ZoneKnowledge,
  found: readonly CentralRecord[] | null,
  ctx: CallContext,
): Promise<Outcome> {
  const planned = planFrom(runtime, draft, knowledge, found);
  if ('kind' in planned) {
    const { problems } = planned;
    const changes = { problems, ...nothingLeft(prepared) };
    const operation = await runtime.store.advance(prepared, 'refused', changes);
    return { ...planned, operation };
  }
  const { items, change } = planned.plan;
  const isDone = isEmptyChange(change);
  const changes = { items, removed: change.remove, added: change.add, ...answered(prepared) };
  const operation = await runtime.store.transact((tx) => {
    tx.rows({ zone: draft.zone, put: replacedRows(knowledge, items) });
    return tx.advance(prepared, isDone ? 'applied' : 'prepared', changes);
  });
  if (isDone) return { kind: 'applied', operation };
  return await write(runtime, operation, change, planned.present, ctx);
}

/** Journals that the central has carried out a write that was sent on an expectation. */
async function markDone(
  runtime: Runtime,
  prepared: RecordsOperation,
  written: Written,
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

/**
 * Finds out what a failed write did that was sent on an expectation. Unless the central itself says that the
 * expectation was true, a record there may be somebody else's, even if it is one that the edit adds. So a
 * read proves nothing.
 */
async function afterFailedExpecting(
  runtime: Runtime,
  prepared: RecordsOperation,
  written: Written,
  error: CentralError,
): Promise<Outcome> {
  if (error.state === 'untouched')
    return await close(runtime, prepared, error, { to: 'refused', late: null });
  const outcome = error.code === 'central.not-live' ? 'unclear' : await outcomeNow(runtime, prepared);
  if (outcome === null)
    return await close(runtime, prepared, error, { to: 'reverting', late: 'unanswered' });
  if (outcome === 'nothing') return await close(runtime, prepared, error, { to: 'refused', late: null });
  if (outcome === 'unclear') return await afterFailedWrite(runtime, prepared, written, error);
  return await markDone(runtime, prepared, written, outcome);
}

/** @returns `null`: the central does not answer this question either */
async function outcomeNow(
  runtime: Runtime,
  prepared: RecordsOperation,
): Promise<Altered | 'nothing' | 'unclear' | null> {
  try {
    return await runtime.timers.step(
      prepared.id,
      async (ctx) => await askOutcome(runtime, prepared, ctx),
      runtime.ports.settings.recheckTimeout,
    );
  } catch (error) {
    if (error instanceof CentralError) return null;
    throw error;
  }
}

/** The changed fields of an operation whose write is answered. */
function answered({ unanswered }: RecordsOperation): Pick<RecordsOperation, 'unanswered'> {
  return unanswered === true ? { unanswered: false } : {};
}

/** The changed fields of an operation of which nothing is left at the central. */
function nothingLeft(operation: RecordsOperation): Partial<RecordsOperation> {
  return { ...nothingWritten, ...answered(operation) };
}

/** A change that was sent to the central, and the records that the central had at the edit's names before. */
interface Written {
  readonly change: Change;
  readonly present: readonly ResourceRecord[];
}

/**
 * Undoes a write at once, because the journal could not store its success. In the journal the operation is
 * still `prepared`.
 */
async function afterFailedCommit(
  runtime: Runtime,
  prepared: RecordsOperation,
  written: Written,
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

async function afterFailedWrite(
  runtime: Runtime,
  prepared: RecordsOperation,
  written: Written,
  error: CentralError,
): Promise<Outcome> {
  if (error.state === 'untouched')
    return await close(runtime, prepared, error, { to: 'refused', late: null });
  // An edit that the central has, but that the name servers do not serve in time, is undone at the central.
  const seen =
    error.code === 'central.not-live' ? 'not-done' : await readAgain(runtime, prepared, written.change);
  if (seen === 'done') return await doneAnyway(runtime, prepared, written);
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

/** Everything that may change at the central while a write and its undo may both still take effect. */
function eitherWay({ add, remove }: Change): Pick<Change, 'add' | 'remove'> {
  const all = [...add, ...remove];
  return { add: all, remove: all };
}

/**
 * Handles a write that reported a failure although a read shows that it was carried out. The operation
 * becomes `applied`.
 */
async function doneAnyway(runtime: Runtime, prepared: RecordsOperation, written: Written): Promise<Outcome> {
  try {
    const operation = await runtime.store.advance(prepared, 'applied', answered(prepared));
    return { kind: 'applied', operation };
  } catch (error) {
    if (error instanceof JournalError) return await afterFailedCommit(runtime, prepared, written, error);
    throw error;
  }
}

interface Closing {
  readonly to: 'refused' | 'reverting';
  /**
   * What requests of unknown outcome may still change at the central. Null: nothing is left of the edit
   * there, and nothing of it can still take effect. `unanswered`: a background step has to ask for the
   * outcome before anything can be said.
   */
  readonly late: Pick<Change, 'add' | 'remove'> | 'unanswered' | null;
}

/**
 * Journals how a failed write ended. If the write may still take effect, or a part of it may be left, the
 * operation is watched (`watch`) for a while.
 */
async function close(
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
  written: Written,
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
        await central.apply(invert(written.change), present, ctx);
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

/** Whether an RRset to which the change adds records has a record now that was not there before the write. */
function hasMore({ change, present }: Written, left: readonly CentralRecord[]): boolean {
  const known = new Set([...present, ...change.remove].map(recordId));
  return left.some(
    (record) =>
      !known.has(recordId(record)) &&
      change.add.some(({ name, type }) => name === record.name && type === record.type),
  );
}

/** Makes the answer to a `before` call from the outcome of the edit. */
export function answerOf(outcome: Outcome): Answer {
  if (outcome.kind === 'applied') return accepted(outcome.operation.id);
  return { kind: 'refuse', problems: outcome.problems, changed: outcome.changed };
}
