import { otherTtl, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { rrsetId } from '../../../dns/zone.ts';
import type { DnsName } from '../../../dns/name.ts';
import { mayReadZone } from '../../../gateway/rights/decide.ts';
import { firstZones, freshZones, rightsOf, tokenNames } from '../gateway-world.ts';
import type { Send } from '../name-server.ts';
import type { SimRequest } from '../requests.ts';
import { areIn, changeId, idsOf, isHad, sendText, type Course, type Report } from './course.ts';
import { maySee } from './rights.ts';

/** What was asked for is what is sent and shown: all of it, and nothing else. */
export function checkResults(course: Course, report: Report): void {
  for (const send of course.sends) if (send.request.token !== '') checkWhole(send, report);
  for (const request of course.requests) {
    checkNothingToDo(request, course, report);
    checkZoneResult(request, course, report);
    checkRead(request, report);
    checkList(request, course, report);
  }
}

/** A write has the zone and all records of its request. */
function checkWhole(send: Send, report: Report): void {
  if (!isWhole(send)) report('others.asked', `${sendText(send)} is not all that was asked for`);
}

function isWhole({ kind, zone, remove, add, request, calledAt }: Send): boolean {
  const { asked } = request;
  if (asked.kind === 'rrset') {
    const seen = request.reads.find(({ at, names }) => at <= calledAt && names !== null)?.records ?? [];
    const removed = idsOf(remove);
    const left = seen.filter(
      (record) => rrsetId(record) === rrsetId(asked.request) && !removed.has(recordId(record)),
    );
    return zone === asked.zone && haveSame([...left, ...add], asked.request.records);
  }
  if (asked.kind === 'change')
    return (
      kind === 'change' && zone === asked.zone && haveSame(remove, asked.remove) && haveSame(add, asked.add)
    );
  if (asked.kind === 'create')
    return kind === 'create' && zone === asked.zone && haveSame(add, asked.content);
  return asked.kind === 'delete' && kind === 'delete' && zone === asked.zone;
}

function haveSame(one: readonly ResourceRecord[], other: readonly ResourceRecord[]): boolean {
  const held = new Map(other.map((record) => [recordId(record), record]));
  return (
    areIn(one, other) &&
    areIn(other, one) &&
    one.every((record) => {
      const same = held.get(recordId(record));
      return same !== undefined && !otherTtl(record, same);
    })
  );
}

/**
 * A change that had nothing to do was given to the adapter, or is an RRset that was as wanted. A read right
 * before shows it.
 */
function checkNothingToDo(request: SimRequest, course: Course, report: Report): void {
  const { answer, asked, number } = request;
  if (answer?.kind !== 'outcome' || answer.outcome?.kind !== 'done') return;
  const { removed, added } = answer.outcome;
  if (removed.length + added.length > 0 || (asked.kind !== 'change' && asked.kind !== 'rrset')) return;
  const isShown = course.sends.some(({ request: by, kind }) => {
    if (kind !== 'change' || changeId(by) !== changeId(request)) return false;
    return by.reads.some(({ records }) => records !== null && isDoneIn(asked, records));
  });
  if (!isShown)
    report('answers.done', `#${number} is answered done with nothing to do, and no read shows it`);
}

/** Whether records show a change as done. */
function isDoneIn(
  asked: Extract<SimRequest['asked'], { kind: 'change' | 'rrset' }>,
  records: readonly ResourceRecord[],
): boolean {
  if (asked.kind === 'rrset')
    return haveSame(
      records.filter((record) => rrsetId(record) === rrsetId(asked.request)),
      asked.request.records,
    );
  const [there, kept] = [idsOf(records), idsOf(asked.add)];
  return (
    areIn(asked.add, records) &&
    asked.remove.every((one) => !there.has(recordId(one)) || kept.has(recordId(one)))
  );
}

/** A zone that was answered created is there, and one that was answered deleted is not. */
function checkZoneResult(request: SimRequest, course: Course, report: Report): void {
  const { asked, answer, at, answeredAt, number } = request;
  if ((asked.kind !== 'create' && asked.kind !== 'delete') || answer?.kind !== 'said') return;
  const wanted = asked.kind === 'create';
  const isSo = statesOf(asked.zone, course, at, answeredAt ?? at).includes(wanted);
  if (!isSo) report('answers.done', `#${number} is answered ${answer.said}, and ${asked.zone} is not`);
}

/** Whether the name server has a zone: at the first time, and after each change of it until the last. */
function statesOf(zone: DnsName, { world }: Course, from: number, to: number): readonly boolean[] {
  const whole = world.server.happenings.filter((one) => one.zone === zone && one.whole !== null);
  const before = whole.findLast(({ at }) => at < from)?.whole === 'made';
  const since = whole.filter(({ at }) => at >= from && at <= to).map((one) => one.whole === 'made');
  return [before, ...since];
}

/** A read shows all that the name server has and the token may read. */
function checkRead({ asked, answer, reads, token, number }: SimRequest, report: Report): void {
  if (asked.kind !== 'records' || answer?.kind !== 'records') return;
  const seen = reads.at(-1)?.records ?? [];
  const visible = seen.filter((record) => maySee(token, asked.zone, record));
  if (!haveSame(answer.records, visible)) report('answers.shown', `#${number} does not show all records`);
}

/** A list has all zones that the customer and the name server had all the time. */
function checkList(
  { asked, answer, at, answeredAt, token, number }: SimRequest,
  course: Course,
  report: Report,
): void {
  if (asked.kind !== 'zones' || answer?.kind !== 'zones' || answeredAt === null) return;
  const name = tokenNames.find((one) => one === token);
  if (name === undefined) return;
  const commits = course.between(at, answeredAt);
  for (const zone of [...firstZones.map(([one]) => one), ...freshZones]) {
    const isThere =
      mayReadZone(rightsOf(name), zone) &&
      commits.every(({ owners }) => isHad(owners.get(zone), token.slice(0, 1))) &&
      statesOf(zone, course, at, answeredAt).every(Boolean);
    if (isThere && !answer.zones.includes(zone)) report('answers.shown', `#${number} does not list ${zone}`);
  }
}
