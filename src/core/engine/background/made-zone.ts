import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { CentralError, type CallContext } from '../../central.ts';
import { JournalError } from '../../journal.ts';
import { creates, isFinal, type CreateOperation, type Operation } from '../../operation.ts';
import { readCentralZone } from '../knowledge/central-zone.ts';
import { plain } from '../knowledge/compare-rule.ts';
import { watching } from '../knowledge/operations.ts';
import type { Runtime } from '../runtime.ts';

/**
 * What we know for certain about the zone that a create of ours made. Only the central's answer to the
 * create, or a read right after it, is a proof (docs/adoption.md, row 30).
 */
export type Proof = Pick<CreateOperation, 'created' | 'requested' | 'snapshot'>;

/**
 * Makes the proof from the records in the first read of a zone that we created. Records that appear later are
 * foreign.
 */
export function foundZone(content: readonly ResourceRecord[]): Proof {
  return { created: true, requested: false, snapshot: content.map(plain) };
}

/**
 * Reads a zone that our create has just made.
 * @param held the records that the panel has in the zone
 * @returns the proof, which the caller journals
 * @throws {CentralError | JournalError} the zone is ours, but we do not know its content
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
 * Fields that a create had before its request was journalled. A caller that passes them has just read, under
 * the same lock, that the central lacks the zone.
 */
export type BeforeRequest = Pick<CreateOperation, 'requested' | 'watch'>;

/**
 * The fields of a create whose request is about to be sent.
 * @param content the panel's records to send
 */
export function requesting(
  { ports }: Runtime,
  now: CreateOperation,
  content: readonly ResourceRecord[],
): BeforeRequest {
  const { managesZones, createsWithContent } = ports.central.traits;
  return {
    requested: now.requested || managesZones,
    watch: watching(ports, now, { add: createsWithContent ? content.map(plain) : [] }),
  };
}

/**
 * If the answer to a create request was lost, checks at once whether the zone exists. The zone was missing
 * just before the request, so a zone that exists now is ours. A zone that appears later may be another
 * writer's.
 * @returns null: the zone does not exist, or the read failed
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
 * Deletes a zone that we have just created, because the journal could not store that we created it. Keeps the
 * zone if another writer has changed it.
 * @returns the operation with `created` and `requested` false if the zone is deleted, else unchanged
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

/**
 * For each engine, the ids of creates whose request this process has sent, but has not seen to take effect or
 * fail. Empty after a restart.
 */
const sent = new WeakMap<Runtime, Set<string>>();

/**
 * Remembers that a zone which appears from now on may be made by this create. Called when the request is
 * sent, or when the zone could not be read after the answer.
 */
export function noteSent(runtime: Runtime, { id }: CreateOperation): void {
  sent.set(runtime, (sent.get(runtime) ?? new Set<string>()).add(id));
}

/**
 * Whether a zone that appears at the central counts as made by this create (docs/adoption.md, row 30). It
 * does if this process sent the create request when the central lacked the zone, and the operation is still
 * watched for late effects.
 */
export function mayLandLate(runtime: Runtime, { id, requested, watch }: CreateOperation): boolean {
  const isOurs = sent.get(runtime)?.has(id) === true;
  return isOurs && requested && (watch?.until ?? 0) > runtime.ports.clock.wall();
}

/**
 * Journals that a create request has taken effect late. Records in this first read count as made by the
 * create; records that appear later are another writer's. If another create of the zone is under way, or this
 * one is being undone, `requested` stays true. Then a zone that appears again later is not deleted but listed
 * for the administrator.
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
 * Remembers that the create request has taken effect or was refused. A zone that appears from now on does not
 * count as made by this create.
 */
export function noteLanded(runtime: Runtime, { id }: CreateOperation): void {
  sent.get(runtime)?.delete(id);
}

/**
 * Whether another create request for the same zone may still take effect. If so, nobody can tell which of the
 * two made the zone. A zone that appears later is then not deleted but listed for the administrator.
 */
export function mayLandStill(open: readonly Operation[], { id }: CreateOperation): boolean {
  return creates(open).some((other) => other.id !== id && other.requested);
}

/**
 * Whether another open create has certainly made the zone. If so, that create decides whether the zone stays.
 */
export function isMadeByAnother(open: readonly Operation[], { id }: CreateOperation): boolean {
  return creates(open).some((other) => other.id !== id && !isFinal(other.state) && other.created);
}
