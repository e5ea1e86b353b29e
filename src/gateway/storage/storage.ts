import type { CentralErrorFacts } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { Rights } from '../rights/decide.ts';
import type { DriftedZone, ZoneDrift, ZoneSnapshot } from './zone-drift.ts';

/** A hosting customer. Zones and tokens belong to exactly one customer. */
export interface Customer {
  /** Lower-case letters, digits and hyphens; never changes. */
  readonly id: string;
  readonly state: CustomerState;
  readonly limits: Limits;
  /** Name of the name server at which new zones are made; empty: the section `[backend]`. */
  readonly backend: string;
  /** Wall clock, milliseconds. */
  readonly createdAt: number;
}

/** A customer to add. Without `backend` new zones are made at the section `[backend]`. */
export type NewCustomer = Omit<Customer, 'backend'> & Partial<Pick<Customer, 'backend'>>;

/** How much a customer may have and do. */
export interface Limits {
  readonly zones: number;
  /** Tokens that are neither revoked nor expired. */
  readonly tokens: number;
  /** Records in one zone. */
  readonly records: number;
  readonly recordsInRrset: number;
  /** Octets of the data of one RRset, in wire form. */
  readonly octetsInRrset: number;
  /** Changes of records, creates and deletes of zones in one minute of the clock. */
  readonly writesInMinute: number;
  /** The same in one day of the clock (UTC). */
  readonly writesInDay: number;
}

/** Limits of a customer for whom the operator has named no others. */
export const usualLimits: Limits = {
  zones: 1_000,
  tokens: 1_000,
  records: 100_000,
  recordsInRrset: 2_000,
  // A larger RRset does not fit into an answer (RFC 1035 section 4.2.2).
  octetsInRrset: 65_000,
  writesInMinute: 3_000,
  writesInDay: 500_000,
};

/** A limit that a request would exceed, so nothing was stored. */
export interface LimitReached {
  readonly limit: keyof Limits;
}

/** `read-only`: nothing may be written. `suspended`: every call is refused. */
export type CustomerState = 'active' | 'read-only' | 'suspended';

/** What changes of a customer. If `state` is null, the state stays; a limit that is not named stays too. */
export interface CustomerChanges {
  readonly state: CustomerState | null;
  readonly limits: Partial<Limits>;
  /** Name server of new zones; absent: as before. Zones that the customer has stay where they are. */
  readonly backend?: string | undefined;
}

/** A token, without its secret. */
export interface StoredToken {
  /** The public id, which stands in the token's text. */
  readonly id: string;
  readonly customer: string;
  /** SHA-256 of the token's text, hexadecimal. */
  readonly hash: string;
  /** The token's text before the last rotation, which is accepted until `until`; null: there is none. */
  readonly previous: { readonly hash: string; readonly until: number } | null;
  readonly label: string;
  readonly rights: Rights;
  /** Networks from which the token is accepted, `192.0.2.0/24`; empty: from everywhere. */
  readonly networks: readonly string[];
  /** Wall clock, milliseconds. */
  readonly createdAt: number;
  /** Wall clock, milliseconds; null: the token does not expire. */
  readonly expiresAt: number | null;
  /** Wall clock, milliseconds; null: the token was not revoked. */
  readonly revokedAt: number | null;
  /** Milliseconds without use after which the token is refused for ever; null: it needs no use. */
  readonly idle: number | null;
  /** Id of the token that has made this one, and with which it ends; null: the operator has made it. */
  readonly maker: string | null;
  /** Whether the token may make others. */
  readonly makesTokens: boolean;
  /** When and from which address the token was used last; null: never. */
  readonly lastUsed: { readonly at: number; readonly from: string } | null;
}

/** What a new token has, unless somebody says otherwise. */
export const newTokenFacts = {
  previous: null,
  label: '',
  networks: [],
  expiresAt: null,
  revokedAt: null,
  idle: null,
  maker: null,
  makesTokens: false,
  lastUsed: null,
} as const satisfies Partial<StoredToken>;

/** A token of the operator, without its secret. It belongs to no customer. */
export type OperatorToken = Pick<
  StoredToken,
  'id' | 'hash' | 'label' | 'networks' | 'createdAt' | 'expiresAt' | 'revokedAt' | 'lastUsed'
>;

/** What the database has, for the gateway's metrics. */
export interface StorageCounts {
  readonly customers: number;
  /** Zones that somebody has; claimed and deleted ones are left out. */
  readonly zones: number;
  /** Names that are only claimed. */
  readonly claims: number;
  /** Changes that have no outcome yet. */
  readonly openChanges: number;
  /** When the oldest of them was accepted, wall clock in milliseconds; null: there is none. */
  readonly oldestChange: number | null;
  /** Zones in which somebody else has changed something. */
  readonly driftedZones: number;
  /** When the next zone is to be checked for drift, wall clock in milliseconds; null: there is none. */
  readonly nextCheck: number | null;
}

/** Who has a zone. */
export interface ZoneOwner {
  readonly zone: DnsName;
  readonly customer: string;
  /** Name of the name server that has the zone; empty: the section `[backend]`. */
  readonly backend: string;
  /** When the zone was claimed, or its create was repeated last, wall clock in milliseconds. */
  readonly createdAt: number;
  /** When the zone was deleted, wall clock in milliseconds; null: it was not. */
  readonly leftAt: number | null;
  /** Whether the name is only claimed: the zone is being created, or nobody knows whether it was. */
  readonly isPending: boolean;
  /** Number of records, as far as writes of this gateway tell; null: they have to be counted. */
  readonly records: number | null;
}

/** The consent of a zone's owner to zones of another customer below it. */
export interface ZoneGrant {
  readonly parent: DnsName;
  /** The zone that the other customer may create, with all zones below it. It is below the parent. */
  readonly child: DnsName;
  /** Who may create it. */
  readonly customer: string;
  /** Who has consented. The grant holds while he has the parent. */
  readonly givenBy: string;
  /** Wall clock, milliseconds. */
  readonly createdAt: number;
  /** When it was revoked, wall clock in milliseconds; null: it was not. Zones that exist by then stay. */
  readonly revokedAt: number | null;
}

/** What an owner hands to another customer, who takes the zone with it. */
export interface TransferCode {
  /** SHA-256 of the code's text, hexadecimal. */
  readonly hash: string;
  readonly zone: DnsName;
  /** The owner. The code is void when he no longer has the zone, and while he may not write. */
  readonly customer: string;
  /** Whether the owner's zones below go with it. */
  readonly withBelow: boolean;
  /** Wall clock, milliseconds. */
  readonly expiresAt: number;
}

/** What a receiver does with a code. */
export interface TakenCode {
  readonly hash: string;
  /** The zone that the receiver expects. */
  readonly zone: DnsName;
  readonly to: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
}

/** A transfer of a zone. */
export interface ZoneTransfer {
  readonly zone: DnsName;
  readonly to: string;
  /** Whether the owner's zones below go with it. */
  readonly withBelow: boolean;
}

/**
 * The answer to a transfer. `missing`: nobody has the zone, or the code is not valid. `foreign`: this zone,
 * above or below a moved one, would belong to another customer without a grant. `limit`: the receiver may
 * have no further zone.
 */
export type Transferred =
  | { readonly moved: readonly DnsName[] }
  | 'missing'
  | { readonly foreign: DnsName }
  | LimitReached;

/**
 * The answer to a claim. `reclaimed`: claimed, and the name was reserved for the customer, because he had
 * deleted the zone before. `pending`: the customer has claimed it before, and the outcome of that create is
 * not known. `ours`: the customer has the zone already. `foreign`: a zone of another customer that has the
 * same name, or is above or below it without a grant.
 */
export type Claim =
  | 'claimed'
  | 'reclaimed'
  | 'pending'
  | 'ours'
  | LimitReached
  | { readonly foreign: DnsName };

/** A change of records as it was accepted, and its outcome. */
export interface StoredChange {
  readonly customer: string;
  readonly token: string;
  /** Chosen by the client, unique for the token. */
  readonly key: string;
  /** Address of the client. */
  readonly from: string;
  readonly zone: DnsName;
  /** Hash of the request. The same key with another request is refused. */
  readonly fingerprint: string;
  readonly remove: readonly ResourceRecord[];
  readonly add: readonly ResourceRecord[];
  /** The RRsets that the change touches, before the write. */
  readonly before: readonly ResourceRecord[];
  readonly acceptedAt: number;
  readonly outcome: ChangeOutcome | null;
}

/** A part of a list: at most `most` entries behind the key `after`; null: from the first on. */
export interface ListPart<K = string> {
  readonly after: K | null;
  readonly most: number;
}

/** The place of a token in the list of a customer's tokens: they are in the order in which they were made. */
export type TokenPosition = Pick<StoredToken, 'createdAt' | 'id'>;

/** What a request about a whole zone has done. */
export type ZoneRequestResult = 'created' | 'exists' | 'deleted' | 'missing';

/** How a change ended. */
export type ChangeOutcome =
  | {
      readonly kind: 'done';
      /** Absent: the request was about records. */
      readonly result?: ZoneRequestResult | undefined;
      readonly removed: readonly ResourceRecord[];
      readonly added: readonly ResourceRecord[];
    }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly params: Readonly<Record<string, string>>;
      readonly state: CentralErrorFacts['state'];
      readonly retry: CentralErrorFacts['retry'];
    }
  /** The gateway was stopped between acceptance and answer. Nobody knows what was written. */
  | { readonly kind: 'interrupted' };

/** What an entry of the audit says. */
export interface AuditFacts {
  readonly what: string;
  readonly customer: string;
  readonly token: string;
  readonly from: string;
  readonly zone: string;
  readonly detail: unknown;
}

/** An entry of the audit. Its hash covers the entry and the hash of the same gateway's entry before it. */
export interface AuditEntry extends AuditFacts {
  readonly number: number;
  /** Name of the gateway whose chain the entry belongs to; empty for the only gateway of a database. */
  readonly gateway: string;
  readonly at: number;
  readonly hash: string;
  /** Whether the address was erased. `from` is then empty. */
  readonly isErased: boolean;
}

/** An entry of the audit as it is stored, to check the chain of hashes. */
export interface AuditLink {
  readonly number: number;
  /** Name of the gateway to whose chain the entry belongs; empty: the only gateway of the database. */
  readonly gateway: string;
  readonly at: number;
  /** The facts but for the address, as JSON. */
  readonly body: string;
  /** The address; null: it was erased, or an earlier release has stored it in the body. */
  readonly client: string | null;
  /** Random text that is hashed with the address, so that nobody finds the address by trying all. */
  readonly salt: string | null;
  /** Hash of address and salt, which stays when both are erased; null: as for `client`. */
  readonly clientHash: string | null;
  readonly hash: string;
}

/** The number and hash of an entry of the audit, usually the last one. */
export interface AuditHead {
  /** 0: there is no entry. */
  readonly number: number;
  readonly hash: string;
}

/** Which addresses are erased. All conditions that are not null must be met. */
export interface Erasure {
  /** Only in entries before this time, wall clock in milliseconds. */
  readonly before: number | null;
  /** Only this address, or this user of the command line. */
  readonly client: string | null;
  readonly customer: string | null;
}

/**
 * The right of one gateway to write to a zone. It ends by itself after a while, and another gateway may then
 * take the zone. What is stored with a lost lease is refused (`storage.lease-lost`).
 */
export interface ZoneLease {
  readonly zone: DnsName;
  /** Identifies the process that has the lease. */
  readonly owner: string;
  /** Larger than that of each lease of the zone before. */
  readonly fence: number;
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
  /** Changes since the snapshot, oldest first: at most `mostUnchecked`. */
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

/**
 * The gateway's storage. Each method is one transaction: it is done in whole, and is on disk then, or not at
 * all. Every method throws {@link StorageError}. A parameter `lease` is null for commands of the operator,
 * which need none.
 */
export interface Storage {
  /** Whether several gateways may use it at once. */
  readonly isShared: boolean;
  /** What is stored about changes that others make at the name servers. */
  readonly drift: DriftStorage;

  /**
   * Takes a zone for this process, for `ttl` milliseconds. Changes that an earlier holder has left without an
   * outcome are marked as interrupted. A storage for one gateway grants every lease at once.
   * @returns `busy`: the time of another lease is not over
   */
  takeZone(zone: DnsName, ttl: number): Promise<ZoneLease | 'busy'>;
  /** Ends a lease before its time, unless it was lost. */
  leaveZone(lease: ZoneLease): Promise<void>;

  /** In the order of their ids. @param part absent: all */
  customers(part?: ListPart): Promise<readonly Customer[]>;
  customer(id: string): Promise<Customer | null>;
  /** @returns false: there is a customer with this id already */
  addCustomer(customer: NewCustomer, audit: AuditFacts): Promise<boolean>;
  /**
   * Changes what is not null. A customer who may not write has no transfer codes any more.
   * @returns false: there is no such customer
   */
  setCustomer(id: string, changes: CustomerChanges, audit: AuditFacts): Promise<boolean>;

  /** In the order in which they were made. @param part absent: all */
  tokens(customer: string, part?: ListPart<TokenPosition>): Promise<readonly StoredToken[]>;
  token(id: string): Promise<StoredToken | null>;
  /** @returns null: stored */
  addToken(token: StoredToken, audit: AuditFacts): Promise<LimitReached | null>;
  /**
   * Gives a token another text. The last text is accepted until `until`, an older one no longer.
   * Transfer codes of the customer are void.
   * @returns false: there is no such token, or it was revoked
   */
  rotateToken(id: string, rotation: Rotation, audit: AuditFacts): Promise<boolean>;
  /**
   * Refuses a token from now on. Transfer codes of the customer are void.
   * @returns false: there is no such token, or it was revoked before
   */
  revokeToken(id: string, at: number, audit: AuditFacts): Promise<boolean>;
  /**
   * Replaces the rights of a token. Transfer codes of the customer are void.
   * @param present the rights that the caller has read, which the token must still have
   * @returns false: there is no such token, it was revoked, or it has other rights by now
   */
  replaceRights(id: string, present: Rights, rights: Rights, audit: AuditFacts): Promise<boolean>;
  tokenUsed(id: string, at: number, from: string): Promise<void>;

  /** All tokens of the operator, in the order in which they were made. */
  operators(): Promise<readonly OperatorToken[]>;
  operator(id: string): Promise<OperatorToken | null>;
  addOperator(token: OperatorToken, audit: AuditFacts): Promise<void>;
  /** @returns false: the operator has no such token, or it was revoked before */
  revokeOperator(id: string, at: number, audit: AuditFacts): Promise<boolean>;
  operatorUsed(id: string, at: number, from: string): Promise<void>;

  /** All zones that customers have, also claimed ones. Deleted ones are left out. */
  allZones(): Promise<readonly ZoneOwner[]>;
  /** Zones that the customer has; claimed and deleted ones are left out. */
  zonesOf(customer: string): Promise<readonly DnsName[]>;
  /** The zones of {@link zonesOf}, with their name servers, in the order of names. @param part absent: all */
  ownedBy(customer: string, part?: ListPart): Promise<readonly ZoneOwner[]>;
  /** Claims whose create has no known outcome, except in zones that a gateway holds. */
  pendingClaims(): Promise<readonly ZoneOwner[]>;
  zone(zone: DnsName): Promise<ZoneOwner | null>;
  /** Answers as {@link claimZone} would, and changes nothing. */
  mayClaim(claim: ZoneClaim): Promise<Claim>;
  /**
   * Claims a zone for the customer, if no other customer has it. Other customers cannot claim it from now on;
   * the customer himself has it only after {@link confirmClaim}. A zone that another customer has deleted
   * stays that customer's until `quarantine` milliseconds have passed.
   *
   * The next zone above must be the customer's, or its owner must have granted the name. A zone of another
   * customer below must exist by a grant of the customer, which may be revoked by now. A claim is a write.
   * Transfer codes of the customer by which the zone would go with one above it are void.
   */
  claimZone(claim: ZoneClaim, audit: AuditFacts, lease: ZoneLease | null): Promise<Claim>;
  /**
   * Ends a claim: the customer has the zone.
   * @param done stored too, so that a repetition of the request is answered by its key; null: it has none
   */
  confirmClaim(
    zone: DnsName,
    customer: string,
    audit: AuditFacts,
    lease: ZoneLease | null,
    done?: StoredChange | null,
  ): Promise<void>;
  /** Undoes a claim: the zone was not created. A name that was reserved for the customer is so again. */
  dropClaim(zone: DnsName, customer: string, audit: AuditFacts, lease: ZoneLease | null): Promise<void>;
  /** Counts a delete as a write, before it is sent. @returns null: it may be sent */
  acceptDelete(
    zone: DnsName,
    customer: string,
    at: number,
    audit: AuditFacts,
    lease: ZoneLease | null,
  ): Promise<LimitReached | null>;
  /**
   * Ends the ownership. The name stays reserved for the customer for a while ({@link claimZone}).
   * @param done as for {@link confirmClaim}
   */
  releaseZone(
    zone: DnsName,
    customer: string,
    at: number,
    audit: AuditFacts,
    lease: ZoneLease | null,
    done?: StoredChange | null,
  ): Promise<void>;
  /** Stores how many records a zone has. */
  countRecords(zone: DnsName, records: number, lease: ZoneLease): Promise<void>;

  /**
   * Gives a zone to another customer, with the grants of its owner. Zones that the owner has deleted below it
   * are reserved for the receiver from now on. The audit gets an entry for each zone that has moved.
   */
  transferZone(transfer: ZoneTransfer, audit: AuditFacts): Promise<Transferred>;
  /** Stores a code. Earlier ones for the zone are void. @returns false: the customer has no such zone */
  addTransferCode(code: TransferCode, audit: AuditFacts): Promise<boolean>;
  /** Whether the code is for this zone and can be used now. */
  hasTransferCode(taken: Omit<TakenCode, 'to'>): Promise<boolean>;
  /** Transfers the zone of a code. The code is used up then. */
  takeTransferCode(taken: TakenCode, audit: AuditFacts): Promise<Transferred>;

  /** Grants for zones below the zone, also revoked ones. */
  grants(parent: DnsName): Promise<readonly ZoneGrant[]>;
  /** Stores the consent of the parent's present owner. @returns false: nobody has the parent */
  addGrant(
    grant: Pick<ZoneGrant, 'parent' | 'child' | 'customer' | 'createdAt'>,
    audit: AuditFacts,
  ): Promise<boolean>;
  /** @returns false: there is no such grant, or it was revoked before */
  revokeGrant(
    grant: Pick<ZoneGrant, 'parent' | 'child' | 'customer'>,
    at: number,
    audit: AuditFacts,
  ): Promise<boolean>;

  change(token: string, key: string): Promise<StoredChange | null>;
  /**
   * Stores a change before it is written, and counts it as a write. A change without records is no write.
   *
   * A change that adds no more records than it removes never exceeds the limit `records`. Any other change
   * gets this answer also if the records of the zone are not counted yet ({@link countRecords}).
   * @returns the stored change, if the key was used before; null: the change is stored
   */
  acceptChange(
    change: StoredChange,
    audit: AuditFacts,
    lease: ZoneLease,
  ): Promise<StoredChange | LimitReached | null>;
  /**
   * Stores the key of a withdrawn change without records. No lease is needed, because the zone is not the
   * customer's.
   * @returns `own`: he has the zone or claims it, so a request with this key may be under way, and nothing is
   *   stored. `used`: the key was used before
   */
  withdrawKey(change: StoredChange, audit: AuditFacts): Promise<'stored' | 'own' | 'used'>;
  /**
   * Stores the outcome of a change.
   * @returns false: the lease was lost, and the change ended as interrupted. Only the audit has the outcome
   */
  endChange(
    change: Pick<StoredChange, 'token' | 'key'>,
    outcome: ChangeOutcome,
    audit: AuditFacts,
    lease: ZoneLease | null,
  ): Promise<boolean>;
  /**
   * Marks changes without an outcome as interrupted, except in zones that a gateway holds.
   * @returns these changes, as they were before
   */
  interruptChanges(): Promise<readonly StoredChange[]>;
  /** Deletes changes that ended before `before`, wall clock in milliseconds. */
  pruneChanges(before: number): Promise<void>;
  /** Deletes what is stored of leases that ended a while ago. Later leases still get larger fences. */
  pruneLeases(): Promise<void>;

  /** Stores an entry of the audit about something that the storage does not do itself. */
  note(audit: AuditFacts): Promise<void>;
  /**
   * Entries of the audit, oldest first. Together they have 16 MiB at most, unless it is one entry. So there
   * may be fewer than `most` before the end.
   * @param after number of the entry after which the list begins; 0: from the first
   * @returns empty: there is no later entry
   */
  audit(after: number, most: number): Promise<readonly AuditEntry[]>;
  /** The last entry of this gateway's chain. */
  auditHead(): Promise<AuditHead>;
  /** The last entry of the audit, whichever gateway has made it. */
  newestEntry(): Promise<AuditHead>;
  /** As {@link audit}, but as stored. */
  auditLinks(after: number, most: number): Promise<readonly AuditLink[]>;
  /**
   * Erases addresses in the audit, in changes and in what tokens tell of their last use.
   * @param audit null: the erasure itself is no entry
   * @returns the number of entries of the audit that had such an address
   */
  eraseAddresses(erasure: Erasure, audit: AuditFacts | null): Promise<number>;
  counts(): Promise<StorageCounts>;
  close(): Promise<void>;
}

/** The new text of a token. */
export interface Rotation {
  /** SHA-256 of the new text, hexadecimal. */
  readonly hash: string;
  /** Until when the text before is accepted, wall clock in milliseconds. */
  readonly until: number;
}

export interface ZoneClaim {
  readonly zone: DnsName;
  readonly customer: string;
  /** Name of the name server; absent: that of the customer's new zones. */
  readonly backend?: string | undefined;
  readonly at: number;
  /** Milliseconds. */
  readonly quarantine: number;
}

/**
 * The storage failed: a full disk, a damaged or locked file, a database that does not answer. Nothing of the
 * call was stored. Only if the connection to a database is lost during a commit, the call may be stored.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code:
    | 'storage.failed'
    | 'storage.in-use'
    | 'storage.lease-lost'
    | 'storage.newer'
    | 'storage.other-user';

  constructor(code: StorageError['code'], cause?: unknown) {
    super(`${code}${cause instanceof Error ? `: ${cause.message}` : ''}`, { cause });
    this.code = code;
  }
}
