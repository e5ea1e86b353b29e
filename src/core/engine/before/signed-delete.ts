import { displayName, type DnsName } from '../../../dns/name.ts';
import type { Problem } from '../../../dns/problem.ts';
import { refusal } from '../../catalogue.ts';
import { CentralError, type CallContext } from '../../central.ts';
import { isMirrored } from '../../ledger.ts';
import type { CreateOperation, DeleteOperation, Operation } from '../../operation.ts';
import type { EditEvent } from '../../panel.ts';
import type { Runtime } from '../runtime.ts';
import { askedAt, hearAnswer, repeatAfter, repeatWithin } from './second-yes.ts';

/**
 * Time (ms) that the answer to the repeated call may take. The delete must be journalled within
 * `repeatWithin` and this time after the refusal.
 */
const answering = 60_000;

/**
 * Name of the journal's fact that holds the time at which we refused to delete this signed zone (wall clock,
 * milliseconds since 1970).
 */
function askedFact(zone: DnsName): string {
  return `signed-delete.asked ${zone}`;
}

/** Name of the journal's fact that holds the id of the delete operation that an administrator allowed. */
function allowedFact(zone: DnsName): string {
  return `signed-delete.allowed ${zone}`;
}

/**
 * Refuses the delete of a signed zone once. If the user repeats the delete, it is carried out. While the
 * parent has a DS record, a deleted zone fails validation, and so does a new zone of that name (RFC 4035
 * section 5.2). One refusal covers all zones of the call. If we cannot find out whether a zone is signed, its
 * delete is not refused here. {@link maySendDelete} checks again before the delete is sent.
 * @param edits of one call of the panel
 * @returns the reasons of the refusal; empty: the call may go on
 * @throws {JournalError}
 */
export async function askForYes(
  runtime: Runtime,
  edits: readonly EditEvent[],
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const { central, journal, log } = runtime.ports;
  if (!central.traits.managesZones) return [];
  const problems: Problem[] = [];
  let asked: Readonly<Record<string, string>> = {};
  for (const { kind, stage, zone } of edits) {
    if (kind !== 'zone-delete' || stage !== 'before') continue;
    const state = (await journal.zone(zone))?.state;
    if (state === undefined || !isMirrored(state)) continue;
    if (!(await isSignedNow(runtime, zone, { signal, operation: '-' }))) continue;
    const answer = await hearAnswer(runtime, askedFact(zone));
    if (answer === 'yes') continue;
    asked = { ...asked, ...answer };
    problems.push(refusal('zone.signed-delete', { zone: displayName(zone) }));
    log(4, 'zone.signed-delete', { zone });
  }
  if (Object.keys(asked).length > 0 && runtime.promises === null)
    await runtime.store.commit({ facts: asked });
  return problems;
}

async function isSignedNow(runtime: Runtime, zone: DnsName, ctx: CallContext): Promise<boolean> {
  try {
    return await isSigned(runtime, zone, ctx);
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    runtime.ports.log(4, 'zone.signing-unknown', { zone, code: error.code });
    return false;
  }
}

/**
 * Whether the central signs the zone (DNSSEC) and lets us delete it. False if the central does not report
 * signing, or has no such zone.
 * @throws {CentralError}
 */
export async function isSigned(runtime: Runtime, zone: DnsName, ctx: CallContext): Promise<boolean> {
  const { central } = runtime.ports;
  return central.traits.managesZones && (await central.signing(zone, ctx))?.signed === true;
}

/**
 * Whether a delete may be sent. It may if the zone is not signed, an administrator allowed this delete, or
 * the user repeated the refused call in time.
 * @throws {CentralError | JournalError}
 */
export async function maySendDelete(
  runtime: Runtime,
  operation: DeleteOperation,
  ctx: CallContext,
): Promise<boolean> {
  const { zone, createdAt } = operation;
  if (!(await isSigned(runtime, zone, ctx))) return true;
  if ((await runtime.ports.journal.fact(allowedFact(zone))) === operation.id) return true;
  const last = await askedAt(runtime.ports.journal, askedFact(zone));
  const age = last === null ? Infinity : createdAt - last;
  return operation.class !== 'follow' && age >= repeatAfter && age <= repeatWithin + answering;
}

/**
 * The facts to store when an administrator allows the delete of a signed zone. {@link maySendDelete} reads
 * these facts.
 */
export function allowed({ zone, id }: CreateOperation | DeleteOperation): Readonly<Record<string, string>> {
  return { [allowedFact(zone)]: id };
}

/** Names of all facts of this module about the zone. */
export function signedDeleteFacts(zone: DnsName): readonly string[] {
  return [askedFact(zone), allowedFact(zone)];
}

/** Whether the operation is a delete of a signed zone that is stuck until an administrator allows it. */
export function waitsForYes({ kind, state, problems }: Operation): boolean {
  const isWaiting = problems.some(({ code }) => code === 'zone.signed-waiting');
  return kind === 'zone-delete' && state === 'stuck' && isWaiting;
}
