import { isEmptyChange, type Change } from '../../../dns/zone.ts';
import type { Problem } from '../../../dns/problem.ts';
import { recordId } from '../../../dns/record.ts';
import { refusal } from '../../catalogue.ts';
import {
  CentralError,
  type CallContext,
  type CentralRecord,
  type Condition,
  type Conditional,
  type FoundOtherwise,
} from '../../central.ts';
import type { RowChange } from '../../journal.ts';
import type { LedgerRow } from '../../ledger.ts';
import { creates, type CreateOperation, type RecordsOperation } from '../../operation.ts';
import { accepted, type Answer } from './answer.ts';
import type { Outcome, Refused } from './edit-outcome.ts';
import { expectationOf, planFromLedger, typesIn, type ExpectedEdit } from './expected.ts';
import { afterFailedExpecting, afterFailedWrite, markDone, nothingLeft } from './failed-write.ts';
import { mirroredNames } from '../knowledge/operations.ts';
import { likelyThere, planChange, type Plan, type ZoneKnowledge } from './plan.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Carries out an edit at the central: read, plan, audit, journal, write, read back, journal
 * (docs/architecture.md#the-way-of-one-edit). If the central takes expectations, and the ledger tells enough
 * for a plan, the central is not read first. The caller has locked the names.
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
  const { conditional } = runtime.ports.central;
  // Only edits of class `veto` are sent with an expectation. Others are in the panel already, so a refusal
  // would change the panel.
  if (conditional !== undefined && draft.class === 'veto')
    return await writeExpecting(runtime, { draft, knowledge, conditional }, ctx);
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

/** An edit for a central that takes expectations. */
interface Expecting {
  readonly draft: RecordsOperation;
  readonly knowledge: ZoneKnowledge;
  readonly conditional: Conditional;
}

/** How often an edit is planned anew because the central has other records than expected. */
const mostPlans = 5;

/**
 * Carries out an edit at a central that itself checks what we expect. The first plan is made from the ledger,
 * or from a read if the ledger does not tell enough. If the central has other records, it answers with them,
 * and the edit is planned anew from these records.
 * @throws {JournalError} only before the first write; nothing was changed
 */
async function writeExpecting(runtime: Runtime, edit: Expecting, ctx: CallContext): Promise<Outcome> {
  const { draft, knowledge } = edit;
  let planned: ExpectedEdit | Refused =
    (await planFromLedger(runtime, draft, knowledge)) ??
    (await planAtCentral(runtime, draft, knowledge, ctx));
  let known: RecordsOperation | null = null;
  for (let plans = 1; ; plans += 1) {
    if ('kind' in planned) return known === null ? planned : await refuse(runtime, known, planned.problems);
    const expected = expectationOf(draft, planned.present);
    const key = `${draft.id}:${plans}`;
    known = await journalPlan(runtime, edit, known, planned, key);
    if (known.state === 'applied') return { kind: 'applied', operation: known };
    const answer = await send(runtime, edit, known, planned, { expected, key }, ctx);
    if ('kind' in answer) return answer;
    if (plans === mostPlans) return await refuse(runtime, known, [refusal('central.contended', {})]);
    planned = planFrom(runtime, draft, knowledge, answer.found);
  }
}

/**
 * Journals a plan before it is sent.
 * @param known the operation as journalled for an earlier plan; null: there was none
 * @returns the operation in state `prepared`, or `applied` if there is nothing to write
 */
async function journalPlan(
  runtime: Runtime,
  { draft, knowledge }: Expecting,
  known: RecordsOperation | null,
  { plan: { items, change } }: ExpectedEdit,
  key: string,
): Promise<RecordsOperation> {
  const isDone = isEmptyChange(change);
  const state = isDone ? 'applied' : 'prepared';
  const changes = { items, removed: change.remove, added: change.add, unanswered: isDone ? null : key };
  const rows = { zone: draft.zone, put: replacedRows(knowledge, items) };
  if (known === null) return await begin(runtime, { ...draft, ...changes }, state, rows);
  return await runtime.store.transact((tx) => {
    tx.rows(rows);
    return tx.advance(known, state, changes);
  });
}

/** Sends a journalled plan. @returns how the edit ended, or the records that were there unexpectedly */
async function send(
  runtime: Runtime,
  { conditional }: Expecting,
  prepared: RecordsOperation,
  { plan: { change }, present }: ExpectedEdit,
  condition: Condition,
  ctx: CallContext,
): Promise<Outcome | FoundOtherwise> {
  const written = { change, present };
  try {
    const answer = await conditional.apply(change, condition, { ...ctx, vetoable: true });
    return 'found' in answer ? answer : await markDone(runtime, prepared, written, answer);
  } catch (error) {
    if (error instanceof CentralError) return await afterFailedExpecting(runtime, prepared, written, error);
    throw error;
  }
}

/** Refuses an edit that is journalled already. Nothing of it was written. */
async function refuse(
  runtime: Runtime,
  prepared: RecordsOperation,
  problems: readonly Problem[],
): Promise<Refused> {
  const changes = { problems, ...nothingLeft(prepared) };
  const operation = await runtime.store.advance(prepared, 'refused', changes);
  return { kind: 'refused', problems, changed: 'nothing', operation };
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
  const written = { change, present };
  try {
    const vetoable = prepared.class === 'veto';
    const altered = await runtime.ports.central.apply(change, present, { ...ctx, vetoable });
    return await markDone(runtime, prepared, written, altered);
  } catch (error) {
    if (error instanceof CentralError) return await afterFailedWrite(runtime, prepared, written, error);
    throw error;
  }
}

/** Makes the answer to a `before` call from the outcome of the edit. */
export function answerOf(outcome: Outcome): Answer {
  if (outcome.kind === 'applied') return accepted(outcome.operation.id);
  return { kind: 'refuse', problems: outcome.problems, changed: outcome.changed };
}
