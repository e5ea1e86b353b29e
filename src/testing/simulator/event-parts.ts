import * as v from 'valibot';
import { parseName } from '../../dns/name.ts';
import { makeRecord, type RecordText, type ResourceRecord } from '../../dns/record.ts';

/** Writes a record as one line: owner name, TTL if there is one, type, data. */
export function recordLine({ name, ttl = null, type, rdata }: RecordText): string {
  return [name, ...(ttl === null ? [] : [ttl]), type, rdata].join(' ');
}

/** Parses a line that `recordLine` wrote. @throws {DnsDataError} when the line is no record */
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

/** The account that makes an edit (`Actor`). */
export const actor = v.strictObject({
  name: v.string(),
  rank: v.picklist(['administrator', 'reseller', 'user', 'nobody']),
});

/** The panel's behaviour after its `before` call was accepted (`LocalPart`). */
export const local = v.strictObject({
  /** Whether the panel refuses its part. */
  refuses: v.boolean(),
  /** How long the panel takes to carry out its part, in milliseconds. */
  takes: milliseconds,
  /** Whether the `after` call is lost. */
  afterLost: v.boolean(),
  /**
   * For this many milliseconds after the panel has carried out its part, reads still show the zone without
   * the edit.
   */
  visibleAfter: milliseconds,
  /** Milliseconds from the panel's part to the `after` call; absent: the call comes at once. */
  afterLate: v.optional(milliseconds),
  /** Whether the `after` call comes twice. */
  afterTwice: v.optional(v.boolean()),
  /** Whether the `after` call comes although the panel refuses its part. */
  afterAnyway: v.optional(v.boolean()),
});
