import { parseName, wildcardsOver, type DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import type { DnsMessage } from '../../dns/wire/message.ts';
import { DnsError } from '../../net/dns/dns-error.ts';
import { isChildZone, sightOf, type RRsetGoal } from './goal.ts';

/** A name server that can be queried. */
export interface AskedServer {
  /** The name that users see. */
  readonly name: string;
  /** Queries an RRset without recursion. @throws {DnsError | DnsDataError} */
  ask(name: DnsName, type: string, signal: AbortSignal): Promise<DnsMessage>;
  close(): void;
}

/**
 * Whether a name server serves an {@link RRsetGoal}. `live`: it answers with the new data, or with data that
 * a wildcard may explain. `hidden`: queries cannot show the data. `old`: it answers with other data.
 * `unserved`: it does not have the zone. `failed`: it answers with an error. `silent`: it does not answer.
 */
export interface ServerAnswer {
  readonly state: 'live' | 'hidden' | 'old' | 'unserved' | 'failed' | 'silent';
  /** The error in words; empty if `state` says everything. */
  readonly text: string;
}

/**
 * Queries a name server for the RRset of a goal. Sends further queries only if the first answer is ambiguous.
 */
export async function askServer(
  server: AskedServer,
  goal: RRsetGoal,
  signal: AbortSignal,
): Promise<ServerAnswer> {
  try {
    return await look((name, type) => server.ask(name, type, signal), goal);
  } catch (error) {
    // A name that cannot be put into a query cannot be checked.
    if (error instanceof DnsDataError) return { state: 'hidden', text: '' };
    if (error instanceof DnsError) return { state: 'silent', text: error.params['text'] ?? error.kind };
    throw error;
  }
}

/** Queries an RRset at one name server. */
type Ask = (name: DnsName, type: string) => Promise<DnsMessage>;

async function look(ask: Ask, goal: RRsetGoal): Promise<ServerAnswer> {
  const { zone, name, type, present, absent, exists } = goal;
  const sight = sightOf(await ask(name, type), goal);
  if (sight.kind === 'failed') return { state: 'failed', text: sight.rcode };
  if (sight.kind !== 'data') return { state: sight.kind, text: '' };
  const left = [...absent].filter((rdata) => sight.rdata.has(rdata));
  const complete = present.isSubsetOf(sight.rdata);
  if (complete && left.length === 0) {
    if (type !== 'DNAME' || present.size === 0 || (await isFollowed(ask, goal)))
      return { state: 'live', text: '' };
    return { state: 'old', text: 'the DNAME is not followed' };
  }
  if (complete && !exists && (await isMadeUp(ask, goal, left))) return { state: 'live', text: '' };
  if (sight.positive && name !== zone && isChildZone(await ask(name, 'SOA'), zone, name))
    return { state: 'hidden', text: '' };
  return { state: 'old', text: '' };
}

/**
 * Whether the server follows a DNAME for names below it (RFC 6672 section 3.2). A server may have the record
 * and ignore it.
 */
async function isFollowed(ask: Ask, { name }: RRsetGoal): Promise<boolean> {
  const below = parseName('domainsync-check', name);
  const { answers } = await ask(below, 'A');
  return answers.some(({ type, name: owner }) => type === 'DNAME' && owner === name);
}

/**
 * Whether a wildcard of the zone would give the same answer. Then queries cannot show whether the removed
 * records still exist (RFC 4592 section 3.3).
 */
async function isMadeUp(
  ask: Ask,
  { zone, name, type }: RRsetGoal,
  left: readonly string[],
): Promise<boolean> {
  for (const wildcard of wildcardsOver(name, zone)) {
    const sight = sightOf(await ask(wildcard, type), { zone, name: wildcard, type });
    if (sight.kind === 'data' && left.every((rdata) => sight.rdata.has(rdata))) return true;
  }
  return false;
}
