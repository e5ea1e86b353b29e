import type { DnsName } from '../../dns/name.ts';
import type { AuditFacts, ListPart, StoredChange, ZoneLease, ZoneOwner } from './storage.ts';

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

/** A change of the gateway that the snapshot of its zone does not contain. */
export interface UncheckedChange {
  readonly change: StoredChange;
  /** Place among the changes of the zone; 0: an earlier release has stored it, and its place is not known. */
  readonly position: number;
  /** Wall clock, milliseconds; null: it has no outcome yet. */
  readonly endedAt: number | null;
}

/** What is known of a zone before it is checked for drift. */
export interface DriftKnowledge {
  readonly owner: ZoneOwner;
  /** Raised each time something is stored; 0: nothing is stored yet. */
  readonly version: number;
  /** Null: the zone was never read, or what was known of it is no longer true. */
  readonly snapshot: ZoneSnapshot | null;
  /** Serial of the zone before it was read last; null: it proves nothing. */
  readonly serial: number | null;
  /** When the zone was read last, wall clock in milliseconds. */
  readonly readAt: number;
  readonly drift: ZoneDrift | null;
  /** Changes since the snapshot, oldest first: at most {@link mostUnchecked}. */
  readonly changes: readonly UncheckedChange[];
}

/** What a check of a zone has found out. */
export interface CheckedZone extends Pick<DriftKnowledge, 'snapshot' | 'serial' | 'readAt' | 'drift'> {
  readonly zone: DnsName;
  /** Version of the knowledge that the check began with. */
  readonly version: number;
  /** Changes that the snapshot now contains; `all`: all that the zone has by now. */
  readonly contained: readonly UncheckedChange[] | 'all';
  /** When the zone is to be checked again, wall clock in milliseconds. */
  readonly nextAt: number;
}

/** Stands for an RRset of which nobody knows what it has, such as after a write without a known outcome. */
export const unknownRRset = '?';

/** Maximum number of changes that are read at once. */
export const mostUnchecked = 1_000;

/** What is stored about changes that others make at the name servers. Methods throw as those of `Storage`. */
export interface DriftStorage {
  /**
   * Zones that are to be checked by now, the longest waiting first.
   * @param at wall clock, milliseconds
   */
  due(at: number, most: number): Promise<readonly DnsName[]>;
  /** @returns null: nobody has the zone, or it is only claimed */
  knowledge(zone: DnsName): Promise<DriftKnowledge | null>;
  /**
   * Stores what a check has found out.
   * @param audit null: no entry
   * @param lease null: only what follows from stored changes is stored, so that no lease is needed
   * @returns false: something else was stored since the check began, so nothing was stored
   */
  store(checked: CheckedZone, audit: AuditFacts | null, lease: ZoneLease | null): Promise<boolean>;
  /** Says when a zone is to be checked again, wall clock in milliseconds. */
  postpone(zone: DnsName, until: number): Promise<void>;
  /** Has a zone checked at this time, if it would be later otherwise. */
  checkBy(zone: DnsName, at: number): Promise<void>;
  /** Forgets what is known of a zone that is about to be created anew. */
  forget(zone: DnsName, lease: ZoneLease | null): Promise<void>;
  /** Forgets all snapshots, because the gateway may have made changes that the database lacks. */
  forgetAll(): Promise<void>;
  /** Zones with drift, in the order of their names. */
  list(part: ListPart): Promise<readonly DriftedZone[]>;
  /** @returns null: the zone has no drift, or nobody has it */
  of(zone: DnsName): Promise<DriftedZone | null>;
  /** Takes what was found for what is wanted. @returns false: the zone has no drift */
  accept(zone: DnsName, audit: AuditFacts): Promise<boolean>;
}
