import { namesAbove, type DnsName } from '../../../dns/name.ts';
import type { Problem } from '../../../dns/problem.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { isAnsweredAbove } from './answered-above.ts';
import { missingNote, plain } from '../knowledge/compare-rule.ts';
import { refusal } from '../../catalogue.ts';
import { CentralError, type CallContext } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import { isMirrored, leftNotes, type LedgerRow, type ZoneEntry } from '../../ledger.ts';
import { creates, deletes, isFinal, type CreateOperation, type DeleteOperation } from '../../operation.ts';
import type { ZoneCreateEvent, ZoneDeleteEvent } from '../../panel.ts';
import type { ResourceRecord } from '../../../dns/record.ts';
import {
  accepted,
  leftToPanel,
  nothingToDo,
  refuse,
  type Answer,
  type Call,
  type Refusal,
} from './answer.ts';
import type { Held } from '../parts/locks.ts';
import {
  noteLanded,
  noteSent,
  proofOf,
  readBackCreate,
  requesting,
  unmake,
  type BeforeRequest,
} from '../background/made-zone.ts';
import { fromEvent, newCreate, newDelete, touchedRecords, watching } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';
import { zoneEntry } from '../knowledge/zone-entry.ts';
import { baselineFact, isBaselineDue, unknownZone } from './unknown-zone.ts';

/**
 * Answers the panel's `before` call for the create of a zone. Creates the zone at the central, or syncs it if
 * the account has it already. A trial call, which writes nothing, cannot find out that a zone belongs to
 * another account; only the create itself can.
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

/** Answers a create without asking the central, if that is possible; null: the central has to be asked. */
async function knownBefore(runtime: Runtime, event: ZoneCreateEvent): Promise<Answer | null> {
  const { journal } = runtime.ports;
  const { zone } = event;
  if ((await journal.fact(baselineFact)) === null) return await unknownZone(runtime, event);
  const entry = await journal.zone(zone);
  const { waiting, unfinished } = await pastOf(runtime, zone);
  // If an earlier create is being undone or is stuck, we assume that the panel does not have the zone.
  const isUndone = unfinished.some(({ state }) => state === 'reverting' || state === 'stuck');
  const leaving = waiting.length > 0 || isUndone;
  // As far as we know, the panel has this zone already, so the panel will refuse the create. If the panel
  // creates the zone all the same, the answer to its `after` call schedules a comparison.
  return entry !== null && entry.state !== 'deleting' && !leaving ? nothingToDo : null;
}

/** Locks the whole zone; null: `signal` aborted before the lock was free. */
async function lockZone(runtime: Runtime, zone: DnsName, signal: AbortSignal): Promise<Held | null> {
  return await runtime.locks.acquire(zone, null, signal).catch((error: unknown) => {
    if (signal.aborted) return null;
    throw error;
  });
}

/**
 * Journals the create operation. Syncs the zone if the central lists it already, else creates it there. If an
 * empty zone would hide answers of the zone above, the create is only checked and journalled. Such a zone is
 * created together with its records, once the panel has the zone (docs/decisions/012-new-zones.md). The
 * caller has locked the zone.
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
    // If only the provider can create zones, we send no create request, so none can take effect late.
    const asking = { ...latest, requested: managesZones };
    if (managesZones) await runtime.store.create(asking);
    return await makeNow(runtime, asking, past, ctx);
  } catch (error) {
    if (!(error instanceof CentralError) && !(error instanceof JournalError)) throw error;
    // `makeNow` catches and answers failures of the create request itself, so only other failures arrive
    // here.
    const problems = noteFailure(runtime, draft, error);
    return { kind: 'refuse', problems, changed: 'nothing' };
  }
}

/**
 * Prepares the create operation of a zone that the central has already. The operation's snapshot lists the
 * records that we may remove at the central: records that were ours before, and records that earlier creates
 * made.
 */
function joining(latest: CreateOperation, { unfinished, rows, waiting }: Past): CreateOperation {
  const made = unfinished.flatMap(touchedRecords);
  return {
    ...latest,
    created: unfinished.some(({ created }) => created),
    requested: unfinished.some(({ requested }) => requested),
    // If an earlier create was undone, the ledger no longer knows which records were ours before that create.
    // The waiting delete of the earlier zone still knows them (`formerlyOurs`).
    snapshot: [
      ...rows.filter(wasOurs).map((row) => row.record),
      ...made,
      ...waiting.flatMap(({ formerlyOurs }) => formerlyOurs),
    ],
  };
}

/**
 * Sends the create request and answers the panel's call.
 * @param asking the operation as journalled before the request. Its `requested` does not mean that the
 *   central has answered
 */
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
    // On `exists`, the account has the zone although its list lacked it. Either the list is filtered, or an
    // earlier create request has taken effect since.
    latest = made === 'exists' ? joining(asking, past) : { ...asking, created: true };
    if (made !== 'exists') latest = { ...latest, ...(await proofOf(runtime, asking, [], ctx)) };
    await commitAccepted(runtime, latest, 'applied');
    return accepted(asking.id);
  } catch (error) {
    if (!(error instanceof CentralError) && !(error instanceof JournalError)) throw error;
    return await createFailed(runtime, asking, latest, error);
  }
}

/**
 * Journals the create of a zone that the panel has made already. A background step creates the zone at the
 * central together with its records. The caller has locked the zone.
 * @returns the operation as journalled
 * @throws {JournalError}
 */
export async function createLater(runtime: Runtime, draft: CreateOperation): Promise<CreateOperation> {
  return await commitAccepted(runtime, await afterPast(runtime, draft), 'kept');
}

/**
 * Like {@link createLater}, for a caller that sends the request at once: it is journalled in the same commit.
 * @param content the panel's records to send
 * @returns `begun`: the operation as journalled; `asked`: what the request changed in it
 * @throws {JournalError}
 */
export async function createAtOnce(
  runtime: Runtime,
  draft: CreateOperation,
  content: readonly ResourceRecord[],
): Promise<{ readonly begun: CreateOperation; readonly asked: BeforeRequest }> {
  const asked = await afterPast(runtime, draft);
  const asking = { ...asked, ...requesting(runtime, asked, content) };
  return { begun: await commitAccepted(runtime, asking, 'kept'), asked };
}

/** The draft with what is left of earlier zones of this name. @throws {JournalError} */
async function afterPast(runtime: Runtime, draft: CreateOperation): Promise<CreateOperation> {
  const past = await pastOf(runtime, draft.zone);
  const cancels = past.waiting[0]?.id ?? draft.cancels;
  return joining({ ...draft, incarnation: past.incarnation + 1, cancels }, past);
}

export const emptySeed = { addresses: [], nameServers: [], mailServers: [] };

interface Past {
  readonly incarnation: number;
  readonly rows: readonly LedgerRow[];
  /** Deletes of an earlier zone with this name that have not been sent yet. */
  readonly waiting: readonly DeleteOperation[];
  /**
   * Open creates of this zone that no call is working on any more. The new create takes over what they made
   * at the central.
   */
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
): Promise<CreateOperation> {
  const { zone, incarnation, created, requested, snapshot } = operation;
  return await runtime.store.transact(async (tx) => {
    const { waiting, unfinished } = await pastOf(runtime, zone);
    for (const one of [...waiting, ...unfinished])
      if (one.id !== operation.id) await tx.advance(one, 'reverted', { problems: [] });
    tx.with({ zones: [zoneEntry(runtime, zone, 'creating', null, { incarnation })] });
    return await tx.record(operation, state, () => ({ created, requested, snapshot }));
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
 * Answers the call whose create failed, and journals what the create left at the central.
 * @param asking the operation as journalled before the request
 * @param latest the same operation with what we have found out since the request
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
        // In the journal the operation is still `prepared` with `requested`. If a background step later finds
        // the zone at the central, it does not delete the zone but lists it for the administrator.
        runtime.ports.log(1, 'journal.write-failed', { operation: asking.id, code: failure.code });
      });
  }
  return { kind: 'refuse', problems, changed: clean ? 'nothing' : 'unknown' };
}

/**
 * Returns the operation with what a failed create left at the central, as far as a read shows it. If the zone
 * was created but the journal failed, the zone is deleted again at once.
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
 * Answers the panel's `before` call for the delete of a zone. Refuses only if we know that the central would
 * refuse the delete. If the central is out of reach, the call is accepted. The delete is then sent after the
 * panel has deleted the zone, and is tried until it succeeds (docs/architecture.md#the-way-of-one-edit).
 * @throws {JournalError} nothing was changed
 */
export async function beforeDelete(runtime: Runtime, event: ZoneDeleteEvent, call: Call): Promise<Answer> {
  const { journal, settings } = runtime.ports;
  const entry = await journal.zone(event.zone);
  if (entry === null || (await isBaselineDue(runtime, entry))) return await unknownZone(runtime, event);
  if (!isMirrored(entry.state)) return leftToPanel(event, leftNotes[entry.state]);
  const { incarnation } = entry;
  const draft = newDelete(runtime, { ...fromEvent(event), class: 'veto', incarnation });
  const found = await findBeforeDelete(runtime, draft, entry, call.signal);
  if ('kind' in found) return found;
  if (call.isTrial) return nothingToDo;
  await runtime.store.create({ ...draft, ...found });
  runtime.agenda.wake(event.zone, settings.afterWait);
  return accepted(draft.id);
}

/** If a read of the zone fails with one of these codes, the central would refuse the delete as well. */
const knownRefusals: ReadonlySet<string> = new Set(['central.access-denied', 'central.refused', 'zone.copy']);

type FoundBeforeDelete = Pick<DeleteOperation, 'snapshot' | 'wasThere'>;

/** Reads at the central whether it has a zone that is about to be deleted, and which records the zone has. */
async function findBeforeDelete(
  runtime: Runtime,
  { id, zone }: DeleteOperation,
  entry: ZoneEntry,
  signal: AbortSignal,
): Promise<FoundBeforeDelete | Refusal> {
  // If the ledger rows of the zone are damaged, this read throws, and the zone is left as it is.
  await runtime.ports.journal.rows(zone, []);
  try {
    const records = await readCentralZone(runtime, zone, [], { signal, operation: id });
    if (records !== null) return { snapshot: records.map(plain), wasThere: true };
    return { snapshot: [], wasThere: await isAskedFor(runtime, zone) };
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    if (!knownRefusals.has(error.code)) {
      runtime.ports.log(4, 'zone.delete-later', { operation: id, zone, code: error.code });
      return { snapshot: [], wasThere: entry.note === missingNote ? false : null };
    }
    return { kind: 'refuse', problems: [error.problem], changed: 'nothing' };
  }
}

/**
 * Whether a create request of ours may still take effect, so that the central may have the zone later. Once a
 * read has shown the zone, its create counts no more: if that zone is gone, somebody has deleted it.
 */
async function isAskedFor({ ports: { journal, clock } }: Runtime, zone: DnsName): Promise<boolean> {
  const open = await journal.operations({ zone, openAt: clock.wall() });
  return creates(open).some(({ requested }) => requested);
}
