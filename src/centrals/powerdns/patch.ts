import type { RRsetEdit } from '../rrsets.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { rrsetId } from '../../dns/zone.ts';
import { serverName } from './names.ts';
import { contentOf, serverType, type DisabledRecords } from './records.ts';

/** One element of `rrsets` in a PATCH. It never contains `comments`, so the RRset keeps its comments. */
interface RRsetPatch {
  readonly name: string;
  readonly type: string;
  readonly changetype: 'REPLACE' | 'DELETE' | 'EXTEND' | 'PRUNE';
  readonly ttl?: number;
  readonly records?: readonly { readonly content: string; readonly disabled: boolean }[];
}

/** Largest body that PowerDNS accepts by default, in octets (`webserver-max-bodysize`: 2, in MB). */
export const mostBodyOctets = 2_000_000;

/**
 * Makes the body of the PATCH that carries out the edits, as a whole or not at all. An RRset is replaced by
 * all records that it should have. These include disabled records, and records that stay; both are sent in
 * the server's own text. Deletions come first, because the server checks the elements one after another. It
 * would refuse a CNAME beside data that only a later element deletes.
 * @param single whether the server can add or remove one record of an RRset (`EXTEND`, `PRUNE`)
 */
export function patchBody(edits: readonly RRsetEdit[], disabled: DisabledRecords, single: boolean): string {
  const patches = edits.map((edit) => (single ? singlePatch(edit) : null) ?? wholePatch(edit, disabled));
  const leaving = patches.filter(({ changetype }) => changetype === 'DELETE' || changetype === 'PRUNE');
  const staying = patches.filter((patch) => !leaving.includes(patch));
  return JSON.stringify({ rrsets: [...leaving, ...staying] });
}

/**
 * Makes the body of a request that creates a zone with these RRsets. If not all of them fit into
 * `mostBodyOctets`, only the smallest are included.
 * @param zone the other fields of the body
 */
export function createBody(zone: Readonly<Record<string, unknown>>, edits: readonly RRsetEdit[]): string {
  let octets = Buffer.byteLength(JSON.stringify({ ...zone, rrsets: [] }));
  const sized = edits.map((edit) => {
    const { name, type, ttl, records } = wholePatch(edit, new Map());
    const set = { name, type, ttl, records };
    return { set, octets: Buffer.byteLength(JSON.stringify(set)) + 1 };
  });
  const fitting = sized
    .toSorted((one, other) => one.octets - other.octets)
    .filter((one) => (octets += one.octets) <= mostBodyOctets);
  return JSON.stringify({ ...zone, rrsets: fitting.map(({ set }) => set) });
}

function wholePatch(edit: RRsetEdit, disabled: DisabledRecords): RRsetPatch {
  const { name, type, ttl } = edit;
  const off = disabled.get(rrsetId(edit)) ?? [];
  const set = { name: serverName(name), type: serverType(type) };
  if (edit.after.length === 0 && off.length === 0) return { ...set, changetype: 'DELETE' };
  const written = new Map(edit.before.map((record) => [recordId(record), record.handle]));
  const contents = edit.after.map((record) => written.get(recordId(record)) ?? contentOf(record));
  const records = [
    ...contents.map((content) => ({ content, disabled: false })),
    ...off.map(({ handle }) => ({ content: handle, disabled: true })),
  ];
  return { ...set, changetype: 'REPLACE', ttl, records };
}

/**
 * Adds or removes one record without sending the other records of its RRset, so that another writer's records
 * stay. According to their documentation, PowerDNS 4.9.12 and 5.0.2 can do this (pull request 16589), one
 * record in each element. Not tested with such a server.
 * @returns `null` if the edit does not just add or remove a single record
 */
function singlePatch(edit: RRsetEdit): RRsetPatch | null {
  const { before, after, name, type, ttl } = edit;
  if (before.some((record) => record.ttl !== ttl)) return null;
  const [gone, more] = [lacking(before, after), lacking(after, before)];
  const [added] = more;
  const [removed] = gone;
  const set = { name: serverName(name), type: serverType(type), ttl };
  if (added !== undefined && more.length === 1 && gone.length === 0)
    return { ...set, changetype: 'EXTEND', records: [{ content: contentOf(added), disabled: false }] };
  if (removed !== undefined && gone.length === 1 && more.length === 0)
    return { ...set, changetype: 'PRUNE', records: [{ content: removed.handle, disabled: false }] };
  return null;
}

/** Returns the elements of `records` that are not in `others`. */
function lacking<T extends ResourceRecord>(
  records: readonly T[],
  others: readonly ResourceRecord[],
): readonly T[] {
  const there = new Set(others.map(recordId));
  return records.filter((record) => !there.has(recordId(record)));
}
