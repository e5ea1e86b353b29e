import * as v from 'valibot';
import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import { rrsetId } from '../../../dns/zone.ts';
import type { DriftCheck } from '../gateway-world.ts';
import type { Happening } from '../name-server.ts';
import type { Course, Report } from './course.ts';
import { isLate } from './turns.ts';

/** An RRset that the audit names as changed past the gateway. */
interface Told {
  readonly at: number;
  /** When the comparison began that has found it. */
  readonly begun: number;
  readonly zone: string;
  /** As `rrsetId` makes it. */
  readonly id: string;
  readonly after: string;
}

const detail = v.object({
  rrsets: v.array(v.object({ name: v.string(), type: v.string(), after: v.unknown() })),
});

const rrsetKey = v.object({ name: v.string(), type: v.string() });
const accepted = v.object({ key: v.string(), remove: v.array(rrsetKey), add: v.array(rrsetKey) });

/** What others have written is told, once, and what the gateways have written is not. */
export function checkDrift(course: Course, report: Report): void {
  const told = toldIn(course);
  for (const one of told) checkOwn(one, course, report);
  checkOnce(told, course, report);
  const { checks } = course.world;
  for (const first of checks.filter(({ result }) => result === 'first' || result === 'same'))
    checkFound(first, told, course, report);
}

function toldIn({ world }: Course): readonly Told[] {
  return world.witness.commits.flatMap(({ at, entries, request }) =>
    entries
      .filter(({ what }) => what === 'zone.drift')
      .flatMap(({ zone, detail: facts }) =>
        v.parse(detail, facts).rrsets.map(({ name, type, after }) => {
          const id = rrsetId({ name: name as DnsName, type });
          return { at, begun: request?.at ?? at, zone, id, after: JSON.stringify(after) };
        }),
      ),
  );
}

function touches({ removed, added }: Happening, id: string): boolean {
  return [...removed, ...added].some((record) => rrsetId(record) === id);
}

/** A write that lands after its gateway has given it up is told as somebody else's. */
function checkOwn({ zone, id, at }: Told, { world }: Course, report: Report): void {
  const isByOther = world.server.happenings.some(
    (one) =>
      one.zone === zone &&
      one.at <= at &&
      (one.send === null || isLate(one.send, one.at)) &&
      touches(one, id),
  );
  if (!isByOther) report('drift.own', `${id} is told as somebody else's, who has not written it`);
}

/**
 * What is told once more with the same content was written once more. One comparison tells of an RRset
 * several times if a change of a gateway lies between the writes of others.
 */
function checkOnce(told: readonly Told[], { world }: Course, report: Report): void {
  for (const [number, one] of told.entries()) {
    const earlier = told.slice(0, number).filter(({ zone, id }) => zone === one.zone && id === one.id);
    const before = earlier.at(-1);
    if (before?.after !== one.after) continue;
    const together = earlier.filter(({ at }) => at === one.at).length;
    const since = together === 0 ? before.begun : lastBegun(one, world.checks);
    const written = world.server.happenings.filter(
      (other) => other.zone === one.zone && other.at <= one.at && other.at >= since && touches(other, one.id),
    );
    if (written.length <= together) report('drift.once', `${one.id} is told twice`);
  }
}

/** When the last comparison of the zone began that had ended before this one, milliseconds. */
function lastBegun({ zone, begun }: Told, checks: readonly DriftCheck[]): number {
  return checks.findLast((one) => one.zone === zone && one.ended < begun)?.begun ?? 0;
}

/** What only others have written since a comparison that found nothing, and is still there, is told. */
function checkFound(first: DriftCheck, told: readonly Told[], course: Course, report: Report): void {
  const { zone, begun, ended, records } = first;
  const { checks, server } = course.world;
  const last = checks.findLast(
    (one) => one.zone === zone && (one.result === 'same' || one.result === 'drift'),
  );
  if (last === undefined || last.begun <= ended || !isSteady(zone, begun, course)) return;
  const since = server.happenings.filter(
    (one) => one.zone === zone && one.at >= begun && one.at <= last.ended,
  );
  const sends = course.sends.filter((one) => one.zone === zone && (one.landedAt ?? Infinity) >= begun);
  for (const id of new Set(since.flatMap(({ removed, added }) => [...removed, ...added].map(rrsetId)))) {
    const isOnlyOthers =
      since.every((one) => one.send === null || !touches(one, id)) &&
      sends.every(({ remove, add }) => ![...remove, ...add].some((record) => rrsetId(record) === id));
    const isQuiet = since.every(({ at }) => at > ended && at < last.begun);
    if (
      !isOnlyOthers ||
      !isQuiet ||
      isUnsure(zone, id, course) ||
      textOf(records, id) === textOf(last.records, id)
    )
      continue;
    if (!told.some((one) => one.zone === zone && one.id === id && one.at > ended))
      report('drift.found', `${id} was written by somebody else, and nobody is told`);
  }
}

/**
 * Whether a change of the RRset was accepted, and nobody knows what it has written. The gateway then does not
 * know what the RRset should be, even if the change was never sent.
 */
function isUnsure(zone: DnsName, id: string, { world }: Course): boolean {
  const { commits } = world.witness;
  const outcomes = commits.at(-1)?.outcomes;
  return commits
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.what === 'change.accepted' && entry.zone === zone)
    .some(({ token, detail: facts }) => {
      const { key, remove, add } = v.parse(accepted, facts);
      const isTouched = [...remove, ...add].some(
        ({ name, type }) => rrsetId({ name: name as DnsName, type }) === id,
      );
      return (
        isTouched && !/^\{"kind":"done"|"state":"untouched"/u.test(outcomes?.get(`${token} ${key}`) ?? '')
      );
    });
}

/** Whether the zone was one customer's, and the same zone, since then. */
function isSteady(zone: DnsName, since: number, { world }: Course): boolean {
  const commits = world.witness.commits.filter(({ at }) => at >= since);
  const owners = new Set(commits.map(({ owners: all }) => JSON.stringify(all.get(zone))));
  return (
    owners.size <= 1 &&
    !world.server.happenings.some((one) => one.zone === zone && one.at >= since && one.whole !== null)
  );
}

function textOf(records: readonly ResourceRecord[], id: string): string {
  return JSON.stringify(
    records
      .filter((record) => rrsetId(record) === id)
      .map((one) => `${recordId(one)} ${one.ttl}`)
      .toSorted(),
  );
}
