import { recordId } from '../../../dns/record.ts';
import { JournalError } from '../../journal.ts';
import { isMirrored, type ZoneEntry } from '../../ledger.ts';
import { refusal } from '../../catalogue.ts';
import {
  creates,
  wasOver,
  type DeleteOperation,
  type Operation,
  type OperationState,
  type RecordsOperation,
} from '../../operation.ts';
import type { EditEvent, EditItem, RecordsEvent } from '../../panel.ts';
import { nothingToDo, type Answer } from '../before/answer.ts';
import type { Refused } from '../before/carry-out.ts';
import { createFollowing } from '../comparison/compare.ts';
import { hear, readNewZoneAgain } from './heard.ts';
import { keepCompensation } from './keep-compensation.ts';
import { mirrorItems, resolve } from '../before/before-records.ts';
import { missingNote } from '../knowledge/compare-rule.ts';
import { isForgotten } from '../knowledge/forgotten.ts';
import {
  fromEvent,
  isOnlyAsked,
  type FromCall,
  newDelete,
  newEdit,
  watching,
} from '../knowledge/operations.ts';
import type { Right } from '../owners/owners.ts';
import type { Runtime } from '../runtime.ts';
import type { Transaction } from '../parts/store.ts';
import { compareNamed } from '../before/unknown-zone.ts';

/**
 * Answers the panel's `after` call, which reports that the panel has made an edit. Finds the edit's operation
 * by the call's fingerprint; later panel reads decide how the operation ends. If there is no operation, or it
 * was undone, the edit is carried out at the central now (class `compensate`). If the answer to `before` left
 * the decision to the panel, the edit is carried out once a panel read shows it.
 * @param right whether the actor may change the zone, as far as we know now
 */
export async function answerAfter(
  runtime: Runtime,
  event: EditEvent,
  right: Right,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const match = await findMatch(runtime, event);
    if (match !== null) {
      const kept = await markKept(runtime, event, match);
      if (kept !== null) return kept;
    }
    if (match === null && right !== 'may') {
      await hear(runtime, event);
      return nothingToDo;
    }
    const entry = await runtime.ports.journal.zone(event.zone);
    if (event.kind === 'zone-create') return await createdAfterAll(runtime, event, entry, match);
    if (entry === null || !isMirrored(entry.state)) {
      await compareNamed(runtime, event, 'after-without-operation');
      return nothingToDo;
    }
    if (event.kind === 'zone-delete') {
      await runtime.store.transact((tx) => keptDelete(runtime, tx, fromEvent(event), match));
      return nothingToDo;
    }
    return await compensate(runtime, event, entry, match?.kind === 'records' ? match : null, signal);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    runtime.ports.log(1, 'journal.failed', { zone: event.zone, code: error.code });
    // The central keeps what the `before` call wrote, so we cannot answer that only the panel has changed.
    return { kind: 'refuse', problems: [refusal(error.code, error.params)], changed: 'panel-unknown' };
  }
}

/**
 * Handles the `after` call of a zone create for which no operation is open. Either two panel reads lacked the
 * zone, so that we undid the create, or the panel never called `before`.
 */
async function createdAfterAll(
  runtime: Runtime,
  event: EditEvent,
  entry: ZoneEntry | null,
  match: Operation | null,
): Promise<Answer> {
  if (match?.state === 'reverted' && entry?.state === 'synced') {
    const cancels = match.kind === 'zone-create' ? match.cancels : null;
    await createFollowing(runtime, event.zone, 'late-create', cancels);
    await markAnswered(runtime, match);
  } else await compareNamed(runtime, event, 'after-without-operation');
  return nothingToDo;
}

const matched: ReadonlySet<OperationState> = new Set(['prepared', 'applied', 'kept', 'confirmed', 'stuck']);

/**
 * The states in which an operation may still wait for its `after` call. The most likely state comes first.
 */
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

/**
 * How many of a zone's newest operations are searched for an operation that belongs to an `after` call, or
 * for removals.
 */
const latest = 20;

/**
 * The first states of {@link preference}. Operations in these states are open, and the journal keeps open
 * operations in memory.
 */
const likely: ReadonlySet<OperationState> = new Set(['applied', 'prepared', 'kept']);

/**
 * Finds the operation that an `after` call belongs to. It has the call's fingerprint and still waits for its
 * `after` call. If there are several, takes the likeliest one.
 * @throws {JournalError}
 */
export async function findMatch(runtime: Runtime, event: EditEvent): Promise<Operation | null> {
  const { journal, clock } = runtime.ports;
  const open = await journal.operations({ zone: event.zone, openAt: clock.wall() });
  const found = matchAmong(runtime, event, open.toReversed());
  if (found !== null && likely.has(found.state)) return found;
  return matchAmong(runtime, event, await journal.operations({ zone: event.zone, latest }));
}

/**
 * Finds the likeliest operation of an `after` call in a list.
 * @param operations of the event's zone, newest first
 */
function matchAmong(runtime: Runtime, event: EditEvent, operations: readonly Operation[]): Operation | null {
  const candidates = operations
    .filter(
      (operation) =>
        operation.fingerprint === event.fingerprint &&
        operation.kind === kinds[event.kind] &&
        operation.class === 'veto' &&
        !isForgotten(operation) &&
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
 * For each kind of operation, a state besides `applied` from which an `after` call moves the operation to
 * `kept`. A delete waits for the call in state `prepared`. A create may be `stuck` because another writer
 * changed its zone; the call then shows that the panel wants the zone.
 */
const movesBy = { records: null, 'zone-create': 'stuck', 'zone-delete': 'prepared' } as const;

/**
 * Stores that the `after` call of an operation has come.
 * @returns `null`: a background step has undone the operation in the meantime
 */
export async function markKept(
  runtime: Runtime,
  event: EditEvent,
  matching: Operation,
): Promise<Answer | null> {
  return await runtime.store.transact(async (tx) => {
    const operation = await tx.current(matching);
    if (!matched.has(operation.state)) return null;
    // While an edit is `prepared`, nobody knows yet how its write ends. So the state stays, and we only store
    // that the `after` call has come.
    const moves =
      operation.state === 'applied' || movesBy[operation.kind] === operation.state || isOnlyAsked(operation);
    // If the operation is `confirmed`, a panel read showed the edit before this call came. The panel may have
    // changed the records again since that read.
    const watch = operation.state === 'confirmed' ? watching(runtime.ports, operation) : operation.watch;
    await tx.advance(operation, moves ? 'kept' : operation.state, { afterSeen: true, watch });
    if (moves && operation.kind === 'zone-delete') {
      const entry = await tx.journal.zone(event.zone);
      if (entry !== null) await tx.zone(entry, { ...entry, state: 'deleting' });
    }
    tx.wake(event.zone, runtime.agenda.untilConfirming(event.zone));
    return nothingToDo;
  });
}

/**
 * Journals a zone delete that the panel made although we refused its `before` call, or never got one. The
 * delete is sent to the central once panel reads prove that the zone is gone.
 * @param answered the earlier operation that the `after` call belongs to; null: none
 */
export async function keptDelete(
  runtime: Runtime,
  tx: Transaction,
  source: FromCall,
  answered: Operation | null,
): Promise<void> {
  const entry = await tx.journal.zone(source.zone);
  if (entry === null) return;
  const { incarnation, note } = entry;
  const known = answered?.kind === 'zone-delete' ? await knownNow(tx, answered) : unknownDelete;
  const wasThere = note === missingNote ? false : known.wasThere;
  const { snapshot } = known;
  const draft = newDelete(runtime, { ...source, class: 'compensate', incarnation, snapshot, wasThere });
  tx.create({ ...draft, afterSeen: true }, 'kept');
  if (answered !== null) await tx.amend(answered, () => ({ afterSeen: true }));
  await tx.zone(entry, { ...entry, state: 'deleting' });
  tx.wake(source.zone, runtime.ports.settings.confirmDelay);
}

type KnownOfDelete = Pick<DeleteOperation, 'snapshot' | 'wasThere'>;

/** What is known of a delete for which `before` was never asked. */
const unknownDelete: KnownOfDelete = { snapshot: [], wasThere: null };

/**
 * What was found when the delete began, changed by what we have done since. Edits may have removed records at
 * the central, and a create may have requested the zone.
 */
async function knownNow({ journal }: Transaction, known: DeleteOperation): Promise<KnownOfDelete> {
  const recent = await journal.operations({ zone: known.zone, latest });
  const since = recent.filter((one) => !wasOver(one, known));
  const isAsked = creates(since).some(({ created, requested }) => created || requested);
  const ended = since.filter(({ state }) => state === 'confirmed');
  const removed = new Set(
    ended.flatMap((one) => (one.kind === 'zone-delete' ? [] : one.removed)).map(recordId),
  );
  return {
    snapshot: known.snapshot.filter((record) => !removed.has(recordId(record))),
    wasThere: isAsked || known.wasThere,
  };
}

async function compensate(
  runtime: Runtime,
  event: RecordsEvent,
  entry: ZoneEntry,
  undone: RecordsOperation | null,
  signal: AbortSignal,
): Promise<Answer> {
  const resolved =
    undone === null ? await resolve(runtime, event, entry) : { kind: 'items' as const, items: undone.items };
  if (resolved.kind === 'refuse') {
    await readNewZoneAgain(runtime, event.zone);
    // Panel reads may not show the edit before `visibilityWait` is over.
    const { visibilityWait } = runtime.ports.settings;
    runtime.agenda.compareSoon(event.zone, 'after-not-understood', 'limited', visibilityWait);
    return nothingToDo;
  }
  const outcome = await mirrorItems(runtime, fromEvent(event), resolved, 'compensate', signal);
  if (outcome.kind === 'applied') {
    await keepCompensation(runtime, outcome.operation, undone);
    return nothingToDo;
  }
  // If the earlier operation is `reverting`, its background step brings the central to what the panel shows.
  // So the refused edit needs no undo of its own.
  const now = undone === null ? null : await runtime.ports.journal.operation(undone.id);
  if (now?.state !== 'reverting') await rememberToRestore(runtime, event, resolved.items, outcome);
  else await endRefused(runtime, outcome);
  if (undone !== null) await markAnswered(runtime, undone);
  const changed = outcome.changed === 'nothing' ? 'panel' : 'panel-unknown';
  return { kind: 'refuse', problems: outcome.problems, changed };
}

/**
 * Ends the operation of an edit that the central refused. If the journal could not store how the edit's write
 * ended, a background step ends the operation instead.
 */
async function endRefused(runtime: Runtime, { operation, problems }: Refused): Promise<void> {
  if (operation?.state !== 'reverting') return;
  await runtime.store.transact(async (tx) => {
    if (!(await tx.isMoved(operation))) await tx.advance(operation, 'refused', { problems });
  });
}

/** Stores that the `after` call of an operation has come and was answered. */
export async function markAnswered(runtime: Runtime, operation: Operation): Promise<void> {
  await runtime.store.transact((tx) => tx.amend(operation, () => ({ afterSeen: true })));
}

/**
 * The central has refused an edit that the panel has made already. Journals that a background step has to
 * undo the edit in the panel.
 */
async function rememberToRestore(
  runtime: Runtime,
  event: RecordsEvent,
  items: readonly EditItem[],
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
