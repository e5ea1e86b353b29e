import { isExpectedAt } from '../../../core/central.ts';
import { otherTtl, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { rrsetId } from '../../../dns/zone.ts';
import { tagOf } from '../../../gateway/work/precondition.ts';
import { requestTime } from '../gateway-world.ts';
import type { Send } from '../name-server.ts';
import type { SimRequest } from '../requests.ts';
import type { SeenCommit } from '../witness.ts';
import { areIn, idsOf, sendText, type Course, type Report } from './course.ts';

/** The time in which a request is on the way, as far as its sender waits for it. */
function wayOf({ sentAt, landedAt, endedAt }: Send): readonly [number, number] | null {
  if (sentAt === null) return null;
  return [sentAt, Math.min(landedAt ?? Infinity, endedAt ?? Infinity, sentAt + requestTime)];
}

/** Whether the sender was held up between its last read of the clock and the request. */
export function isHeldUp({ process, calledAt, sentAt }: Send): boolean {
  return sentAt !== null && process.wasHeld(calledAt, sentAt);
}

/** Writes of one zone run one after the other. */
export function checkTurns(course: Course, report: Report): void {
  for (const [, sends] of Map.groupBy(course.sends, ({ zone }) => zone)) {
    for (const [at, one] of sends.entries())
      for (const other of sends.slice(at + 1)) {
        const [first, second] = [wayOf(one), wayOf(other)];
        if (first === null || second === null || isHeldUp(one) || isHeldUp(other)) continue;
        if (first[0] < second[1] && second[0] < first[1])
          report('turns.overlap', `${sendText(one)} and ${sendText(other)}`);
      }
  }
  for (const send of course.sends) {
    checkLate(send, report);
    checkListed(send, course, report);
  }
  checkLeases(course, report);
}

/** The time limit of a request begins before it reads at the name server. */
function checkLate(send: Send, report: Report): void {
  const { calledAt, request, sentAt } = send;
  const begun = request.reads[0]?.at;
  // If the wall clock was set back while the machine was suspended, it does not show how much time passed.
  if (sentAt === null || begun === undefined || send.process.wasSetBack(begun, calledAt)) return;
  if (calledAt > begun + requestTime)
    report('turns.late', `${sendText(send)} ${calledAt - begun} ms after its first read`);
}

/** A change is accepted by the process that has taken the zone last. Nobody else ends its lease. */
function checkLeases(course: Course, report: Report): void {
  const holders = new Map<string, SimRequest>();
  const ended = new Set<string>();
  for (const commit of course.world.witness.commits) {
    const { leases, request } = commit;
    for (const { zone, fence, until } of leases) {
      const lease = `${zone} ${fence}`;
      if (request !== null && !holders.has(lease)) holders.set(lease, request);
      const holder = holders.get(lease);
      if (until === 0 && !ended.has(lease) && holder !== request)
        report('turns.lease', `#${request?.number ?? 0} ends the lease of #${holder?.number ?? 0}`);
      if (until === 0) ended.add(lease);
    }
    checkAccepted(commit, holders, report);
  }
}

/** @param holders who has taken a zone, by zone and fence */
function checkAccepted(
  { leases, request, entries }: SeenCommit,
  holders: ReadonlyMap<string, SimRequest>,
  report: Report,
): void {
  for (const { what, zone } of entries) {
    const lease = leases.find((one) => one.zone === zone);
    if (what !== 'change.accepted' || lease === undefined) continue;
    const holder = holders.get(`${zone} ${lease.fence}`);
    if (holder !== request)
      report('turns.lease', `#${request?.number ?? 0} is accepted in the turn of #${holder?.number ?? 0}`);
  }
}

/** If another gateway has accepted a change of the zone meanwhile, the lease of the first one was lost. */
function checkListed(send: Send, course: Course, report: Report): void {
  const { request, zone, kind, process } = send;
  if (kind !== 'change') return;
  const { commits } = course.world.witness;
  const isAccepted = (what: string): boolean => what === 'change.accepted';
  const accepted = commits.find(
    (one) => one.request === request && one.entries.some(({ what }) => isAccepted(what)),
  );
  if (accepted === undefined) return;
  const key =
    accepted.entries.map(({ token, detail }) => `${token} ${String(Object(detail)['key'])}`)[0] ?? '';
  // Once the outcome is stored, the zone is the next one's, although the answer may take a while.
  const end = commits.find(({ outcomes }) => (outcomes.get(key) ?? null) !== null)?.at ?? Infinity;
  const other = commits.find(
    ({ at, request: by, entries }) =>
      at > accepted.at &&
      at < end &&
      by !== null &&
      by.process !== process &&
      entries.some((entry) => isAccepted(entry.what) && entry.zone === zone),
  );
  if (other === undefined) return;
  const outcome = commits.at(-1)?.outcomes.get(key);
  if (outcome?.includes('interrupted') !== true)
    report('turns.listed', `${sendText(send)} lost its lease, and its outcome is ${outcome ?? 'none'}`);
  if (request.answer?.kind === 'outcome' && request.answer.outcome?.kind === 'done')
    report('turns.listed', `${sendText(send)} lost its lease, and its client hears done`);
}

/** Nothing but what was asked for is written, and nobody else's record is lost. */
export function checkOthers(course: Course, report: Report): void {
  for (const send of course.sends) {
    const { request, altered, remove, add, kind } = send;
    if (kind !== 'change') continue;
    if (altered !== null && !isOnlyAsked(send, course))
      report('others.kept', `${sendText(send)} has altered ${JSON.stringify(altered)}`);
    const { asked } = request;
    const isAsked =
      asked.kind === 'change'
        ? areIn(remove, asked.remove) && areIn(add, asked.add)
        : asked.kind === 'rrset' &&
          [...remove, ...add].every((one) => rrsetId(one) === rrsetId(asked.request));
    if (!isAsked) report('others.asked', `${sendText(send)} is not what was asked for`);
  }
}

/**
 * Whether a write has altered only its own records. An RRset is replaced as a whole, so another writer may
 * lose his record if he writes it between the adapter's read and its write.
 */
function isOnlyAsked(send: Send, { world }: Course): boolean {
  const { altered, remove, add, sentAt, landedAt, request } = send;
  if (altered === null || sentAt === null || landedAt === null) return true;
  const sets = new Set([...remove, ...add].map(rrsetId));
  const seenAt = request.reads.findLast(({ at }) => at <= sentAt)?.at ?? sentAt;
  const isRaced = world.server.happenings.some(
    (one) =>
      one.send !== send &&
      one.at >= seenAt &&
      one.at <= landedAt &&
      one.zone === send.zone &&
      [...one.removed, ...one.added].some((record) => sets.has(rrsetId(record))),
  );
  const all = [...altered.removed, ...altered.added];
  if (!all.every((record) => sets.has(rrsetId(record)))) return false;
  return (
    isRaced ||
    (areIn(altered.removed, [...remove, ...add]) && areIn(altered.added, [...add, ...altered.removed]))
  );
}

/** A change is written only where the zone has what its sender expects. */
export function checkExpected(course: Course, report: Report): void {
  for (const send of course.sends) {
    const { request, calledAt, kind, sentAt } = send;
    if (kind !== 'change' || sentAt === null) continue;
    // The adapter reads once more, right before it writes.
    const seen = request.reads.findLast(({ at, names }) => at <= calledAt && names !== null);
    if (seen === undefined || seen.records === null) {
      report('expected.true', `${sendText(send)} without a read before it`);
      continue;
    }
    const wrong = expectedOtherwise(send, seen.records);
    if (wrong !== null) report('expected.true', `${sendText(send)}: ${wrong}`);
    if (!isHeldUp(send) && isWrittenBetween(send, seen.at, sentAt, course))
      report('turns.overlap', `${sendText(send)}: the zone was written since it was read`);
  }
}

/** What these records lack of the expectation or tag of a write, in words; null: nothing. */
function expectedOtherwise(
  { request: { asked }, zone }: Send,
  records: readonly ResourceRecord[],
): string | null {
  if (asked.kind === 'change' && asked.expect !== null) {
    const { expect } = asked;
    const found = records.filter((record) => isExpectedAt(expect, zone, record));
    return areSame(expect.records, found) ? null : 'the zone has other records';
  }
  if (asked.kind !== 'rrset') return null;
  const { match, noneMatch } = asked.request.precondition;
  const set = records.filter((record) => rrsetId(record) === rrsetId(asked.request));
  const tag = set.length === 0 ? null : tagOf(set);
  const isMatched = match === null || (tag !== null && (match === 'any' || match.includes(tag)));
  const isNew = noneMatch !== 'any' || tag === null;
  return isMatched && isNew ? null : 'the RRset has another tag';
}

/** Whether another write of a gateway has changed the zone between these times, and was not late. */
function isWrittenBetween(send: Send, from: number, to: number, { world }: Course): boolean {
  return world.server.happenings.some(
    (one) =>
      one.zone === send.zone &&
      one.at > from &&
      one.at < to &&
      one.send !== null &&
      one.send !== send &&
      !isLate(one.send, one.at),
  );
}

/** Whether a write has landed after its sender has given it up, or was sent by a process that was held up. */
export function isLate(send: Send, landed: number): boolean {
  return (
    isHeldUp(send) ||
    (send.endedAt !== null && send.endedAt < landed) ||
    landed > (send.sentAt ?? 0) + requestTime ||
    send.process.wasDead(landed)
  );
}

function areSame(expected: readonly ResourceRecord[], found: readonly ResourceRecord[]): boolean {
  const [wanted, there] = [idsOf(expected), new Map(found.map((record) => [recordId(record), record]))];
  if (wanted.size !== there.size) return false;
  return expected.every((record) => {
    const held = there.get(recordId(record));
    return held !== undefined && !otherTtl(record, held);
  });
}
