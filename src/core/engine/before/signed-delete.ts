import { displayName, type DnsName } from '../../../dns/name.ts';
import type { Problem } from '../../../dns/problem.ts';
import { refusal } from '../../catalogue.ts';
import { CentralError, type CallContext } from '../../central.ts';
import { isMirrored } from '../../ledger.ts';
import type { CreateOperation, DeleteOperation, Operation } from '../../operation.ts';
import type { EditEvent } from '../../panel.ts';
import { otherWriterFact } from '../comparison/other-writers.ts';
import type { Runtime } from '../runtime.ts';
import { askedAt, hearAnswer, repeatAfter, repeatWithin } from './second-yes.ts';

/** Longest time from the repeated call to the creation of its delete, milliseconds. */
const answering = 60_000;

/**
 * Name of the journal's fact with the time at which the delete was refused because the zone is signed (wall
 * clock, milliseconds since 1970).
 */
function askedFact(zone: DnsName): string {
  return `signed-delete.asked ${zone}`;
}

/** Name of the journal's fact with the id of the delete that an administrator allowed. */
function allowedFact(zone: DnsName): string {
  return `signed-delete.allowed ${zone}`;
}

/**
 * Refuses the delete of a signed zone once, so that the user has to repeat it. While the parent has a DS
 * record, a deleted zone is broken, and so is a new one of that name (RFC 4035 section 5.2). All zones of one
 * call are asked about together. If signing cannot be found out, nothing is asked here; `maySendDelete`
 * checks it before the delete goes out.
 * @param edits of one call of the panel
 * @returns why the call is refused; empty: it is not
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
  if (Object.keys(asked).length > 0) await runtime.store.commit({ facts: asked });
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
 * Whether the central signs the zone (DNSSEC) and we may delete it there. False if the central does not
 * report signing, or has no such zone.
 * @throws {CentralError}
 */
export async function isSigned(runtime: Runtime, zone: DnsName, ctx: CallContext): Promise<boolean> {
  const { central } = runtime.ports;
  return central.traits.managesZones && (await central.signing(zone, ctx))?.signed === true;
}

/**
 * Whether a delete may be sent: the zone is not signed, an administrator allowed this delete, or the delete
 * repeats a refused call in time.
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
 * Facts to commit when an administrator allows a delete of a signed zone: {@link maySendDelete} reads them.
 */
export function allowed({ zone, id }: CreateOperation | DeleteOperation): Readonly<Record<string, string>> {
  return { [allowedFact(zone)]: id };
}

/** Facts to clear when the zone is gone, so that a later zone of that name starts anew. */
export function forgotten(zone: DnsName): Readonly<Record<string, null>> {
  return { [askedFact(zone)]: null, [allowedFact(zone)]: null, [otherWriterFact(zone)]: null };
}

/** Whether the delete is stuck because it needs an administrator's consent. */
export function waitsForYes({ kind, state, problems }: Operation): boolean {
  const isWaiting = problems.some(({ code }) => code === 'zone.signed-waiting');
  return kind === 'zone-delete' && state === 'stuck' && isWaiting;
}
