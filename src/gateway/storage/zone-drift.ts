import type { DnsName } from '../../dns/name.ts';

/** The RRsets of a zone as the gateway knows them, by `rrsetId`. */
export interface ZoneSnapshot {
  /** `digests`: the zone is too large to store its records, so each RRset has only a digest. */
  readonly form: 'records' | 'digests';
  /** Each RRset as text or digest ({@link unknownRRset}: what it has is not known). */
  readonly rrsets: ReadonlyMap<string, string>;
}

/** A record of an RRset. */
export interface DriftedRecord {
  /** Seconds. */
  readonly ttl: number | null;
  readonly data: string;
}

/** An RRset that somebody else has changed. */
export interface DriftedRRset {
  readonly name: DnsName;
  readonly type: string;
  /** As the gateway left it; empty: there was none; null: only its digest is known, or it is too large. */
  readonly before: readonly DriftedRecord[] | null;
  /** As it was found; empty: it is gone; null: it is too large. */
  readonly after: readonly DriftedRecord[] | null;
}

/**
 * What somebody else has changed in a zone at the name server itself. `missing`: the name server has no such
 * zone for the gateway. `no-soa`: the zone has no SOA record, so it is not served.
 */
export interface ZoneDrift {
  readonly state: 'records' | 'missing' | 'no-soa';
  /** Wall clock, milliseconds. */
  readonly firstSeen: number;
  /** When something new was found last, wall clock in milliseconds. */
  readonly lastSeen: number;
  readonly rrsets: readonly DriftedRRset[];
  /** How many more differences were found that are not listed. */
  readonly more: number;
}

/** A zone with drift, and its owner. */
export interface DriftedZone extends ZoneDrift {
  readonly zone: DnsName;
  readonly customer: string;
}

/** Stands for an RRset of which nobody knows what it has, such as after a write without a known outcome. */
export const unknownRRset = '?';

/** Maximum number of changes that are read at once. */
export const mostUnchecked = 1_000;
