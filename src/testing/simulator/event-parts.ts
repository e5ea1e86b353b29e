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

export const zone = v.pipe(
  v.string(),
  v.transform((name) => parseName(name)),
);
export const record = v.pipe(v.string(), v.transform(readRecordLine));
export const items = v.array(v.strictObject({ remove: v.nullable(record), add: v.nullable(record) }));
export const milliseconds = v.number();

/** What the panel's own part of an edit may do after an accepted `before`. */
export const local = v.strictObject({
  /** The panel refuses its part. */
  refuses: v.boolean(),
  /** How long the panel takes for it. */
  takes: milliseconds,
  /** The `after` call never comes. */
  afterLost: v.boolean(),
  /** How long until reads show it. */
  visibleAfter: milliseconds,
  /** How long from the panel's own part to the `after` call; absent: no time. */
  afterLate: v.optional(milliseconds),
  /** Whether the `after` call comes twice. */
  afterTwice: v.optional(v.boolean()),
  /** Whether the `after` call comes though the panel refuses its part. */
  afterAnyway: v.optional(v.boolean()),
});
