import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { isSigners } from '../../dns/dnssec.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { rrsetId, type RRsetKey } from '../../dns/zone.ts';
import { Pace } from '../../net/slices.ts';
import type { DriftedRecord, ZoneSnapshot } from '../storage/zone-drift.ts';

/** If the RRsets of a zone have more characters than this, its snapshot has only digests. */
const mostText = 65_536;

/** RRsets as texts, by `rrsetId`. */
export type RRsetTexts = ReadonlyMap<string, string>;

/**
 * The RRsets of a zone as texts. Left out are records that the name server makes itself: signatures and what
 * belongs to them, and the digest of the zone (RFC 8976). Of the SOA the serial is left out.
 * @param records all records of the zone
 */
export async function rrsetTexts(zone: DnsName, records: readonly ResourceRecord[]): Promise<RRsetTexts> {
  const pace = new Pace();
  const texts = new Map<string, string>();
  for (const [id, set] of Map.groupBy(records, rrsetId)) {
    if (pace.due) await pace.rest();
    const text = rrsetText(set);
    if (text !== undefined && set.every((record) => isWatched(zone, record))) texts.set(id, text);
  }
  return texts;
}

/** Makes the snapshot of a zone that has these RRsets. */
export async function snapshotOf(texts: RRsetTexts): Promise<ZoneSnapshot> {
  let size = 0;
  for (const [id, text] of texts) size += id.length + text.length;
  if (size <= mostText) return { form: 'records', rrsets: texts };
  const pace = new Pace();
  const digests = new Map<string, string>();
  for (const [id, text] of texts) {
    if (pace.due) await pace.rest();
    digests.set(id, digestOf(text));
  }
  return { form: 'digests', rrsets: digests };
}

/** Whether a change of such an RRset by somebody else is drift. */
export function isWatched(zone: DnsName, key: RRsetKey): boolean {
  return !isSigners(zone, key) && !(key.name === zone && key.type === 'ZONEMD');
}

/** An RRset as text, whatever the order of its records; undefined: there are none. */
export function rrsetText(records: readonly ResourceRecord[]): string | undefined {
  if (records.length === 0) return undefined;
  const lines = records.map(({ type, ttl, rdata }) =>
    JSON.stringify([ttl, type === 'SOA' ? withoutSerial(rdata) : rdata]),
  );
  return `[${lines.sort().join(',')}]`;
}

const recordsText = v.pipe(v.string(), v.parseJson(), v.array(v.tuple([v.nullable(v.number()), v.string()])));

/** The records in the text of an RRset. @param text undefined: there are none */
export function recordsInText(text: string | undefined): readonly DriftedRecord[] {
  return text === undefined ? [] : v.parse(recordsText, text).map(([ttl, data]) => ({ ttl, data }));
}

/** The text of an RRset in the form of a snapshot. */
export function inForm(form: ZoneSnapshot['form'], text: string | undefined): string | undefined {
  return form === 'records' || text === undefined ? text : digestOf(text);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** The data of an SOA record with the serial 0. */
function withoutSerial(rdata: string): string {
  return rdata.replace(/^(\S+ \S+) \d+/u, '$1 0');
}
