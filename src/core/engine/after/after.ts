import { JournalError } from '../../journal.ts';
import { isMirrored, type ZoneEntry } from '../../ledger.ts';
import { refusal } from '../../catalogue.ts';
import type { Operation, OperationState, RecordsOperation } from '../../operation.ts';
import type { EditEvent, RecordsEvent } from '../../panel.ts';
import { nothingToDo, type Answer } from '../before/answer.ts';
import type { Refused } from '../before/carry-out.ts';
import { createFollowing } from '../comparison/compare.ts';
import { hear } from './heard.ts';
import { keepCompensation } from './keep-compensation.ts';
import { mirrorItems, resolve } from '../before/before-records.ts';
import { fromEvent, isOnlyAsked, newDelete, newEdit, watching } from '../knowledge/operations.ts';
import type { Right } from '../owners/owners.ts';
import type { Runtime } from '../runtime.ts';
import type { Transaction } from '../parts/store.ts';
import { compareNamed } from '../before/unknown-zone.ts';

/**
 * Answers `after`: the panel did its part. The operation is matched only as a hint; what the panel holds
 * decides later. An `after` without an operation, or for one that was undone, does the edit now (class
 * `compensate`). If `before` left the edit to the panel, it is done only once a panel read shows it. A call
 * may say something else than the panel understands.
 * @param right of the actor, as it is known now
 */
export async function answerAfter(
  runtime: Runtime,
  event: EditEvent,
  right: Right,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const entry = await runtime.ports.journal.zone(event.zone);
    const match = await findMatch(runtime, event);
    if (match !== null) {
      const kept = await markKept(runtime, event, match);
      if (kept !== null) return kept;
    }
    if (match === null && right !== 'may') {
      await hear(runtime, event);
      return nothingToDo;
    }
    if (event.kind === 'zone-create') return await createdAfterAll(runtime, event, entry, match);
    if (entry === null || !isMirrored(entry.state)) {
      await compareNamed(runtime, event, 'after-without-operation');
      return nothingToDo;
    }
    if (event.kind === 'zone-delete') {
      await runtime.store.transact((tx) => keptDelete(runtime, tx, fromEvent(event), match));
      return nothingToDo;
    }
    return await compensate(runtime, event, match?.kind === 'records' ? match : null, signal);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    runtime.ports.log(1, 'journal.failed', { zone: event.zone, code: error.code });
    // What `before` did stands at the central.
    return { kind: 'refuse', problems: [refusal(error.code, error.params)], changed: 'panel-unknown' };
  }
}

/**
 * The panel has made a zone whose create it seemed to have refused, together with the delete before it; or
 * one that nobody asked about.
 */
async function createdAfterAll(
  runtime: Runtime,
  event: EditEvent,
  entry: ZoneEntry | null,
  match: Operation | null,
): Promise<Answer> {
  if (match?.state === 'reverted' && entry?.state === 'synced') {
    await createFollowing(runtime, event.zone, 'late-create');
    await markAnswered(runtime, match);
  } else await compareNamed(runtime, event, 'after-without-operation');
  return nothingToDo;
}

const matched: ReadonlySet<OperationState> = new Set(['prepared', 'applied', 'kept', 'confirmed', 'stuck']);

/** States an unanswered operation can be in when its `after` comes, the likeliest first. */
const preference: readonly OperationState[] = [
  'applied',
  'prepared',
  'kept',
  'confirmed',
  'stuck',
  'reverting',
  'reverted',
];

const kinds = { records: 'records', 'zone-create': 'zone-create', 'zone-delete': 'zone-delete' } as const;

/** How many of the newest operations of a zone are checked for a match. */
const latest = 20;

async function findMatch(runtime: Runtime, event: EditEvent): Promise<Operation | null> {
  const recent = await runtime.ports.journal.operations({ zone: event.zone, latest });
  const candidates = recent
    .filter(
      (operation) =>
        operation.fingerprint === event.fingerprint &&
        operation.kind === kinds[event.kind] &&
        operation.class === 'veto' &&
        !operation.afterSeen &&
        !runtime.inFlight.has(operation.id),
    )
    .toReversed();
  for (const state of preference) {
    const found = candidates.find((operation) => operation.state === state);
    if (found !== undefined) return found;
  }
  return null;
}

/**
 * Besides `applied`: a delete waits in `prepared`; a create that was changed by somebody is wanted after all.
 */
const movesBy = { records: null, 'zone-create': 'stuck', 'zone-delete': 'prepared' } as const;

/**
 * Notes the `after` on its operation; `null` when the background has taken the operation back in the same
 * moment.
 */
async function markKept(runtime: Runtime, event: EditEvent, matching: Operation): Promise<Answer | null> {
  return await runtime.store.transact(async (tx) => {
    const operation = await tx.current(matching);
    if (!matched.has(operation.state)) return null;
    // A `prepared` record operation still has to be looked up at the central; only its `after` is noted.
    const moves =
      operation.state === 'applied' || movesBy[operation.kind] === operation.state || isOnlyAsked(operation);
    // A read showed it done before the panel was: what the panel does now may be another thing than was seen.
    const watch = operation.state === 'confirmed' ? watching(runtime.ports, operation) : operation.watch;
    await tx.advance(operation, moves ? 'kept' : operation.state, { afterSeen: true, watch });
    const entry = await tx.journal.zone(event.zone);
    if (moves && operation.kind === 'zone-delete' && entry !== null)
      await tx.zone(entry, { ...entry, state: 'deleting' });
    tx.wake(event.zone, runtime.ports.settings.confirmDelay);
    return nothingToDo;
  });
}

/**
 * Journals a delete that the panel has carried out although our `before` was not asked, or refused it. It is
 * sent like any other, once the panel proves the absence.
 */
export async function keptDelete(
  runtime: Runtime,
  tx: Transaction,
  source: Pick<Operation, 'zone' | 'fingerprint' | 'actor'>,
  answered: Operation | null,
): Promise<void> {
  const entry = await tx.journal.zone(source.zone);
  if (entry === null) return;
  const { incarnation } = entry;
  const draft = newDelete(runtime, { ...source, class: 'compensate', incarnation });
  tx.create({ ...draft, afterSeen: true }, 'kept');
  if (answered !== null) await tx.amend(answered, () => ({ afterSeen: true }));
  await tx.zone(entry, { ...entry, state: 'deleting' });
  tx.wake(source.zone, runtime.ports.settings.confirmDelay);
}

async function compensate(
  runtime: Runtime,
  event: RecordsEvent,
  undone: RecordsOperation | null,
  signal: AbortSignal,
): Promise<Answer> {
  const resolved =
    undone === null ? await resolve(runtime, event) : { kind: 'items' as const, items: undone.items };
  if (resolved.kind === 'refuse') {
    runtime.agenda.compareSoon(event.zone, 'after-not-understood');
    return nothingToDo;
  }
  const outcome = await mirrorItems(runtime, fromEvent(event), resolved.items, 'compensate', signal);
  if (outcome.kind === 'applied') {
    await keepCompensation(runtime, outcome.operation, undone);
    return nothingToDo;
  }
  // An undo that is still on its way turns round by itself when it sees what the panel holds now.
  const now = undone === null ? null : await runtime.ports.journal.operation(undone.id);
  if (now?.state !== 'reverting') await rememberToRestore(runtime, event, resolved.items, outcome);
  else if (outcome.operation?.state === 'reverting')
    await runtime.store.advance(outcome.operation, 'refused', { problems: outcome.problems });
  if (undone !== null) await markAnswered(runtime, undone);
  const changed = outcome.changed === 'nothing' ? 'panel' : 'panel-unknown';
  return { kind: 'refuse', problems: outcome.problems, changed };
}

/** Notes that the `after` of an operation has been dealt with, whatever came of it. */
export async function markAnswered(runtime: Runtime, operation: Operation): Promise<void> {
  await runtime.store.transact((tx) => tx.amend(operation, () => ({ afterSeen: true })));
}

/** The panel wrote it and the central will not have it: the background puts the panel back. */
async function rememberToRestore(
  runtime: Runtime,
  event: RecordsEvent,
  items: Parameters<typeof mirrorItems>[2],
  refused: Refused,
): Promise<void> {
  const base =
    refused.operation ??
    newEdit(runtime, {
      ...fromEvent(event),
      class: 'compensate',
      items: items.map((item) => ({ ...item, mirrored: true, note: null })),
    });
  await runtime.store.transact(async (tx) => {
    await tx.record(base, 'reverting', () => ({ afterSeen: true, problems: refused.problems }));
    tx.wake(event.zone, runtime.ports.settings.confirmDelay);
  });
}
