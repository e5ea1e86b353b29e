import type { DnsName } from '../../../dns/name.ts';
import type { Problem } from '../../../dns/problem.ts';
import { refusal } from '../../catalogue.ts';
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
import {
  answerOf,
  carryOut,
  planAtCentral,
  type Outcome,
  type PlannedEdit,
  type Refused,
} from './carry-out.ts';
import { fromEvent, mirroredNames, newEdit, type FromCall } from '../knowledge/operations.ts';
import { knowledgeOf, knownRecords, sortItems, type ZoneKnowledge } from './plan.ts';
import type { Runtime } from '../runtime.ts';
import { isBaselineDue, unknownZone } from './unknown-zone.ts';

/**
 * Answers `before` of a record edit: carries the edit out at the central first, or refuses it.
 * @throws {JournalError} nothing was changed
 */
export async function beforeRecords(runtime: Runtime, event: RecordsEvent, call: Call): Promise<Answer> {
  const entry = await runtime.ports.journal.zone(event.zone);
  if (entry === null || (await isBaselineDue(runtime, entry))) return await unknownZone(runtime, event);
  if (!isMirrored(entry.state)) return leftToPanel(event, leftNotes[entry.state]);
  const resolved = await resolve(runtime, event, entry);
  if (resolved.kind === 'refuse') return resolved;
  if (call.isTrial) return await tryRecords(runtime, event, resolved.items, call);
  const outcome = await mirrorItems(runtime, fromEvent(event), resolved.items, 'veto', call.signal);
  return answerOf(outcome);
}

/**
 * Finds the objections to an edit. Takes the locks first: a record that another edit of ours is just writing
 * would look like another writer's.
 */
async function tryRecords(
  runtime: Runtime,
  event: RecordsEvent,
  items: readonly EditItem[],
  { signal }: Call,
): Promise<Answer> {
  const draft = newEdit(runtime, { ...fromEvent(event), class: 'veto' });
  const planned = await underLocks(runtime, draft, items, signal, async (operation, knowledge) =>
    planAtCentral(runtime, operation, knowledge, { signal, operation: draft.id }),
  );
  return 'kind' in planned ? answerOf(planned) : nothingToDo;
}

/**
 * Plans an edit as {@link beforeRecords} does, but takes no locks. So it neither waits for the background nor
 * delays it. Writes nothing.
 * @returns the plan, or the answer to an edit that needs none
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
  const planned = await unlessStuck(runtime, draft, resolved.items, names, (operation, knowledge) =>
    planAtCentral(runtime, operation, knowledge, { signal, operation: draft.id }),
  );
  return 'kind' in planned ? answerOf(planned) : planned;
}

type Resolved = { readonly kind: 'items'; readonly items: readonly EditItem[] } | Refusal;

/**
 * Finds out which records the call means. If the key of a `before` is unknown to us, a comparison of the zone
 * becomes due.
 * @param entry of the event's zone
 */
export async function resolve(runtime: Runtime, event: RecordsEvent, entry: ZoneEntry): Promise<Resolved> {
  const near = event.names === null ? null : await resolveAmong(runtime, event, entry, event.names);
  const resolution =
    near === null || near.kind !== 'items' ? await resolveAmong(runtime, event, entry) : near;
  if (resolution.kind === 'items') return resolution;
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
 * Reads what we know of a zone.
 * @param entry null: the ledger has no entry of it
 * @param names only ledger rows of these owner names, because a zone may be large; absent: all rows. Open
 *   operations are not limited by it
 */
async function readKnowledge(
  runtime: Runtime,
  zone: DnsName,
  entry: ZoneEntry | null,
  names?: readonly DnsName[],
): Promise<ZoneKnowledge> {
  const { journal, clock } = runtime.ports;
  // Until the content of a new zone is sent, the ledger still holds the rows of the zone before it.
  const rows = entry?.state === 'creating' ? [] : await journal.rows(zone, names);
  const open = await journal.operations({ zone, openAt: clock.wall() });
  // The newest operations matter only if an open edit removed records. That is rare, so most calls do not
  // read them.
  const hasRemoved = edits(open).some(({ state, removed }) => !isFinal(state) && removed.length > 0);
  const recent = hasRemoved ? await journal.operations({ zone, latest }) : [];
  return knowledgeOf(zone, rows, open, recent);
}

/** The removal of a record is searched for among so many of the zone's newest operations. */
const latest = 30;

/**
 * Carries out items while their names are locked. Background steps do the rest: they wait for `after`,
 * confirm and undo. Failures of the journal or the central become refusals.
 */
export async function mirrorItems(
  runtime: Runtime,
  source: FromCall,
  items: readonly EditItem[],
  kind: OperationClass,
  signal: AbortSignal,
): Promise<Outcome> {
  const draft = newEdit(runtime, { ...source, class: kind });
  return await mirrorDraft(runtime, draft, items, signal);
}

/**
 * Like {@link mirrorItems}, for an operation that exists already. It is `prepared`, and nothing of it is
 * written.
 */
export async function mirrorDraft(
  runtime: Runtime,
  draft: RecordsOperation,
  items: readonly EditItem[],
  signal: AbortSignal,
): Promise<Outcome> {
  runtime.inFlight.add(draft.id);
  try {
    return await underLocks(
      runtime,
      draft,
      items,
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
 * Runs `body` while the names of the items are locked, unless a stuck operation blocks one of them.
 * @returns the result of `body`; or a refusal, if the locks took too long or a name is blocked
 */
async function underLocks<T>(
  runtime: Runtime,
  draft: RecordsOperation,
  items: readonly EditItem[],
  signal: AbortSignal,
  body: (draft: RecordsOperation, knowledge: ZoneKnowledge) => Promise<T>,
): Promise<T | Refused> {
  const names = mirroredNames({ items: items.map(asMirrored) });
  const held = await runtime.locks.acquire(draft.zone, names, signal).catch((error: unknown) => {
    if (signal.aborted) return null;
    throw error;
  });
  if (held === null) return refusedNow([refusal('edit.busy', { zone: draft.zone })]);
  try {
    // Read again under the lock: an edit of the same names may have ended in between.
    return await unlessStuck(runtime, draft, items, names, body);
  } finally {
    held.release();
  }
}

/**
 * Runs `body` with what is known of the names, unless a stuck operation blocks one of them.
 * @returns the result of `body`, or a refusal
 */
async function unlessStuck<T>(
  runtime: Runtime,
  draft: RecordsOperation,
  items: readonly EditItem[],
  names: readonly DnsName[],
  body: (draft: RecordsOperation, knowledge: ZoneKnowledge) => Promise<T>,
): Promise<T | Refused> {
  const entry = await runtime.ports.journal.zone(draft.zone);
  const knowledge = await readKnowledge(runtime, draft.zone, entry, names);
  const stuck = stuckOn(knowledge, names);
  if (stuck !== null) return refusedNow([refusal('name.stuck', { operation: stuck.id })]);
  const sorted = sortItems(knowledge, items);
  return await body({ ...draft, items: sorted }, knowledge);
}

function asMirrored(item: EditItem): OperationItem {
  return { ...item, mirrored: true, note: null };
}

function refusedNow(problems: readonly Problem[]): Refused {
  return { kind: 'refused', problems, changed: 'nothing', operation: null };
}

/**
 * The stuck operation that blocks one of the names; null: none. A stuck operation blocks only the names of
 * its own items.
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
