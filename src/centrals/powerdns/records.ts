import * as v from 'valibot';
import type { CentralRecord } from '../../core/central.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { canonicalType, parseRdata, txtChunks, wireRdata } from '../../dns/rdata/rdata.ts';
import { numberOfType } from '../../dns/rdata/types.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { own } from '../../dns/own.ts';
import { Pace } from '../../net/slices.ts';

/** A RRset as the API has it. */
export const rrsetShape = v.object({
  name: v.string(),
  type: v.string(),
  ttl: v.number(),
  records: v.array(v.object({ content: v.string(), disabled: v.optional(v.boolean(), false) })),
});

export type ServerRRset = v.InferOutput<typeof rrsetShape>;

/** Records of a zone or of some names in it. */
export interface HeldRecords {
  /** Those that are served. The handle is the content as the server has it. */
  readonly records: readonly CentralRecord[];
  /** Those that are disabled, by {@link setKey}; a read by name does not show them before version 5.0. */
  readonly disabled: DisabledRecords;
}

export type DisabledRecords = ReadonlyMap<string, readonly CentralRecord[]>;

export function setKey({ name, type }: Pick<ResourceRecord, 'name' | 'type'>): string {
  return `${name} ${type}`;
}

/**
 * The records of RRsets, each once: records doubled by parallel writes (PowerDNS issue 7128) are one, and the
 * next write of their RRset leaves one. What cannot be read as data of its type (LUA, ALIAS) is a record with
 * the server's own text as its rdata. So nothing is missing from a zone, and a rewritten RRset has it as it
 * was.
 */
export async function heldRecords(rrsets: readonly ServerRRset[]): Promise<HeldRecords> {
  const records = new Map<string, CentralRecord>();
  const disabled = new Map<string, CentralRecord[]>();
  const pace = new Pace();
  for (const rrset of rrsets) {
    const name = ownerName(rrset.name);
    if (name === null) continue;
    for (const { content, disabled: off } of rrset.records) {
      if (pace.due) await pace.rest();
      const record = heldRecord(name, rrset, content);
      const others = disabled.get(setKey(record));
      if (!off) records.set(recordId(record), record);
      else if (others === undefined) disabled.set(setKey(record), [record]);
      else others.push(record);
    }
  }
  return { records: [...records.values()], disabled };
}

/** `null` for what is no name at all: nobody can ask for it, so it is never written either. */
function ownerName(text: string): DnsName | null {
  try {
    return parseName(text);
  } catch (error) {
    if (error instanceof DnsDataError) return null;
    throw error;
  }
}

/**
 * Types of its own that PowerDNS shows by name although it takes them by number (4.7.3, of those it takes in
 * RFC 3597 form).
 */
const ownTypes: Readonly<Record<string, string>> = { ADDR: 'TYPE65400' };

function heldRecord(name: DnsName, { type, ttl }: ServerRRset, content: string): CentralRecord {
  const ownType = content.startsWith('\\#') ? own(ownTypes, type) : undefined;
  try {
    const known = canonicalType(ownType ?? type);
    return { name, type: known, ttl, rdata: parseRdata(known, content), handle: content };
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    return { name, type: type.toUpperCase(), ttl, rdata: content, handle: content };
  }
}

/**
 * Types that it does not know by name (4.7.3): they go by number, with their data in the form of RFC 3597.
 */
const namelessTypes: ReadonlySet<string> = new Set(['HIP']);

/** The type as the API takes it. */
export function serverType(type: string): string {
  return namelessTypes.has(type) ? `TYPE${numberOfType(type)}` : type;
}

/** A record's content as the API takes it: names absolute, text in quoted strings of at most 255 octets. */
export function contentOf({ type, rdata }: ResourceRecord): string {
  if (namelessTypes.has(type)) {
    const octets = Buffer.from(wireRdata(type, rdata));
    return `\\# ${octets.length} ${octets.toString('hex')}`;
  }
  const isText = (type === 'TXT' || type === 'SPF') && rdata.startsWith('"');
  return isText ? txtChunks(rdata).join(' ') : rdata;
}
