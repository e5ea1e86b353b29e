import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { CentralError, type CallContext } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import { creates, isFinal, type CreateOperation, type Operation } from '../../operation.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { plain } from '../knowledge/compare-rule.ts';
import type { Runtime } from '../runtime.ts';

/**
 * What a create of ours is proven to have made: only what its answer, or a read right after it, showed
 * (docs/adoption.md, row 30).
 */
export type Proof = Pick<CreateOperation, 'created' | 'requested' | 'snapshot'>;

/** The proof that the first read of a zone of ours gives. Records that appear later are foreign. */
export function foundZone(content: readonly ResourceRecord[]): Proof {
  return { created: true, requested: false, snapshot: content.map(plain) };
}

/**
 * Reads the zone that a create of ours has just made.
 * @param held records of the zone that the panel has
 * @returns the proof, to be journalled
 * @throws {CentralError | JournalError} the zone is ours, but its content is not known
 */
export async function proofOf(
  runtime: Runtime,
  { zone }: Pick<CreateOperation, 'zone'>,
  held: readonly ResourceRecord[],
  ctx: CallContext,
): Promise<Proof> {
  const content = await readCentralZone(runtime, zone, held, ctx);
  return foundZone(content ?? []);
}

/**
 * Checks once whether a create whose answer was lost has made its zone. The zone was missing just before the
 * request, so a zone that is there now is ours. A zone that appears later may be another writer's.
 * @returns null: the zone is not there, or it could not be read
 */
export async function readBackCreate(
  runtime: Runtime,
  operation: CreateOperation,
  held: readonly ResourceRecord[],
): Promise<Proof | null> {
  try {
    const content = await runtime.timers.step(
      operation.id,
      (ctx) => readCentralZone(runtime, operation.zone, held, ctx),
      runtime.ports.settings.recheckTimeout,
    );
    if (content === null) return null;
    const { journal, clock } = runtime.ports;
    const open = await journal.operations({ zone: operation.zone, openAt: clock.wall() });
    return { ...foundZone(content), requested: mayLandStill(open, operation) };
  } catch (error) {
    if (error instanceof CentralError || error instanceof JournalError) return null;
    throw error;
  }
}

/**
 * Deletes a zone that a create has just made and the journal failed to store, unless another writer has
 * changed it since.
 * @returns the operation with `created` and `requested` false if the zone is gone, else unchanged
 */
export async function unmake(runtime: Runtime, operation: CreateOperation): Promise<CreateOperation> {
  const { central, settings } = runtime.ports;
  const { id, zone } = operation;
  const known = new Set(operation.snapshot.map(recordId));
  try {
    const isGone = await runtime.timers.step(
      id,
      async (ctx) => {
        const content = await readCentralZone(runtime, zone, operation.snapshot, ctx);
        if (content?.some((record) => !known.has(recordId(record))) === true) return false;
        if (content !== null) await central.deleteZone(zone, ctx);
        return true;
      },
      settings.recheckTimeout,
    );
    return isGone ? { ...operation, created: false, requested: false } : operation;
  } catch (error) {
    if (!(error instanceof CentralError || error instanceof JournalError)) throw error;
    runtime.ports.log(2, 'undo.failed', { operation: id, code: error.code });
    return operation;
  }
}

/** Ids of creates whose request this process has sent, for each engine. After a restart there are none. */
const sent = new WeakMap<Runtime, Set<string>>();

/** Notes that the request of a create goes out, or that it was answered and could not be read back. */
export function noteSent(runtime: Runtime, { id }: CreateOperation): void {
  sent.set(runtime, (sent.get(runtime) ?? new Set<string>()).add(id));
}

/**
 * Whether a zone that appears at the central is what this create has made (docs/adoption.md, row 30). It is
 * if this process sent the create, after a list without the zone, and the watch is not over.
 */
export function mayLandLate(runtime: Runtime, { id, requested, watch }: CreateOperation): boolean {
  const isOurs = sent.get(runtime)?.has(id) === true;
  return isOurs && requested && (watch?.until ?? 0) > runtime.ports.clock.wall();
}

/**
 * Journals that a create has landed late. What this first read shows counts as made by it; what comes later
 * is another writer's. While the create is being undone, or another create of the zone is on its way, a zone
 * that appears later is listed, not deleted.
 */
export async function landed(
  runtime: Runtime,
  create: CreateOperation,
  content: readonly ResourceRecord[],
): Promise<CreateOperation> {
  const known = await runtime.store.transact(async (tx) => {
    const requested = create.state === 'reverting' || mayLandStill(await tx.open(create.zone), create);
    return await tx.amend(create, () => ({ ...foundZone(content), requested }));
  });
  noteLanded(runtime, create);
  return known;
}

/**
 * Notes that the create has landed or was refused: a zone that appears from now on is not taken for its
 * result.
 */
export function noteLanded(runtime: Runtime, { id }: CreateOperation): void {
  sent.get(runtime)?.delete(id);
}

/**
 * Whether another create of the zone is on its way, so that nobody can say which of them has landed. A zone
 * that appears later is left and listed.
 */
export function mayLandStill(open: readonly Operation[], { id }: CreateOperation): boolean {
  return creates(open).some((other) => other.id !== id && other.requested);
}

/**
 * Whether another open create is known to have made the zone at the central. That one answers for the zone.
 */
export function isMadeByAnother(open: readonly Operation[], { id }: CreateOperation): boolean {
  return creates(open).some((other) => other.id !== id && !isFinal(other.state) && other.created);
}
