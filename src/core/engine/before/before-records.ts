import type { DnsName } from '../../../dns/name.ts';
import type { Problem } from '../../../dns/problem.ts';
import { refusal } from '../../catalogue.ts';
import { JournalError } from '../../journal.ts';
import { isMirrored } from '../../ledger.ts';
import {
  edits,
  isFinal,
  type Operation,
  type OperationClass,
  type OperationItem,
  type RecordsOperation,
} from '../../operation.ts';
import type { EditItem, RecordsEvent, Resolution } from '../../panel.ts';
import { nothingToDo, type Answer, type Call, type Refusal } from './answer.ts';
import { answerOf, carryOut, planAtCentral, type Outcome, type Refused } from './carry-out.ts';
import { fromEvent, mirroredNames, newEdit } from '../knowledge/operations.ts';
import { knowledgeOf, knownRecords, sortItems, type ZoneKnowledge } from './plan.ts';
import type { Runtime } from '../runtime.ts';
import { unknownZone } from './unknown-zone.ts';

/**
 * Answers `before` of a record edit: done at the central first, or refused. @throws {JournalError} nothing
 * was changed
 */
export async function beforeRecords(runtime: Runtime, event: RecordsEvent, call: Call): Promise<Answer> {
  const entry = await runtime.ports.journal.zone(event.zone);
  if (entry === null) return await unknownZone(runtime, event);
  if (!isMirrored(entry.state)) return nothingToDo;
  const resolved = await resolve(runtime, event);
  if (resolved.kind === 'refuse') return resolved;
  if (call.isTrial) return await tryRecords(runtime, event, resolved.items, call);
  const outcome = await mirrorItems(runtime, fromEvent(event), resolved.items, 'veto', call.signal);
  return answerOf(outcome);
}

/**
 * Under the locks: an edit of the same names that is just being written would look like somebody else's
 * records.
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

type Resolved = { readonly kind: 'items'; readonly items: readonly EditItem[] } | Refusal;

/** What the call means, given what we know; a key we do not know makes a comparison due. */
export async function resolve(runtime: Runtime, event: RecordsEvent): Promise<Resolved> {
  const near = event.names === null ? null : await resolveAmong(runtime, event, event.names);
  const resolution = near === null || near.kind !== 'items' ? await resolveAmong(runtime, event) : near;
  if (resolution.kind === 'items') return resolution;
  if (resolution.kind === 'unknown-key') runtime.agenda.compareSoon(event.zone, 'unknown-key');
  return { kind: 'refuse', problems: resolution.problems, changed: 'nothing' };
}

async function resolveAmong(
  runtime: Runtime,
  event: RecordsEvent,
  names?: readonly DnsName[],
): Promise<Resolution> {
  return event.resolve(knownRecords(await readKnowledge(runtime, event.zone, names)));
}

/**
 * @param names of these owners only, because a zone may be large; absent: the whole zone. Open operations are
 *   all told.
 */
async function readKnowledge(
  runtime: Runtime,
  zone: DnsName,
  names?: readonly DnsName[],
): Promise<ZoneKnowledge> {
  const { journal, clock } = runtime.ports;
  // Until its content was sent, the ledger is still that of the zone which it takes the place of.
  const isComing = (await journal.zone(zone))?.state === 'creating';
  const rows = isComing ? [] : await journal.rows(zone, names);
  const open = await journal.operations({ zone, openAt: clock.wall() });
  // Who else has touched what they removed is of interest only then: most edits meet no other.
  const hasRemoved = edits(open).some(({ state, removed }) => !isFinal(state) && removed.length > 0);
  const recent = hasRemoved ? await journal.operations({ zone, latest }) : [];
  return knowledgeOf(zone, rows, open, recent);
}

/** How many of a zone's newest operations are asked whether they removed a record. */
const latest = 30;

/**
 * Carries items out under the locks of their names and leaves the rest (waiting for `after`, confirming,
 * undoing) to the background. Never throws for reasons of the journal or the central: they are refusals.
 */
export async function mirrorItems(
  runtime: Runtime,
  source: Pick<Operation, 'zone' | 'fingerprint' | 'actor'>,
  items: readonly EditItem[],
  kind: OperationClass,
  signal: AbortSignal,
): Promise<Outcome> {
  const draft = newEdit(runtime, { ...source, class: kind });
  return await mirrorDraft(runtime, draft, items, signal);
}

/**
 * {@link mirrorItems} for an operation that is there already, in state `prepared` and with nothing written.
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
    // It is only ever thrown before the first write.
    return { kind: 'refused', problems, changed: 'nothing', operation: null };
  } finally {
    runtime.inFlight.delete(draft.id);
    runtime.patience.begin(draft.id);
    runtime.agenda.wake(draft.zone, runtime.ports.settings.afterWait);
  }
}

/**
 * Runs `body` with the names of the items locked, unless something of ours stands against the edit already.
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
    const knowledge = await readKnowledge(runtime, draft.zone, names);
    const stuck = stuckOn(knowledge, names);
    if (stuck !== null) return refusedNow([refusal('name.stuck', { operation: stuck.id })]);
    const sorted = sortItems(knowledge, items);
    return await body({ ...draft, items: sorted }, knowledge);
  } finally {
    held.release();
  }
}

function asMirrored(item: EditItem): OperationItem {
  return { ...item, mirrored: true, note: null };
}

function refusedNow(problems: readonly Problem[]): Refused {
  return { kind: 'refused', problems, changed: 'nothing', operation: null };
}

/** A stuck operation blocks its own names only. */
function stuckOn(knowledge: ZoneKnowledge, names: readonly DnsName[]): Operation | null {
  const stuck = edits(knowledge.open).filter(({ state }) => state === 'stuck');
  return (
    stuck.find((operation) => {
      const own = new Set(mirroredNames(operation));
      return names.some((name) => own.has(name));
    }) ?? null
  );
}
