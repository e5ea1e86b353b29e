import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { CentralError, type CallContext, type CentralRecord } from '../../central.ts';
import { edits, isFinal, type CreateOperation } from '../../operation.ts';
import type { PanelRecord } from '../../panel.ts';
import { withNameServers } from './apex-ns.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { isCentralsOwn, plain } from '../knowledge/compare-rule.ts';
import { landed, mayLandLate, noteSent, proofOf, readBackCreate, type Proof } from './made-zone.ts';
import { keepWatching } from '../knowledge/operations.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import type { Runtime } from '../runtime.ts';
import { emptySeed } from '../before/zone-edits.ts';

/** The zone of a create as the central has it now. */
interface MadeZone {
  /** As journalled last. */
  readonly operation: CreateOperation;
  readonly present: readonly CentralRecord[];
}

/**
 * The zone of a create at the central. Where it is not there yet it is made, with what the panel holds in the
 * same request where the central can do that. The zone is locked by the caller.
 * @param content what of the panel's records is to be sent
 * @returns null: nothing to send now. Edits of the zone are waited for, or the central refused and the
 *   operation is no create any more
 * @throws {CentralError | JournalError} when it has to be tried again
 */
export async function zoneAtCentral(
  runtime: Runtime,
  operation: CreateOperation,
  view: PanelView,
  content: readonly ResourceRecord[],
  ctx: CallContext,
): Promise<MadeZone | null> {
  const panel = view.records ?? [];
  const there = await readCentralZone(runtime, operation.zone, panel, ctx);
  if (there !== null) {
    const known = await withProof(runtime, operation);
    const isUnread = known.created && known.snapshot.length === 0 && mayLandLate(runtime, known);
    return { operation: isUnread ? await landed(runtime, known, there) : known, present: there };
  }
  if (await waitsForEdits(runtime, operation)) return null;
  const made = await make(runtime, withNameServers(operation, panel), content.map(plain), ctx);
  if (made instanceof CentralError) {
    await refusedAfterwards(runtime, operation, made, panel);
    return null;
  }
  const present = await readCentralZone(runtime, operation.zone, panel, ctx);
  if (present === null) throw new CentralError('central.no-effect', { state: 'unknown', retry: 'later' });
  return { operation: made, present };
}

/**
 * Edits that passed while there was no zone come with it, so they have to show in the panel first. That is
 * waited for so long and no longer. One that the panel has reported is waited for once more as long: it has
 * only to show it.
 */
async function waitsForEdits(runtime: Runtime, { id, zone }: CreateOperation): Promise<boolean> {
  const { journal, clock, settings } = runtime.ports;
  const waited = runtime.now - runtime.patience.since(id);
  if (waited >= 2 * settings.visibilityWait) return false;
  const open = await journal.operations({ zone, openAt: clock.wall() });
  const waits = edits(open).some(
    ({ state }) =>
      state === 'kept' || (waited < settings.visibilityWait && !isFinal(state) && state !== 'stuck'),
  );
  if (waits) runtime.agenda.wake(zone, settings.confirmDelay);
  return waits;
}

/**
 * @returns the operation as journalled; or why the central will not have the zone, and then nothing of it is
 *   there
 */
async function make(
  runtime: Runtime,
  operation: CreateOperation,
  content: readonly ResourceRecord[],
  ctx: CallContext,
): Promise<CreateOperation | CentralError> {
  const { managesZones, createsWithContent } = runtime.ports.central.traits;
  const sent = createsWithContent ? content : [];
  // Durable before the first byte: the zone may appear, and nobody can tell then whose it is.
  const begun = await amend(runtime, operation, ({ requested }) => ({
    requested: requested || managesZones,
  }));
  await keepWatching(runtime, begun, { add: sent });
  const made = await createOrRefusal(runtime, operation, content, ctx);
  if (made !== 'exists' && !(made instanceof CentralError)) unsavedProofs(runtime).set(operation.id, made);
  // It was answered, so only earlier tries of unknown outcome stay on watch.
  const { watch, requested } = operation;
  const answered = { watch, requested };
  if (made instanceof CentralError) {
    await amend(runtime, begun, () => answered);
    return made;
  }
  return made === 'exists'
    ? await amend(runtime, begun, () => answered)
    : await withProof(runtime, begun, answered);
}

/** What an answer to a create tells. */
type Answered = Partial<Pick<CreateOperation, 'watch'> & Proof>;

async function amend(
  runtime: Runtime,
  operation: CreateOperation,
  changes: (now: CreateOperation) => Answered,
): Promise<CreateOperation> {
  return await runtime.store.transact((tx) => tx.amend(operation, changes));
}

/** Proofs that the journal does not have yet, by operation: it failed when they were found. */
const unsaved = new WeakMap<Runtime, Map<string, Proof>>();

function unsavedProofs(runtime: Runtime): Map<string, Proof> {
  const proofs = unsaved.get(runtime) ?? new Map<string, Proof>();
  unsaved.set(runtime, proofs);
  return proofs;
}

/**
 * The operation with what is known of its zone, durable. @throws {JournalError} it is tried again with the
 * next step
 */
async function withProof(
  runtime: Runtime,
  operation: CreateOperation,
  answered: Answered = {},
): Promise<CreateOperation> {
  const proofs = unsavedProofs(runtime);
  const proof = proofs.get(operation.id);
  if (proof === undefined) return operation;
  // What is not read back yet stays on watch.
  const { created, snapshot } = proof;
  const known = await amend(runtime, operation, () =>
    proof.requested ? proof : { ...answered, created, snapshot },
  );
  proofs.delete(operation.id);
  return known;
}

/**
 * Made with its content; where a record of it stands in the way, without, so that one bad record does not
 * stop the rest.
 */
async function createOrRefusal(
  runtime: Runtime,
  operation: CreateOperation,
  content: readonly ResourceRecord[],
  ctx: CallContext,
): Promise<Proof | 'exists' | CentralError> {
  const { id, zone } = operation;
  const sent = runtime.ports.central.traits.createsWithContent ? content : [];
  try {
    return await createProven(runtime, operation, { sent, held: content }, ctx);
  } catch (error) {
    if (!(error instanceof CentralError) || !isRefusal(error)) throw error;
    if (sent.length === 0) return error;
    runtime.ports.log(2, 'zone.create-without-content', { operation: id, zone, code: error.code });
  }
  try {
    return await createProven(runtime, operation, { sent: [], held: content }, ctx);
  } catch (error) {
    if (!(error instanceof CentralError) || !isRefusal(error)) throw error;
    return error;
  }
}

/**
 * Makes the zone and reads it back, also where the answer is lost. @throws {CentralError | JournalError}
 * nothing is known, or it was refused
 */
async function createProven(
  runtime: Runtime,
  operation: CreateOperation,
  { sent, held }: { readonly sent: readonly ResourceRecord[]; readonly held: readonly ResourceRecord[] },
  ctx: CallContext,
): Promise<Proof | 'exists'> {
  const { zone, seed } = operation;
  let isMade = false;
  try {
    if ((await runtime.ports.central.createZone(zone, seed ?? emptySeed, ctx, sent)) === 'exists')
      return 'exists';
    isMade = true;
    return await proofOf(runtime, operation, held, ctx);
  } catch (error) {
    if (!(error instanceof CentralError) || (!isMade && error.state === 'untouched')) throw error;
    const proof = await readBackCreate(runtime, operation, held);
    if (proof !== null) return proof;
    if (!isMade) throw error;
    // It is ours, and what we made in it the next read shows.
    noteSent(runtime, operation);
    return { created: true, requested: true, snapshot: [] };
  }
}

function isRefusal({ state, retry }: CentralError): boolean {
  return state === 'untouched' && retry === 'never';
}

/**
 * The central will not have a zone that the panel has already. Where a user's edit made it, the panel is put
 * back (class `compensate`); otherwise the zone is left alone and listed.
 */
async function refusedAfterwards(
  runtime: Runtime,
  operation: CreateOperation,
  error: CentralError,
  panel: readonly PanelRecord[],
): Promise<void> {
  const { clock, log } = runtime.ports;
  const { zone } = operation;
  log(2, 'zone.not-followed', { operation: operation.id, zone, code: error.code });
  const problems = [error.problem];
  await runtime.store.transact(async (tx) => {
    // Without its `after` nothing proves that the edit made the zone: a web domain may have.
    if (operation.class !== 'follow' && (await tx.current(operation)).afterSeen) {
      // What the panel holds now: it is put back only while it holds exactly this.
      const refusedContent = panel.filter((record) => !isCentralsOwn(zone, record)).map(plain);
      await tx.record(operation, 'reverting', () => ({ class: 'compensate', refusedContent, problems }));
      tx.wake(zone, 0);
      return;
    }
    const state = error.code === 'zone.foreign' ? 'foreign' : 'panel-only';
    const { incarnation } = await tx.record(operation, 'reverted', () => ({ problems }));
    const baselineAt = clock.wall();
    await tx.zone(await tx.journal.zone(zone), { zone, state, incarnation, baselineAt, note: error.code });
  });
}

/** Whether the panel still holds exactly what it held when the central refused the zone. */
export function isUntouched({ zone, refusedContent }: CreateOperation, view: PanelView): boolean {
  const own = (view.records ?? []).filter((record) => !isCentralsOwn(zone, record));
  const then = new Set(refusedContent.map(recordId));
  return own.length === then.size && own.every((record) => then.has(recordId(record)));
}
