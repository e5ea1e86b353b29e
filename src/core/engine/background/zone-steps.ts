import { displayName } from '../../../dns/name.ts';
import type { Problem } from '../../../dns/problem.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { CentralError, type CallContext } from '../../central.ts';
import { isFinal, type CreateOperation, type DeleteOperation } from '../../operation.ts';
import { refusal } from '../../catalogue.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { isCentralsOwn, missingNote } from '../knowledge/compare-rule.ts';
import { isMadeByAnother, landed, mayLandLate } from './made-zone.ts';
import { fillZone } from './fill-zone.ts';
import { keepWatching, newDelete, ownRecords, watching } from '../knowledge/operations.ts';
import { giveUpDelete } from './give-up-delete.ts';
import { agreesTwice, type PanelView } from '../knowledge/panel-view.ts';
import type { Runtime } from '../runtime.ts';
import type { Transaction } from '../parts/store.ts';
import { forgotten, maySendDelete } from '../before/signed-delete.ts';

/**
 * One step further with a zone create. The zone is made if it is not there yet, and its content is sent, once
 * two reads agree. It is undone once two reads show it missing in the panel.
 */
export async function stepCreate(
  runtime: Runtime,
  operation: CreateOperation,
  view: PanelView,
): Promise<void> {
  const { settings } = runtime.ports;
  if (view.records !== null) {
    const { cancels, afterSeen, created, requested } = operation;
    if (cancels !== null && !afterSeen && !created && !requested) {
      await stepUnprovenCreate(runtime, operation, view);
      return;
    }
    const signature = [...view.ids].sort().join('\n');
    // Reads may lag: right after a delete of the same zone they may still show its former content.
    const patience = operation.cancels === null ? 0 : settings.visibilityWait;
    const wait = { patience, gap: settings.contentGap, sends: true };
    if (!agreesTwice(runtime, operation, view, signature, wait)) return;
    await underZoneLock(runtime, operation, (ctx) => fillZone(runtime, operation, view, ctx));
    return;
  }
  const patience = operation.state === 'kept' ? settings.visibilityWait : settings.afterWait;
  if (!agreesTwice(runtime, operation, view, 'missing', { patience, gap: settings.readGap })) return;
  await underZoneLock(runtime, operation, async (ctx) => {
    runtime.grace.mustBeOver(operation.zone);
    await undoCreate(runtime, operation, ctx);
  });
}

/**
 * A create that met a delete of the same zone on its way, and whose `after` does not come. Perhaps the panel
 * refused both and the zone never left. Then nothing is sent, and it is as it was before the delete. (Where
 * the zone at the central is or may be of our making, its content is due in any case.)
 */
async function stepUnprovenCreate(
  runtime: Runtime,
  operation: CreateOperation,
  view: PanelView,
): Promise<void> {
  const { settings } = runtime.ports;
  const wait = { patience: settings.afterWait, gap: settings.readGap };
  if (!agreesTwice(runtime, operation, view, 'unproven', wait)) return;
  await runtime.store.transact(async (tx) => {
    const entry = await tx.journal.zone(operation.zone);
    await tx.advance(operation, 'reverted');
    // Reads may have shown the zone for longer than its delete is waited for.
    const cancelled = await tx.journal.operation(operation.cancels ?? '');
    if (cancelled !== null) await tx.amend(cancelled, (now) => ({ watch: watching(runtime.ports, now) }));
    if (entry !== null) await tx.zone(entry, { ...entry, state: 'synced' });
  });
  runtime.agenda.compareSoon(operation.zone, 'unproven-create', 'limited');
}

/**
 * One step further with a zone delete: sent once two reads show the zone gone, forgotten once they show it
 * kept.
 */
export async function stepDelete(
  runtime: Runtime,
  operation: DeleteOperation,
  view: PanelView,
): Promise<void> {
  const { settings } = runtime.ports;
  const gone = view.records === null;
  const patience = gone ? 0 : operation.state === 'kept' ? settings.visibilityWait : settings.afterWait;
  const wait = { patience, gap: settings.readGap };
  if (!agreesTwice(runtime, operation, view, gone ? 'gone' : 'there', wait)) return;
  if (gone) {
    await underZoneLock(runtime, operation, async (ctx) => {
      runtime.grace.mustBeOver(operation.zone);
      await sendDelete(runtime, operation, ctx);
    });
    return;
  }
  await runtime.store.transact((tx) => giveUpDelete(runtime, tx, operation));
}

/** Runs a step with the whole zone locked, unless the operation has moved on meanwhile. */
async function underZoneLock(
  runtime: Runtime,
  operation: CreateOperation | DeleteOperation,
  body: (ctx: CallContext) => Promise<void>,
): Promise<void> {
  await runtime.lockedStep(operation.id, operation.zone, null, async (ctx) => {
    // The lock may have been waited for: checked anew if the operation has moved meanwhile.
    await runtime.store.transact((tx) => tx.judge(operation));
    await body(ctx);
  });
}

/**
 * Takes a create back: the zone goes where we are known to have made it and nobody wrote to it since. What
 * may be ours or somebody else's is left and listed. The zone is locked by the caller.
 */
export async function undoCreate(
  runtime: Runtime,
  operation: CreateOperation,
  ctx: CallContext,
  problems: readonly Problem[] = operation.problems,
): Promise<void> {
  const { ports, store } = runtime;
  // Nobody may have told how its request ended: the journal had failed.
  const watch = operation.requested ? (operation.watch ?? watching(ports, operation)) : operation.watch;
  // Durable first, so that an `after` that comes meanwhile is not answered with this operation any more.
  const reverting = await store.advance(operation, 'reverting', { problems, watch });
  const latest = await undoMade(runtime, reverting, ctx);
  if (latest === null) return;
  // What appears now is not what we made.
  await endUndo(runtime, { ...latest, created: false });
}

/**
 * Deletes at the central what a create has made there.
 * @returns the operation as it stands then; null: it is stuck, since the zone is not known to be ours
 */
async function undoMade(
  runtime: Runtime,
  reverting: CreateOperation,
  ctx: CallContext,
): Promise<CreateOperation | null> {
  const { journal, clock } = runtime.ports;
  const { zone, created, requested } = reverting;
  if (!created && !requested) return reverting;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  if (!created && isMadeByAnother(open, reverting)) return reverting;
  const content = await readCentralZone(runtime, zone, [], ctx);
  if (content === null) return reverting;
  const latest = mayLandLate(runtime, reverting) ? await landed(runtime, reverting, content) : reverting;
  const strangers = await unknownRecords(runtime, latest, content);
  const code = objectionToUndo(latest, strangers.length > 0);
  if (code === null) await deleteWatched(runtime, latest, ctx);
  else await becomeStuck(runtime, latest, code);
  return code === null ? latest : null;
}

/** Why the zone of a create is not ours to delete; null: it is. */
function objectionToUndo(
  { created, snapshot }: CreateOperation,
  hasForeign: boolean,
): 'zone.maybe-ours' | 'zone.changed-since-create' | null {
  if (created && !hasForeign) return null;
  return created && snapshot.length > 0 ? 'zone.changed-since-create' : 'zone.maybe-ours';
}

/** A delete whose answer is lost may land later, after the zone was created once more: it is watched. */
async function deleteWatched(runtime: Runtime, operation: CreateOperation, ctx: CallContext): Promise<void> {
  try {
    await runtime.ports.central.deleteZone(operation.zone, ctx);
  } catch (error) {
    if (error instanceof CentralError && error.state === 'unknown') {
      await keepWatching(runtime, operation);
    }
    throw error;
  }
}

/**
 * Ends a create of which nothing is left at the central: the delete that it had cancelled is taken up again.
 * What the ledger knows of the zone stays for a delete that is still to come, and for another create. A zone
 * that was synced goes with what was synced in it.
 */
export async function endUndo(runtime: Runtime, operation: CreateOperation): Promise<void> {
  await runtime.store.transact(async (tx) => {
    const { zone, created } = operation;
    await tx.record(operation, 'reverted', () => ({ created }));
    const isResumed = await resumeDelete(runtime, tx, operation);
    const entry = await tx.journal.zone(zone);
    const isAwaited = (await tx.open(zone)).some(
      ({ id, kind, state }) => id !== operation.id && kind !== 'records' && !isFinal(state),
    );
    if (isResumed && entry !== null) await tx.zone(entry, { ...entry, state: 'deleting' });
    else if (!isAwaited) tx.with({ dropZones: [zone] });
  });
}

/**
 * The delete that this create had cancelled is due again: the panel has no such zone. @returns false: it had
 * cancelled none
 */
async function resumeDelete(runtime: Runtime, tx: Transaction, operation: CreateOperation): Promise<boolean> {
  if (operation.cancels === null) return false;
  const cancelled = await tx.journal.operation(operation.cancels);
  if (cancelled?.kind !== 'zone-delete') return false;
  const again = newDelete(runtime, {
    class: cancelled.class,
    zone: operation.zone,
    actor: cancelled.actor,
    incarnation: operation.incarnation,
    // What the zone held as ours when the create synced it.
    snapshot: [...cancelled.snapshot, ...operation.snapshot],
    formerlyOurs: operation.snapshot,
  });
  tx.create({ ...again, afterSeen: true }, 'kept');
  tx.wake(operation.zone, runtime.ports.settings.confirmDelay);
  return true;
}

async function sendDelete(runtime: Runtime, operation: DeleteOperation, ctx: CallContext): Promise<void> {
  const { central } = runtime.ports;
  if (!central.traits.managesZones) {
    await leaveZone(runtime, operation);
    return;
  }
  try {
    const content = await readCentralZone(runtime, operation.zone, [], ctx);
    if (content !== null) {
      const strangers = await unknownRecords(runtime, operation, content);
      if (strangers.length > 0 || (await wasMissing(runtime, operation))) {
        await becomeStuck(runtime, operation, 'zone.changed-at-central');
        return;
      }
      if (!(await maySendDelete(runtime, operation, ctx))) {
        await becomeStuck(runtime, operation, 'zone.signed-waiting');
        return;
      }
      await central.deleteZone(operation.zone, ctx);
    }
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    const isHopeless = error.retry === 'never';
    await runtime.store.transact(async (tx) => {
      const { state } = await tx.current(operation);
      await tx.record(operation, isHopeless ? 'stuck' : state, (now) => ({
        attempts: operation.attempts + 1,
        watch: error.state === 'unknown' ? watching(runtime.ports, now) : now.watch,
        problems: [error.problem],
      }));
    });
    if (!isHopeless) throw error;
    return;
  }
  await endDelete(runtime, operation, operation.problems);
}

/**
 * Whether the central had lost the zone before the panel deleted it: what stands there now was made by
 * somebody else.
 */
async function wasMissing(runtime: Runtime, { zone, snapshot }: DeleteOperation): Promise<boolean> {
  const entry = await runtime.ports.journal.zone(zone);
  return entry?.note === missingNote && snapshot.length === 0;
}

/** Ends a delete: we are done with the zone. */
async function endDelete(
  runtime: Runtime,
  operation: DeleteOperation,
  problems: readonly Problem[],
): Promise<void> {
  const { zone } = operation;
  await runtime.store.transact(async (tx) => {
    await tx.record(operation, 'confirmed', () => ({ problems }));
    tx.with({ dropZones: [zone], facts: forgotten(zone) });
  });
}

/** Only the provider deletes zones there: the operation ends, saying so, and we are done with the zone. */
async function leaveZone(runtime: Runtime, operation: DeleteOperation): Promise<void> {
  const { zone } = operation;
  const problems = [refusal('zone.left-at-central', { zone })];
  await endDelete(runtime, operation, problems);
  runtime.ports.log(2, 'zone.left-at-central', { operation: operation.id, zone });
}

/** How many of a zone's newest operations are asked whether they wrote a record. */
const latest = 50;

/**
 * Records at the central that neither ledger, snapshot nor operations know: put there since, by somebody
 * else. What an operation removed counts as known: a late write of ours may have brought it back.
 */
async function unknownRecords(
  runtime: Runtime,
  operation: CreateOperation | DeleteOperation,
  content: readonly ResourceRecord[],
): Promise<ResourceRecord[]> {
  const known = new Set(operation.snapshot.map(recordId));
  for (const row of await runtime.ports.journal.rows(operation.zone)) known.add(recordId(row.record));
  for (const other of await runtime.ports.journal.operations({ zone: operation.zone, latest })) {
    const made = other.kind === 'zone-create' && other.created ? other.snapshot : [];
    for (const record of [...ownRecords(other), ...made]) known.add(recordId(record));
  }
  return content.filter((record) => !isCentralsOwn(operation.zone, record) && !known.has(recordId(record)));
}

async function becomeStuck(
  runtime: Runtime,
  operation: CreateOperation | DeleteOperation,
  code: 'zone.changed-since-create' | 'zone.changed-at-central' | 'zone.maybe-ours' | 'zone.signed-waiting',
): Promise<void> {
  const { clock, log } = runtime.ports;
  const { zone, kind, incarnation } = operation;
  const shown = code === 'zone.signed-waiting' ? displayName(zone) : zone;
  const problems = [refusal(code, { zone: shown })];
  // With an entry, comparisons check the zone, and the operation ends once both sides agree.
  const entry = { zone, state: 'creating', incarnation, baselineAt: clock.wall(), note: null } as const;
  await runtime.store.transact(async (tx) => {
    await tx.record(operation, 'stuck', () => ({ problems }));
    if (kind === 'zone-create' && (await tx.journal.zone(zone)) === null) await tx.zone(null, entry);
  });
  log(1, 'operation.stuck', { operation: operation.id, code });
}
