import type { DnsName } from '../../../dns/name.ts';
import type { Problem } from '../../../dns/problem.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { isAnsweredAbove, namesAbove } from './answered-above.ts';
import { plain } from '../knowledge/compare-rule.ts';
import { refusal } from '../../catalogue.ts';
import { CentralError, type CallContext } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import { isMirrored, type LedgerRow } from '../../ledger.ts';
import { creates, deletes, isFinal, type CreateOperation, type DeleteOperation } from '../../operation.ts';
import type { ZoneCreateEvent, ZoneDeleteEvent } from '../../panel.ts';
import { accepted, nothingToDo, refuse, type Answer, type Call, type Refusal } from './answer.ts';
import type { Held } from '../parts/locks.ts';
import { noteLanded, noteSent, proofOf, readBackCreate, unmake } from '../background/made-zone.ts';
import { fromEvent, newCreate, newDelete, touchedRecords, watching } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import { baselineFact, unknownZone } from './unknown-zone.ts';

/**
 * Answers `before` of a zone create: the zone is made, or synced, at the central first. A trial does not
 * show whose a zone is that is not ours: only the create itself does.
 * @throws {JournalError} nothing was changed
 */
export async function beforeCreate(runtime: Runtime, event: ZoneCreateEvent, call: Call): Promise<Answer> {
  const known = await knownBefore(runtime, event);
  if (known !== null) return known;
  const held = await lockZone(runtime, event.zone, call.signal);
  if (held === null) return refuse('edit.busy', { zone: event.zone });
  try {
    return await (call.isTrial ? tryCreate : createNow)(runtime, event, call.signal);
  } finally {
    held.release();
  }
}

async function createNow(runtime: Runtime, event: ZoneCreateEvent, signal: AbortSignal): Promise<Answer> {
  const draft = newCreate(runtime, {
    ...fromEvent(event),
    class: 'veto',
    seed: event.seed,
  });
  runtime.inFlight.add(draft.id);
  try {
    return await createAtCentral(runtime, draft, signal);
  } finally {
    runtime.inFlight.delete(draft.id);
    runtime.patience.begin(draft.id);
    runtime.agenda.wake(event.zone, runtime.ports.settings.afterWait);
  }
}

async function tryCreate(
  runtime: Runtime,
  { zone, seed }: ZoneCreateEvent,
  signal: AbortSignal,
): Promise<Answer> {
  const { central } = runtime.ports;
  try {
    const ctx: CallContext = { signal, operation: '-' };
    if ((await central.listZones([zone], ctx)).includes(zone)) return nothingToDo;
    if (!central.traits.managesZones) return refuse('zone.create-there-first', { zone });
    await central.mayCreateZone(zone, seed ?? emptySeed, ctx);
    return nothingToDo;
  } catch (error) {
    if (error instanceof CentralError)
      return { kind: 'refuse', problems: [error.problem], changed: 'nothing' };
    throw error;
  }
}

/** The answer to a create that needs nothing of the central; null when it has to be asked. */
async function knownBefore(runtime: Runtime, event: ZoneCreateEvent): Promise<Answer | null> {
  const { journal } = runtime.ports;
  const { zone } = event;
  if ((await journal.fact(baselineFact)) === null) return await unknownZone(runtime, event);
  const entry = await journal.zone(zone);
  const { waiting, unfinished } = await pastOf(runtime, zone);
  // A zone that we are undoing, or would undo if we knew that it is ours, is not the panel's.
  const isUndone = unfinished.some(({ state }) => state === 'reverting' || state === 'stuck');
  const leaving = waiting.length > 0 || isUndone;
  // The panel has this zone as far as we know and will refuse the create itself; if it does not, `after`
  // compares.
  return entry !== null && entry.state !== 'deleting' && !leaving ? nothingToDo : null;
}

/** The whole zone locked; null when that took too long. */
async function lockZone(runtime: Runtime, zone: DnsName, signal: AbortSignal): Promise<Held | null> {
  return await runtime.locks.acquire(zone, null, signal).catch((error: unknown) => {
    if (signal.aborted) return null;
    throw error;
  });
}

/**
 * Lists, creates or adopts, takes the snapshot, journals. If the zone would take answers away, `before` only
 * asks, and the zone is made with its content once the panel has it (docs/decisions/012-new-zones.md). The
 * zone is locked by the caller.
 */
async function createAtCentral(
  runtime: Runtime,
  draft: CreateOperation,
  signal: AbortSignal,
): Promise<Answer> {
  const ctx: CallContext = { signal, operation: draft.id };
  try {
    const { central } = runtime.ports;
    const listed = await central.listZones([draft.zone, ...namesAbove(draft.zone)], ctx);
    const past = await pastOf(runtime, draft.zone);
    const latest = { ...draft, incarnation: past.incarnation + 1, cancels: past.waiting[0]?.id ?? null };
    if (listed.includes(draft.zone)) {
      await commitAccepted(runtime, joining(latest, past), 'applied');
      return accepted(draft.id);
    }
    const { managesZones } = central.traits;
    if (managesZones && (await isAnsweredAbove(runtime, draft.zone, listed, ctx))) {
      await central.mayCreateZone(draft.zone, draft.seed ?? emptySeed, ctx);
      await commitAccepted(runtime, latest, 'prepared');
      return accepted(draft.id);
    }
    // Where zones are the provider's no request of ours makes one.
    const asking = { ...latest, requested: managesZones };
    if (managesZones) await runtime.store.create(asking);
    return await makeNow(runtime, asking, past, ctx);
  } catch (error) {
    if (!(error instanceof CentralError) && !(error instanceof JournalError)) throw error;
    // What fails when a request has gone out is answered by `makeNow`.
    const problems = noteFailure(runtime, draft, error);
    return { kind: 'refuse', problems, changed: 'nothing' };
  }
}

/**
 * The create of a zone that the central has already: what earlier creates are known to have made in it may
 * go.
 */
function joining(latest: CreateOperation, { unfinished, rows, waiting }: Past): CreateOperation {
  const made = unfinished.flatMap(touchedRecords);
  return {
    ...latest,
    created: unfinished.some(({ created }) => created),
    requested: unfinished.some(({ requested }) => requested),
    // A delete taken up again after an undone create knows what was ours before that: the ledger does not any
    // more.
    snapshot: [
      ...rows.filter(wasOurs).map((row) => row.record),
      ...made,
      ...waiting.flatMap(({ formerlyOurs }) => formerlyOurs),
    ],
  };
}

/** Sends the create. @param asking as journalled; that a request went out proves nothing by itself */
async function makeNow(
  runtime: Runtime,
  asking: CreateOperation,
  past: Past,
  ctx: CallContext,
): Promise<Answer> {
  const { central } = runtime.ports;
  let latest = asking;
  try {
    noteSent(runtime, asking);
    const made = await central.createZone(asking.zone, asking.seed ?? emptySeed, ctx);
    // There after all: a list may be filtered, and an earlier create may have landed since.
    latest = made === 'exists' ? joining(asking, past) : { ...asking, created: true };
    if (made === 'created') latest = { ...latest, ...(await proofOf(runtime, asking, [], ctx)) };
    await commitAccepted(runtime, latest, 'applied');
    return accepted(asking.id);
  } catch (error) {
    if (!(error instanceof CentralError) && !(error instanceof JournalError)) throw error;
    return await createFailed(runtime, asking, latest, error);
  }
}

/**
 * Journals the create of a zone that the panel has already. It is made at the central with its content, like
 * any other that the panel has kept. The zone is locked by the caller.
 * @throws {JournalError}
 */
export async function createLater(runtime: Runtime, draft: CreateOperation): Promise<void> {
  const past = await pastOf(runtime, draft.zone);
  const cancels = past.waiting[0]?.id ?? null;
  const latest = { ...draft, incarnation: past.incarnation + 1, cancels };
  await commitAccepted(runtime, joining(latest, past), 'kept');
}

export const emptySeed = { addresses: [], nameServers: [], mailServers: [] };

interface Past {
  readonly incarnation: number;
  readonly rows: readonly LedgerRow[];
  /** Deletes of the previous incarnation that have not gone out yet. */
  readonly waiting: readonly DeleteOperation[];
  /** Creates of it whose content was never sent; the new one takes over what they made. */
  readonly unfinished: readonly CreateOperation[];
}

async function pastOf(runtime: Runtime, zone: DnsName): Promise<Past> {
  const { journal, clock } = runtime.ports;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  return {
    incarnation: (await journal.zone(zone))?.incarnation ?? 0,
    rows: await journal.rows(zone),
    waiting: deletes(open).filter(({ state }) => waitingStates.has(state)),
    unfinished: creates(open).filter(({ id, state }) => !isFinal(state) && !runtime.inFlight.has(id)),
  };
}

const waitingStates: ReadonlySet<string> = new Set(['prepared', 'kept', 'stuck']);

function wasOurs(row: LedgerRow): boolean {
  return row.state === 'synced' || (row.state === 'conflict' && row.onPanel && row.onCentral);
}

async function commitAccepted(
  runtime: Runtime,
  operation: CreateOperation,
  state: 'prepared' | 'applied' | 'kept',
): Promise<void> {
  const { zone, incarnation, created, requested, snapshot } = operation;
  const baselineAt = runtime.ports.clock.wall();
  await runtime.store.transact(async (tx) => {
    const { waiting, unfinished } = await pastOf(runtime, zone);
    for (const one of [...waiting, ...unfinished])
      if (one.id !== operation.id) await tx.advance(one, 'reverted', { problems: [] });
    await tx.record(operation, state, () => ({ created, requested, snapshot }));
    tx.with({ zones: [{ zone, state: 'creating', incarnation, baselineAt, note: null }] });
  });
}

function noteFailure(
  runtime: Runtime,
  { id, zone }: CreateOperation,
  error: CentralError | JournalError,
): readonly Problem[] {
  runtime.ports.log(2, 'zone.create-failed', { operation: id, zone, code: error.code });
  return [error instanceof CentralError ? error.problem : refusal(error.code, error.params)];
}

/**
 * @param asking as journalled
 * @param latest what is known by now
 */
async function createFailed(
  runtime: Runtime,
  asking: CreateOperation,
  latest: CreateOperation,
  error: CentralError | JournalError,
): Promise<Refusal> {
  const problems = noteFailure(runtime, asking, error);
  const left = await leftBehind(runtime, latest, error);
  const clean = !left.created && !left.requested;
  if (clean) noteLanded(runtime, asking);
  if (asking.requested) {
    const { created, requested, snapshot } = left;
    const watch = clean ? null : watching(runtime.ports, asking);
    const changes = { created, requested, snapshot, watch, problems };
    await runtime.store
      .advance(asking, clean ? 'refused' : 'reverting', changes)
      .catch((failure: unknown) => {
        if (!(failure instanceof JournalError)) throw failure;
        // The journal still says `prepared` and `requested`: what is found at the central then is listed, not
        // deleted.
        runtime.ports.log(1, 'journal.write-failed', { operation: asking.id, code: failure.code });
      });
  }
  return { kind: 'refuse', problems, changed: clean ? 'nothing' : 'unknown' };
}

/**
 * What a failed create has left at the central, as far as a read shows at once; what cannot be journalled is
 * undone.
 */
async function leftBehind(
  runtime: Runtime,
  operation: CreateOperation,
  error: CentralError | JournalError,
): Promise<CreateOperation> {
  const isUnsent = !operation.created && error instanceof CentralError && error.state === 'untouched';
  if (isUnsent) return { ...operation, requested: false };
  if (!operation.created && !operation.requested) return operation;
  if (operation.created && error instanceof JournalError) return await unmake(runtime, operation);
  const proof = await readBackCreate(runtime, operation, []);
  return proof === null ? operation : { ...operation, ...proof };
}

/**
 * Answers `before` of a zone delete. Only a known refusal vetoes; an unreachable central does not, the delete
 * is then sent once the panel has kept it, and retried until done (docs/architecture.md#the-way-of-one-edit).
 * @throws {JournalError} nothing was changed
 */
export async function beforeDelete(runtime: Runtime, event: ZoneDeleteEvent, call: Call): Promise<Answer> {
  const { journal, settings } = runtime.ports;
  const entry = await journal.zone(event.zone);
  if (entry === null) return await unknownZone(runtime, event);
  if (!isMirrored(entry.state)) return nothingToDo;
  const { incarnation } = entry;
  const draft = newDelete(runtime, {
    ...fromEvent(event),
    class: 'veto',
    incarnation,
  });
  const snapshot = await snapshotBeforeDelete(runtime, draft, call.signal);
  if ('kind' in snapshot) return snapshot;
  if (call.isTrial) return nothingToDo;
  await runtime.store.create({ ...draft, snapshot });
  runtime.agenda.wake(event.zone, settings.afterWait);
  return accepted(draft.id);
}

/** Reads refused so mean that the delete will be refused as well. */
const knownRefusals: ReadonlySet<string> = new Set(['central.access-denied', 'central.refused', 'zone.copy']);

async function snapshotBeforeDelete(
  runtime: Runtime,
  draft: DeleteOperation,
  signal: AbortSignal,
): Promise<DeleteOperation['snapshot'] | Refusal> {
  // A frozen zone is left as it is.
  await runtime.ports.journal.rows(draft.zone, []);
  try {
    const records = await readCentralZone(runtime, draft.zone, [], { signal, operation: draft.id });
    return (records ?? []).map(plain);
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    if (!knownRefusals.has(error.code)) {
      runtime.ports.log(4, 'zone.delete-later', { operation: draft.id, zone: draft.zone, code: error.code });
      return [];
    }
    return { kind: 'refuse', problems: [error.problem], changed: 'nothing' };
  }
}
