import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { CentralError, type CallContext, type CentralRecord } from '../../central.ts';
import type { CreateOperation } from '../../operation.ts';
import type { PanelRecord } from '../../panel.ts';
import { withNameServers } from './apex-ns.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { isCentralsOwn, plain } from '../knowledge/compare-rule.ts';
import {
  foundZone,
  landed,
  mayLandLate,
  noteSent,
  readBackCreate,
  requesting,
  type BeforeRequest,
  type Proof,
} from './made-zone.ts';
import { editsIn, showsDone } from '../knowledge/operations.ts';
import type { PanelView } from '../knowledge/panel-view.ts';
import type { Runtime } from '../runtime.ts';
import { zoneEntry } from '../knowledge/zone-entry.ts';
import { emptySeed } from '../before/zone-edits.ts';
import { demandNoPause } from './unsent.ts';

/** The result of {@link zoneAtCentral}. */
interface MadeZone {
  /**
   * The operation as last journalled, with what a read after the create has proved since ({@link
   * unsavedProof}).
   */
  readonly operation: CreateOperation;
  readonly present: readonly CentralRecord[];
}

/**
 * Reads a zone at the central, or creates it if the central has no such zone. Sends the zone's records
 * together with the create if the central supports that. The caller has locked the zone.
 * @param content the panel's records to send
 * @param asked absent: the zone is read first
 * @returns null: the caller must send nothing now. Either open edits of the zone have to end first; or the
 *   central refused the zone, and the operation has ended or is being undone
 * @throws {CentralError | JournalError} the caller tries again later
 */
export async function zoneAtCentral(
  runtime: Runtime,
  operation: CreateOperation,
  view: PanelView,
  content: readonly ResourceRecord[],
  ctx: CallContext,
  asked?: BeforeRequest,
): Promise<MadeZone | null> {
  const panel = view.records ?? [];
  const there = asked !== undefined ? null : await readCentralZone(runtime, operation.zone, panel, ctx);
  if (there !== null) {
    const known = await withProof(runtime, operation);
    const isUnread = known.created && known.snapshot.length === 0 && mayLandLate(runtime, known);
    return { operation: isUnread ? await landed(runtime, known, there) : known, present: there };
  }
  if (await waitsForEdits(runtime, operation, view)) return null;
  demandNoPause(runtime, operation);
  const request = { content: content.map(plain), asked };
  const made = await make(runtime, withNameServers(operation, panel), request, ctx);
  if (made instanceof CentralError) {
    await refusedAfterwards(runtime, operation, made, panel);
    return null;
  }
  const present = made.content ?? (await readCentralZone(runtime, operation.zone, panel, ctx));
  if (present === null) throw new CentralError('central.no-effect', { state: 'unknown', retry: 'later' });
  return { operation: made.operation, present };
}

/**
 * Whether the create has to wait for open edits of its zone. Their records are sent together with the zone,
 * so the panel has to show them first. The wait lasts at most `visibilityWait`, or twice as long for edits
 * that the panel has reported as made. Edits that this read shows end in this background step, so the next
 * step can create the zone.
 */
async function waitsForEdits(
  runtime: Runtime,
  operation: CreateOperation,
  view: PanelView,
): Promise<boolean> {
  const { journal, clock, settings } = runtime.ports;
  const { id, zone } = operation;
  const waited = runtime.now - runtime.patience.since(id);
  const open = await journal.operations({ zone, openAt: clock.wall() });
  const waits = editsIn(operation, open).some((edit) => {
    const isMade = edit.state === 'kept';
    if (waited < (isMade ? 2 : 1) * settings.visibilityWait) return true;
    return (isMade || edit.state === 'applied') && showsDone(edit, view);
  });
  if (waits) runtime.agenda.wake(zone, settings.confirmDelay);
  return waits;
}

/**
 * Creates the zone at the central, together with its records if the central can do that.
 * @returns the operation as journalled, and the zone's records if a read after the create showed them. Or the
 *   central's refusal: then the central has no such zone
 */
async function make(
  runtime: Runtime,
  operation: CreateOperation,
  {
    content,
    asked,
  }: { readonly content: readonly ResourceRecord[]; readonly asked: BeforeRequest | undefined },
  ctx: CallContext,
): Promise<(ReadBack & { readonly operation: CreateOperation }) | CentralError> {
  const { createsWithContent } = runtime.ports.central.traits;
  // We journal the request before we send it. Without that, if the answer got lost, nobody could tell whether
  // a zone that appears is ours.
  const isJournalled = asked !== undefined && watches(operation, createsWithContent ? content : []);
  const begun = isJournalled
    ? operation
    : await amend(runtime, operation, (now) => requesting(runtime, now, content));
  const made = await createOrRefusal(runtime, operation, content, ctx);
  if (made !== 'exists' && !(made instanceof CentralError))
    unsavedProofs(runtime).set(operation.id, { proof: made.proof, answered: {} });
  // The central has answered this request. So the watch goes back to its old value, which covers earlier
  // requests of unknown outcome.
  const { watch, requested } = asked ?? operation;
  const answered = { watch, requested };
  if (made instanceof CentralError) {
    await amend(runtime, begun, () => answered);
    return made;
  }
  if (made === 'exists') return { operation: await amend(runtime, begun, () => answered), content: null };
  // If the records were sent with the create, the operation may end now. The proof is journalled together
  // with this end, or before the next request.
  if (createsWithContent && made.content !== null && !made.proof.requested) {
    unsavedProofs(runtime).set(operation.id, { proof: made.proof, answered });
    return { operation: { ...begun, ...made.proof, ...answered }, content: made.content };
  }
  return { operation: await withProof(runtime, begun, answered), content: made.content };
}

/** Whether the operation is on watch for all of these records. */
function watches({ watch }: CreateOperation, records: readonly ResourceRecord[]): boolean {
  const added = new Set(watch?.added.map(recordId));
  return watch !== null && records.every((record) => added.has(recordId(record)));
}

/** The result of the read right after a create. */
interface ReadBack {
  /** The zone's records. Null: they were not read, or the answer to the create was lost. */
  readonly content: readonly CentralRecord[] | null;
}

type Made = ReadBack & { readonly proof: Proof };

/** Fields of the operation that are known only once the central has answered the create request. */
type Answered = Partial<Pick<CreateOperation, 'watch'> & Proof>;

async function amend(
  runtime: Runtime,
  operation: CreateOperation,
  changes: (now: CreateOperation) => Answered,
): Promise<CreateOperation> {
  return await runtime.store.transact((tx) => tx.amend(operation, changes));
}

interface UnsavedProof {
  readonly proof: Proof;
  /** Fields to store with the proof. */
  readonly answered: Answered;
}

/**
 * For each engine: proofs that are not journalled yet, by operation id. The journal may have failed to store
 * them.
 */
const unsaved = new WeakMap<Runtime, Map<string, UnsavedProof>>();

function unsavedProofs(runtime: Runtime): Map<string, UnsavedProof> {
  const proofs = unsaved.get(runtime) ?? new Map<string, UnsavedProof>();
  unsaved.set(runtime, proofs);
  return proofs;
}

/** The proof about a zone that is not journalled yet; null: there is none. */
export function unsavedProof(runtime: Runtime, { id }: CreateOperation): Proof | null {
  return unsavedProofs(runtime).get(id)?.proof ?? null;
}

/** Drops the stored proof, because the journal has it now. */
export function proofSaved(runtime: Runtime, { id }: CreateOperation): void {
  unsavedProofs(runtime).delete(id);
}

/**
 * Journals the proof of this operation that is not journalled yet, if there is one.
 * @param given further fields to store with the proof; absent: the fields that were kept together with it
 * @returns the operation as journalled
 * @throws {JournalError} the next step tries again
 */
export async function withProof(
  runtime: Runtime,
  operation: CreateOperation,
  given?: Answered,
): Promise<CreateOperation> {
  const proofs = unsavedProofs(runtime);
  const kept = proofs.get(operation.id);
  if (kept === undefined) return operation;
  const { proof } = kept;
  const answered = given ?? kept.answered;
  // If a request may still take effect (`proof.requested`), the operation keeps its `watch`, which is how
  // late effects are found.
  const { created, snapshot } = proof;
  const known = await amend(runtime, operation, () =>
    proof.requested ? proof : { ...answered, created, snapshot },
  );
  proofs.delete(operation.id);
  return known;
}

/**
 * Creates the zone with its records. If the central refuses that, creates the zone empty, so that one bad
 * record does not stop the rest.
 * @returns the proof; `exists`: the account had the zone already; or the central's final refusal
 */
async function createOrRefusal(
  runtime: Runtime,
  operation: CreateOperation,
  content: readonly ResourceRecord[],
  ctx: CallContext,
): Promise<Made | 'exists' | CentralError> {
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
 * Creates the zone and reads it back, even if the answer is lost. If the answer itself shows the zone's
 * records, they are not read once more.
 * @param sent `content`: the records in the request; `held`: the panel's records
 * @throws {CentralError | JournalError} the central refused, or the outcome is unknown
 */
async function createProven(
  runtime: Runtime,
  operation: CreateOperation,
  { sent, held }: { readonly sent: readonly ResourceRecord[]; readonly held: readonly ResourceRecord[] },
  ctx: CallContext,
): Promise<Made | 'exists'> {
  const { zone, seed } = operation;
  let isMade = false;
  try {
    const made = await runtime.ports.central.createZone(zone, seed ?? emptySeed, ctx, sent);
    if (made === 'exists') return 'exists';
    isMade = true;
    const content = made === 'created' ? await readCentralZone(runtime, zone, held, ctx) : made;
    return { proof: foundZone(content ?? []), content };
  } catch (error) {
    if (!(error instanceof CentralError) || (!isMade && error.state === 'untouched')) throw error;
    const proof = await readBackCreate(runtime, operation, held);
    if (proof !== null) return { proof, content: null };
    if (!isMade) throw error;
    // The zone is ours, but we could not read its records. The next read will show which records the create
    // made.
    noteSent(runtime, operation);
    return { proof: { created: true, requested: true, snapshot: [] }, content: null };
  }
}

function isRefusal({ state, retry }: CentralError): boolean {
  return state === 'untouched' && retry === 'never';
}

/**
 * Ends a create that the central refused after the panel had made the zone. If a user created the zone, it is
 * deleted in the panel again (class `compensate`). Otherwise the zone stays in the panel and is listed.
 */
async function refusedAfterwards(
  runtime: Runtime,
  operation: CreateOperation,
  error: CentralError,
  panel: readonly PanelRecord[],
): Promise<void> {
  const { log } = runtime.ports;
  const { zone } = operation;
  log(2, 'zone.not-followed', { operation: operation.id, zone, code: error.code });
  const problems = [error.problem];
  await runtime.store.transact(async (tx) => {
    // Without an `after` call, something else may have made the zone in the panel, such as a new web domain.
    if (operation.class !== 'follow' && (await tx.current(operation)).afterSeen) {
      // We delete the zone in the panel only while it still has exactly these records.
      const refusedContent = panel.filter((record) => !isCentralsOwn(zone, record)).map(plain);
      await tx.record(operation, 'reverting', () => ({ class: 'compensate', refusedContent, problems }));
      tx.wake(zone, 0);
      return;
    }
    const state = error.code === 'zone.foreign' ? 'foreign' : 'panel-only';
    const { incarnation } = await tx.record(operation, 'reverted', () => ({ problems }));
    const entry = zoneEntry(runtime, zone, state, error.code, { incarnation });
    await tx.zone(await tx.journal.zone(zone), entry);
  });
}

/** Whether the panel's zone still has exactly the records that it had when the central refused it. */
export function isUntouched({ zone, refusedContent }: CreateOperation, view: PanelView): boolean {
  const own = (view.records ?? []).filter((record) => !isCentralsOwn(zone, record));
  const then = new Set(refusedContent.map(recordId));
  return own.length === then.size && own.every((record) => then.has(recordId(record)));
}
