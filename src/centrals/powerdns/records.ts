import * as v from 'valibot';
import type { CentralRecord } from '../../core/central.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { validOr, validOrElse } from '../../dns/problem.ts';
import { canonicalType, genericText, parseRdata, txtChunks, wireRdata } from '../../dns/rdata/rdata.ts';
import { numberOfType } from '../../dns/rdata/types.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { rrsetId } from '../../dns/zone.ts';
import { own } from '../../dns/own.ts';
import { Pace } from '../../net/slices.ts';

/** An RRset in the form that the API uses. */
export const rrsetShape = v.object({
  name: v.string(),
  type: v.string(),
  ttl: v.number(),
  records: v.array(v.object({ content: v.string(), disabled: v.optional(v.boolean(), false) })),
});

export type ServerRRset = v.InferOutput<typeof rrsetShape>;

/** The records of a zone, or of some names in it. */
export interface HeldRecords {
  /** Records that the server answers. The handle is the record's content in the server's own text. */
  readonly records: readonly CentralRecord[];
  /** Disabled records, by {@link rrsetId}. A read by name does not show them before PowerDNS 5.0. */
  readonly disabled: DisabledRecords;
}

export type DisabledRecords = ReadonlyMap<string, readonly CentralRecord[]>;

/**
 * Returns the records of RRsets. A record that appears twice is returned once, because simultaneous writes
 * can double a record (PowerDNS issue 7128). The next write of the RRset leaves only one copy. Data that
 * cannot be parsed for its type (LUA, ALIAS) stay as the server's own text, so that a rewritten RRset keeps
 * them.
 */
export async function heldRecords(rrsets: readonly ServerRRset[]): Promise<HeldRecords> {
  const records = new Map<string, CentralRecord>();
  const disabled: CentralRecord[] = [];
  const pace = new Pace();
  for (const rrset of rrsets) {
    const name = ownerName(rrset.name);
    if (name === null) continue;
    for (const { content, disabled: off } of rrset.records) {
      if (pace.due) await pace.rest();
      const record = heldRecord(name, rrset, content);
      if (off) disabled.push(record);
      else records.set(recordId(record), record);
    }
  }
  return { records: [...records.values()], disabled: Map.groupBy(disabled, rrsetId) };
}

/** Parses an owner name; `null`: it is invalid. Nobody can query such a name, and it is never written. */
function ownerName(text: string): DnsName | null {
  return validOr(() => parseName(text), null);
}

/**
 * Types that PowerDNS 4.7.3 shows under a name of its own, but accepts only by number and in the form of RFC
 * 3597.
 */
const ownTypes: Readonly<Record<string, string>> = { ADDR: 'TYPE65400' };

function heldRecord(name: DnsName, { type, ttl }: ServerRRset, content: string): CentralRecord {
  const ownType = content.startsWith('\\#') ? own(ownTypes, type) : undefined;
  const place = { name, ttl, handle: content };
  return validOrElse(
    () => {
      const known = canonicalType(ownType ?? type);
      return { ...place, type: known, rdata: parseRdata(known, content) };
    },
    () => ({ ...place, type: type.toUpperCase(), rdata: content }),
  );
}

/**
 * Types whose names PowerDNS 4.7.3 does not know. They are sent by number, with their data in the form of RFC
 * 3597.
 */
const namelessTypes: ReadonlySet<string> = new Set(['HIP']);

/** The type in the spelling that the API accepts. */
export function serverType(type: string): string {
  return namelessTypes.has(type) ? `TYPE${numberOfType(type)}` : type;
}

/**
 * The content of a record in the form that the API accepts. Names are absolute, and text is in quoted strings
 * of at most 255 octets.
 */
export function contentOf({ type, rdata }: ResourceRecord): string {
  if (namelessTypes.has(type)) return genericText(wireRdata(type, rdata));
  const isText = (type === 'TXT' || type === 'SPF') && rdata.startsWith('"');
  return isText ? txtChunks(rdata).join(' ') : rdata;
}
