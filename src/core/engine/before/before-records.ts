import type { DnsName } from '../../../dns/name.ts';
import type { Problem } from '../../../dns/problem.ts';
import { recordId } from '../../../dns/record.ts';
import { refusal } from '../../catalogue.ts';
import { CentralError } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import { isMirrored, leftNotes, type ZoneEntry } from '../../ledger.ts';
import {
  edits,
  isFinal,
  type Operation,
  type OperationClass,
  type OperationItem,
  type RecordsOperation,
} from '../../operation.ts';
import type { EditItem, RecordsEvent, Resolution } from '../../panel.ts';
import { leftToPanel, nothingToDo, type Answer, type Call, type Refusal } from './answer.ts';
import { answerOf, carryOut, planAtCentral, type PlannedEdit } from './carry-out.ts';
import type { Outcome, Refused } from './edit-outcome.ts';
import { fromEvent, mirroredNames, newEdit, type FromCall } from '../knowledge/operations.ts';
import { knowledgeOf, knownRecords, sortItems, type ZoneKnowledge } from './plan.ts';
import { learnOutcome, unansweredIn } from './outcome.ts';
import type { Runtime } from '../runtime.ts';
import { isBaselineDue, unknownZone } from './unknown-zone.ts';

/**
 * Answers the panel's `before` call for an edit of records. The panel has not saved the edit yet. Carries the
 * edit out at the central, or refuses it.
 * @throws {JournalError} nothing was changed
 */
export async function beforeRecords(runtime: Runtime, event: RecordsEvent, call: Call): Promise<Answer> {
  const entry = await runtime.ports.journal.zone(event.zone);
  if (entry === null || (await isBaselineDue(runtime, entry))) return await unknownZone(runtime, event);
  if (!isMirrored(entry.state)) return leftToPanel(event, leftNotes[entry.state]);
  const resolved = await resolve(runtime, event, entry);
  if (resolved.kind === 'refuse') return resolved;
  if (call.isTrial) return await tryRecords(runtime, event, resolved, call);
  const outcome = await mirrorItems(runtime, fromEvent(event), resolved, 'veto', call.signal);
  return answerOf(outcome);
}

/**
 * Finds the central's objections to an edit and writes nothing. Locks the edit's names first: a record that
 * another edit of ours is writing now would look like a foreign record.
 */
async function tryRecords(
  runtime: Runtime,
  event: RecordsEvent,
  meant: Meant,
  { signal }: Call,
): Promise<Answer> {
  const draft = newEdit(runtime, { ...fromEvent(event), class: 'veto' });
  const planned = await underLocks(runtime, draft, meant, signal, async (operation, knowledge) =>
    planAtCentral(runtime, operation, knowledge, { signal, operation: draft.id }),
  );
  return 'kind' in planned ? answerOf(planned) : nothingToDo;
}

/**
 * Plans an edit as {@link beforeRecords} does, but takes no locks and writes nothing. Without locks, it
 * neither waits for background steps nor delays them.
 * @returns the plan; or the answer to the edit, if it can be answered without a plan
 * @throws {JournalError}
 */
export async function planEdit(
  runtime: Runtime,
  event: RecordsEvent,
  signal: AbortSignal,
): Promise<PlannedEdit | Answer> {
  const entry = await runtime.ports.journal.zone(event.zone);
  if (entry === null || (await isBaselineDue(runtime, entry))) return await unknownZone(runtime, event);
  if (!isMirrored(entry.state)) return leftToPanel(event, leftNotes[entry.state]);
  const resolved = await resolve(runtime, event, entry);
  if (resolved.kind === 'refuse') return resolved;
  const draft = newEdit(runtime, { ...fromEvent(event), class: 'veto' });
  const names = mirroredNames({ items: resolved.items.map(asMirrored) });
  const planned = await unlessStuck(runtime, draft, resolved, names, (operation, knowledge) =>
    planAtCentral(runtime, operation, knowledge, { signal, operation: draft.id }),
  );
  return 'kind' in planned ? answerOf(planned) : planned;
}

/** The items of an edit. `event`: the panel's call that means them; absent: they come from no call. */
export interface Meant {
  readonly items: readonly EditItem[];
  readonly event?: RecordsEvent;
}

type Resolved = ({ readonly kind: 'items' } & Meant) | Refusal;

/**
 * Finds out which records the panel's call means. If a `before` call names a record by a panel key that we do
 * not know, a comparison of the zone is scheduled.
 * @param entry of the event's zone
 */
export async function resolve(runtime: Runtime, event: RecordsEvent, entry: ZoneEntry): Promise<Resolved> {
  const near = event.names === null ? null : await resolveAmong(runtime, event, entry, event.names);
  const resolution =
    near === null || near.kind !== 'items' ? await resolveAmong(runtime, event, entry) : near;
  if (resolution.kind === 'items') return { ...resolution, event };
  if (resolution.kind === 'unknown-key' && event.stage === 'before')
    runtime.agenda.compareSoon(event.zone, 'unknown-key');
  return { kind: 'refuse', problems: resolution.problems, changed: 'nothing' };
}

async function resolveAmong(
  runtime: Runtime,
  event: RecordsEvent,
  entry: ZoneEntry,
  names?: readonly DnsName[],
): Promise<Resolution> {
  return event.resolve(knownRecords(await readKnowledge(runtime, event.zone, entry, names)));
}

/**
 * Reads the engine's knowledge of a zone.
 * @param entry of the zone; null: the ledger has none
 * @param names only ledger rows of these owner names are read, because a zone may be large; absent: all rows.
 * Open operations are always read for the whole zone
 */
async function readKnowledge(
  runtime: Runtime,
  zone: DnsName,
  entry: ZoneEntry | null,
  names?: readonly DnsName[],
): Promise<ZoneKnowledge> {
  const { journal, clock } = runtime.ports;
  // In state `creating`, the zone's records have not been sent yet. The rows in the ledger then belong to an
  // earlier zone of the same name.
  const rows = entry?.state === 'creating' ? [] : await journal.rows(zone, names);
  const open = await journal.operations({ zone, openAt: clock.wall() });
  const recent = mayHideEdits(edits(open)) ? await journal.operations({ zone, latest }) : [];
  return knowledgeOf(zone, rows, open, recent);
}

/** The number of the zone's newest operations in which we look for other edits of a record. */
const latest = 30;

/**
 * Whether edits that have ended matter to the next edit. They do if an open edit has removed records, or if
 * two open edits add the same record. That is rare, so most calls do not read the ended ones.
 */
function mayHideEdits(operations: readonly RecordsOperation[]): boolean {
  const open = operations.filter(({ state }) => !isFinal(state));
  const added = open.flatMap(({ items }) => items.flatMap(({ add }) => (add === null ? [] : recordId(add))));
  return open.some(({ removed }) => removed.length > 0) || new Set(added).size < added.length;
}

/**
 * Carries out the items of an edit at the central while their names are locked. Later, background steps wait
 * for the panel's `after` call, and confirm or undo the edit. If the journal or the central fails, returns a
 * refusal.
 */
export async function mirrorItems(
  runtime: Runtime,
  source: FromCall,
  meant: Meant,
  kind: OperationClass,
  signal: AbortSignal,
): Promise<Outcome> {
  const draft = newEdit(runtime, { ...source, class: kind });
  return await mirrorDraft(runtime, draft, meant, signal);
}

/**
 * Like {@link mirrorItems}, but for an operation that exists already. The operation is in state `prepared`,
 * and nothing of it has been written to the central.
 */
export async function mirrorDraft(
  runtime: Runtime,
  draft: RecordsOperation,
  meant: Meant,
  signal: AbortSignal,
): Promise<Outcome> {
  runtime.inFlight.add(draft.id);
  try {
    return await underLocks(
      runtime,
      draft,
      meant,
      signal,
      async (operation, knowledge) => await carryOut(runtime, operation, knowledge, signal),
    );
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    runtime.ports.log(1, 'journal.failed', { operation: draft.id, code: error.code });
    const problems = [refusal(error.code, error.params)];
    // `carryOut` throws a `JournalError` only before the first write.
    return { kind: 'refused', problems, changed: 'nothing', operation: null };
  } finally {
    runtime.inFlight.delete(draft.id);
    runtime.patience.begin(draft.id);
    runtime.agenda.wake(draft.zone, runtime.ports.settings.afterWait);
  }
}

/**
 * Runs `body` while the names of the items are locked. Does not run `body` if an operation that waits for an
 * operator (`stuck`) blocks one of the names.
 * @returns the result of `body`; or a refusal, if the locks took too long or a name is blocked
 */
async function underLocks<T>(
  runtime: Runtime,
  draft: RecordsOperation,
  meant: Meant,
  signal: AbortSignal,
  body: (draft: RecordsOperation, knowledge: ZoneKnowledge) => Promise<T>,
): Promise<T | Refused> {
  const names = mirroredNames({ items: meant.items.map(asMirrored) });
  const held = await runtime.locks.acquire(draft.zone, names, signal).catch((error: unknown) => {
    if (signal.aborted) return null;
    throw error;
  });
  if (held === null) return refusedNow([refusal('edit.busy', { zone: draft.zone })]);
  try {
    const unknown = await learnOutcomes(runtime, draft, names, signal);
    if (unknown !== null) return refusedNow([unknown]);
    // `unlessStuck` reads the ledger again, now under the lock: an edit of the same names may have ended
    // since the first read.
    return await unlessStuck(runtime, draft, meant, names, body);
  } finally {
    held.release();
  }
}

/**
 * Asks the central for the outcome of unanswered writes of earlier edits at the names. Without it, nobody
 * knows which records at these names are ours, and this edit cannot be planned. The caller has locked the
 * names.
 * @returns why an outcome is not known yet; `null`: all outcomes are known
 */
async function learnOutcomes(
  runtime: Runtime,
  { id, zone }: RecordsOperation,
  names: readonly DnsName[],
  signal: AbortSignal,
): Promise<Problem | null> {
  const { central, journal, clock } = runtime.ports;
  if (central.conditional === undefined) return null;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  const earlier = unansweredIn(open).filter(
    (one) => one.id !== id && mirroredNames(one).some((name) => names.includes(name)),
  );
  try {
    for (const one of earlier) await learnOutcome(runtime, one, { signal, operation: id });
    return null;
  } catch (error) {
    if (error instanceof CentralError) return error.problem;
    throw error;
  }
}

/**
 * Runs `body` with what the journal knows of the names. Does not run `body` if an operation that waits for an
 * operator (`stuck`) blocks one of the names.
 * @returns the result of `body`, or a refusal
 */
async function unlessStuck<T>(
  runtime: Runtime,
  draft: RecordsOperation,
  meant: Meant,
  names: readonly DnsName[],
  body: (draft: RecordsOperation, knowledge: ZoneKnowledge) => Promise<T>,
): Promise<T | Refused> {
  const entry = await runtime.ports.journal.zone(draft.zone);
  const knowledge = await readKnowledge(runtime, draft.zone, entry, names);
  const stuck = stuckOn(knowledge, names);
  if (stuck !== null) return refusedNow([refusal('name.stuck', { operation: stuck.id })]);
  const sorted = sortItems(knowledge, itemsNow(meant, names, knowledge));
  return await body({ ...draft, items: sorted }, knowledge);
}

/**
 * The items that the call means, by what is known under the locks. Since they were found out before, an edit
 * may have ended, so that the panel lists a record in more or fewer rows.
 * @returns the items as found out before, if the call now means nothing, or names that are not locked
 */
function itemsNow(
  { items, event }: Meant,
  names: readonly DnsName[],
  knowledge: ZoneKnowledge,
): readonly EditItem[] {
  const now = event?.resolve(knownRecords(knowledge));
  if (now?.kind !== 'items') return items;
  const isElsewhere = mirroredNames({ items: now.items.map(asMirrored) }).some(
    (name) => !names.includes(name),
  );
  return isElsewhere ? items : now.items;
}

function asMirrored(item: EditItem): OperationItem {
  return { ...item, mirrored: true, note: null };
}

function refusedNow(problems: readonly Problem[]): Refused {
  return { kind: 'refused', problems, changed: 'nothing', operation: null };
}

/**
 * The stuck operation that blocks one of the names; null: none. A stuck operation waits for an operator. It
 * blocks only the names of its own items.
 */
function stuckOn(knowledge: ZoneKnowledge, names: readonly DnsName[]): Operation | null {
  const stuck = edits(knowledge.open).filter(({ state }) => state === 'stuck');
  return (
    stuck.find((operation) => {
      const own = new Set(mirroredNames(operation));
      return names.some((name) => own.has(name));
    }) ?? null
  );
}
