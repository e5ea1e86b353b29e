import { displayName, namesAbove, type DnsName } from '../../../dns/name.ts';
import type { Problem } from '../../../dns/problem.ts';
import { refusal } from '../../catalogue.ts';
import { CentralError, type CallContext } from '../../central.ts';
import { isMirrored } from '../../ledger.ts';
import type { EditEvent } from '../../panel.ts';
import type { Runtime } from '../runtime.ts';
import { hearAnswer } from './second-yes.ts';

/**
 * Code of the note for a zone that is not created at the central, because the signed zone above it does not
 * delegate it.
 */
export const signedAboveNote = 'note.signed-above';

/**
 * Name of the journal's fact that holds a time (wall clock, milliseconds since 1970). At that time we refused
 * to create this zone because of the signed zone above it.
 */
function askedFact(zone: DnsName): string {
  return `signed-above.asked ${zone}`;
}

/**
 * Refuses the create of a zone once if the zone lies in a signed zone of ours that does not delegate it. If
 * the user repeats the create, it is carried out. Without a delegation, the signed zone proves that the new
 * zone does not exist. So validators reject the new zone's answers (RFC 4035 section 5.2). If we cannot find
 * out whether the upper zone is signed, nothing is refused.
 * @param edits of one call of the panel
 * @returns the reasons of the refusal; empty: the call may go on
 * @throws {JournalError}
 */
export async function askAboutSignedAbove(
  runtime: Runtime,
  edits: readonly EditEvent[],
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const { journal, log } = runtime.ports;
  const problems: Problem[] = [];
  let asked: Readonly<Record<string, string>> = {};
  for (const { kind, stage, zone } of edits) {
    if (kind !== 'zone-create' || stage !== 'before') continue;
    const state = (await journal.zone(zone))?.state;
    if (state !== undefined && isMirrored(state)) continue;
    const found = await findNow(runtime, zone, { signal, operation: '-' });
    if (found === null) continue;
    const answer = await hearAnswer(runtime, askedFact(zone));
    if (answer === 'yes') continue;
    asked = { ...asked, ...answer };
    problems.push(signedAboveProblem(zone, found));
    log(4, 'zone.signed-above', { zone, parent: found.parent });
  }
  if (Object.keys(asked).length > 0 && runtime.promises === null)
    await runtime.store.commit({ facts: asked });
  return problems;
}

/** A signed zone of ours that has another zone below it and does not delegate it. */
interface SignedAbove {
  readonly parent: DnsName;
  /** The name servers that the signed zone lists in the NS records at its apex. */
  readonly nameServers: readonly string[];
}

/** Returns the problem to report for a zone that would lie in a signed zone without a delegation. */
export function signedAboveProblem(zone: DnsName, { parent, nameServers }: SignedAbove): Problem {
  const records = nameServers.map((server) => `${zone} NS ${server}`).join(', ');
  return refusal('zone.signed-above', { zone: displayName(zone), parent: displayName(parent), records });
}

async function findNow(runtime: Runtime, zone: DnsName, ctx: CallContext): Promise<SignedAbove | null> {
  try {
    return await findSignedAbove(runtime, zone, ctx);
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    runtime.ports.log(4, 'zone.signing-unknown', { zone, code: error.code });
    return null;
  }
}

/**
 * Finds the signed zone that a new zone would lie in without a delegation. `null`: there is none, the central
 * has the new zone already, or only the provider creates zones.
 * @throws {CentralError}
 */
export async function findSignedAbove(
  { ports: { central } }: Runtime,
  zone: DnsName,
  ctx: CallContext,
): Promise<SignedAbove | null> {
  // A provider who creates the zones also delegates them.
  if (!central.traits.managesZones) return null;
  for (const parent of namesAbove(zone)) {
    const signing = await central.signing(parent, ctx);
    if (signing === null) continue;
    // Queries for the new name are answered by the nearest zone above it, so only this nearest zone counts.
    if (signing.signed !== true || (await central.signing(zone, ctx)) !== null) return null;
    const records = (await central.readNames(parent, [zone, parent], ctx, new Set(['NS']))) ?? [];
    const nsAt = (name: DnsName): readonly string[] =>
      records.filter((record) => record.name === name && record.type === 'NS').map(({ rdata }) => rdata);
    return nsAt(zone).length > 0 ? null : { parent, nameServers: nsAt(parent) };
  }
  return null;
}
