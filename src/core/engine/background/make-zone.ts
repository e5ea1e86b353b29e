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

/** What {@link zoneAtCentral} has found or made. */
interface MadeZone {
  /** The operation as journalled last. */
  readonly operation: CreateOperation;
  readonly present: readonly CentralRecord[];
}

/**
 * Reads the zone of a create at the central, or creates it if it is missing. The content goes into the same
 * request if the central can do that. The caller has locked the zone.
 * @param content the panel's records that are to be sent
 * @returns null: nothing is to be sent now. Either open edits of the zone are waited for, or the central
 *   refused the zone and the operation has moved on
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
 * Whether the create waits for open edits of its zone, which are sent together with it and so have to show in
 * the panel first. It waits for `visibilityWait`, and twice as long for edits that the panel reported as
 * done.
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
 * Creates the zone at the central, with its content if the central can do that.
 * @returns the operation as journalled; or the central's refusal, and then nothing of the zone is there
 */
async function make(
  runtime: Runtime,
  operation: CreateOperation,
  content: readonly ResourceRecord[],
  ctx: CallContext,
): Promise<CreateOperation | CentralError> {
  const { managesZones, createsWithContent } = runtime.ports.central.traits;
  const sent = createsWithContent ? content : [];
  // Written before the request: if its answer is lost, a zone that appears may be ours or not.
  const begun = await amend(runtime, operation, ({ requested }) => ({
    requested: requested || managesZones,
  }));
  await keepWatching(runtime, begun, { add: sent });
  const made = await createOrRefusal(runtime, operation, content, ctx);
  if (made !== 'exists' && !(made instanceof CentralError)) unsavedProofs(runtime).set(operation.id, made);
  // This request was answered, so only earlier ones of unknown outcome stay on watch.
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

/** Fields of the operation that the answer to a create decides. */
type Answered = Partial<Pick<CreateOperation, 'watch'> & Proof>;

async function amend(
  runtime: Runtime,
  operation: CreateOperation,
  changes: (now: CreateOperation) => Answered,
): Promise<CreateOperation> {
  return await runtime.store.transact((tx) => tx.amend(operation, changes));
}

/** Proofs that the journal failed to store, by operation id. */
const unsaved = new WeakMap<Runtime, Map<string, Proof>>();

function unsavedProofs(runtime: Runtime): Map<string, Proof> {
  const proofs = unsaved.get(runtime) ?? new Map<string, Proof>();
  unsaved.set(runtime, proofs);
  return proofs;
}

/**
 * Journals the proof that an earlier step could not store, if there is one.
 * @param answered further fields to store with it
 * @returns the operation as journalled
 * @throws {JournalError} the next step tries again
 */
async function withProof(
  runtime: Runtime,
  operation: CreateOperation,
  answered: Answered = {},
): Promise<CreateOperation> {
  const proofs = unsavedProofs(runtime);
  const proof = proofs.get(operation.id);
  if (proof === undefined) return operation;
  // While the zone is not read back, its watch stays.
  const { created, snapshot } = proof;
  const known = await amend(runtime, operation, () =>
    proof.requested ? proof : { ...answered, created, snapshot },
  );
  proofs.delete(operation.id);
  return known;
}

/**
 * Creates the zone with its content. If the central refuses that, creates it empty, so that one bad record
 * does not stop the rest.
 * @returns the proof; `exists`: the account had the zone; or the central's final refusal
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
 * Creates the zone and reads it back, even if the answer is lost.
 * @param sent records in the request; `held`: records that the panel has
 * @throws {CentralError | JournalError} the central refused, or the outcome is unknown
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
    // The zone is ours. The next read shows what we made in it.
    noteSent(runtime, operation);
    return { created: true, requested: true, snapshot: [] };
  }
}

function isRefusal({ state, retry }: CentralError): boolean {
  return state === 'untouched' && retry === 'never';
}

/**
 * Ends a create that the central refused although the panel has the zone. If a user's edit made the zone, the
 * panel is put back (class `compensate`). Otherwise the zone stays in the panel only and is listed.
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
    // Without its `after` the user's edit need not have made the zone: a web domain may have.
    if (operation.class !== 'follow' && (await tx.current(operation)).afterSeen) {
      // The panel is put back only while it holds exactly these records.
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
