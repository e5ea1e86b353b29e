import * as v from 'valibot';
import { parseName } from '../../dns/name.ts';
import { makeRecord, type RecordText, type ResourceRecord } from '../../dns/record.ts';

/** A record as one line: owner, TTL where it is known, type, data. */
export function recordLine({ name, ttl = null, type, rdata }: RecordText): string {
  return [name, ...(ttl === null ? [] : [ttl]), type, rdata].join(' ');
}

/** @throws {DnsDataError} when it is no record */
function readRecordLine(line: string): ResourceRecord {
  const [, name = '', ttl, type = '', rdata = ''] = /^(\S+) (?:(\d+) )?(\S+) (.*)$/.exec(line) ?? [];
  return makeRecord({ name, type, rdata, ttl: ttl === undefined ? null : Number(ttl) });
}

const zone = v.pipe(
  v.string(),
  v.transform((name) => parseName(name)),
);
const record = v.pipe(v.string(), v.transform(readRecordLine));
const items = v.array(v.strictObject({ remove: v.nullable(record), add: v.nullable(record) }));
const milliseconds = v.number();

/** A `LocalPart`. */
const local = v.strictObject({
  refuses: v.boolean(),
  takes: milliseconds,
  afterLost: v.boolean(),
  visibleAfter: milliseconds,
});

/** One thing that happens in a history, with everything that was decided about it. Times are of the virtual clock. */
export const eventSchema = v.variant('kind', [
  /** A user saves records of a zone. */
  v.strictObject({
    kind: v.literal('edit'),
    zone,
    items,
    actor: v.strictObject({
      name: v.string(),
      rank: v.picklist(['administrator', 'reseller', 'user', 'nobody']),
    }),
    /** Whether the panel's list leaves open whose the zone is, from now on; absent: as before. */
    hidesOwner: v.optional(v.boolean()),
    /** Numbers of the items, from 1, that the panel leaves out; absent: none. */
    leavesOut: v.optional(v.array(v.number())),
    local,
  }),
  /** Somebody without a right to the zone tries an edit, which the panel refuses. */
  v.strictObject({ kind: v.literal('intrusion'), zone, items, local }),
  v.strictObject({ kind: v.picklist(['zone-create', 'zone-delete']), zone, local }),
  /** Somebody with access to the central changes a record there by hand. `central` is 1 for the first. */
  v.strictObject({
    kind: v.literal('central-write'),
    central: v.number(),
    zone,
    remove: v.nullable(record),
    add: v.nullable(record),
  }),
  /** A web domain and the like: the panel changes DNS without a DNS event, and may say that something happened (`hints`). */
  v.strictObject({ kind: v.literal('unheard-change'), zone, add: record, hints: v.boolean() }),
  /** The agent is killed. */
  v.strictObject({ kind: v.literal('kill') }),
  /** The agent starts, where it does not run. */
  v.strictObject({ kind: v.literal('start') }),
  /** A central (1 for the first), or the panel for our reads, is out of reach. */
  v.strictObject({
    kind: v.literal('outage'),
    of: v.union([v.literal('panel'), v.number()]),
    lasts: milliseconds,
  }),
  /** The wall clock of the panel's host is set. */
  v.strictObject({ kind: v.literal('clock-step'), by: milliseconds }),
]);

export type HistoryEvent = v.InferOutput<typeof eventSchema>;
export type EditOfRecords = Extract<HistoryEvent, { kind: 'edit' }>;
export type EditOfZone = Extract<HistoryEvent, { kind: 'zone-create' | 'zone-delete' }>;
