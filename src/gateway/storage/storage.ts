import type { CentralErrorFacts } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { Rights } from '../rights/decide.ts';

/** A hosting customer. Zones and tokens belong to exactly one customer. */
export interface Customer {
  /** Lower-case letters, digits and hyphens; never changes. */
  readonly id: string;
  readonly state: CustomerState;
  /** Maximum number of zones. */
  readonly mostZones: number;
  /** Wall clock, milliseconds. */
  readonly createdAt: number;
}

/** `read-only`: nothing may be written. `suspended`: every call is refused. */
export type CustomerState = 'active' | 'read-only' | 'suspended';

/** What changes of a customer; null: it stays. */
export interface CustomerChanges {
  readonly state: CustomerState | null;
  readonly mostZones: number | null;
}

/** A token, without its secret. */
export interface StoredToken {
  /** The public id, which stands in the token's text. */
  readonly id: string;
  readonly customer: string;
  /** SHA-256 of the token's text, hexadecimal. */
  readonly hash: string;
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
  /** When and from which address the token was used last; null: never. */
  readonly lastUsed: { readonly at: number; readonly from: string } | null;
}

/** Who has a zone. */
export interface ZoneOwner {
  readonly zone: DnsName;
  readonly customer: string;
  /** When the zone was deleted, wall clock in milliseconds; null: it was not. */
  readonly leftAt: number | null;
  /** Whether the name is only claimed: the zone is being created, or nobody knows whether it was. */
  readonly isPending: boolean;
}

/**
 * The answer to a claim. `reclaimed`: claimed, and the name was reserved for the customer, because he had
 * deleted the zone before. `pending`: the customer has claimed it before, and the outcome of that create is
 * not known. `ours`: the customer has the zone already. `limit`: the customer may have no further zone.
 * `foreign`: a zone of another customer that has the same name, or is above or below it.
 */
export type Claim = 'claimed' | 'reclaimed' | 'pending' | 'ours' | 'limit' | { readonly foreign: DnsName };

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

/** How a change ended. */
export type ChangeOutcome =
  | {
      readonly kind: 'done';
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

/** An entry of the audit. Its hash covers the entry and the hash of the gateway's entry before it. */
export interface AuditEntry extends AuditFacts {
  readonly number: number;
  /** Name of the gateway whose chain the entry belongs to; empty for the only gateway of a database. */
  readonly gateway: string;
  readonly at: number;
  readonly hash: string;
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

/**
 * The gateway's storage. Each method is one transaction: it is done in whole, on disk, or not at all. Every
 * method throws {@link StorageError}. A parameter `lease` that is null stands for an operator's command.
 */
export interface Storage {
  /** Whether several gateways may use it at once. */
  readonly isShared: boolean;

  /**
   * Takes a zone for this process, for `ttl` milliseconds. Changes that an earlier holder has left without an
   * outcome are marked as interrupted. A storage for one gateway gives every lease.
   * @returns `busy`: the time of another lease is not over
   */
  takeZone(zone: DnsName, ttl: number): Promise<ZoneLease | 'busy'>;
  /** Whether no other gateway has taken the zone since. */
  isZoneHeld(lease: ZoneLease): Promise<boolean>;
  /** Ends a lease before its time. */
  leaveZone(lease: ZoneLease): Promise<void>;

  customers(): Promise<readonly Customer[]>;
  customer(id: string): Promise<Customer | null>;
  /** @returns false: there is a customer with this id already */
  addCustomer(customer: Customer, audit: AuditFacts): Promise<boolean>;
  /** Changes what is not null. @returns false: there is no such customer */
  setCustomer(id: string, changes: CustomerChanges, audit: AuditFacts): Promise<boolean>;

  tokens(customer: string): Promise<readonly StoredToken[]>;
  token(id: string): Promise<StoredToken | null>;
  addToken(token: StoredToken, audit: AuditFacts): Promise<void>;
  /** @returns false: there is no such token, or it was revoked before */
  revokeToken(id: string, at: number, audit: AuditFacts): Promise<boolean>;
  tokenUsed(id: string, at: number, from: string): Promise<void>;

  /** Zones that the customer has; claimed and deleted ones are left out. */
  zonesOf(customer: string): Promise<readonly DnsName[]>;
  /** Claims whose create has no known outcome, except in zones that a gateway holds. */
  pendingClaims(): Promise<readonly ZoneOwner[]>;
  zone(zone: DnsName): Promise<ZoneOwner | null>;
  /** Answers as {@link claimZone} would, and changes nothing. */
  mayClaim(claim: ZoneClaim): Promise<Claim>;
  /**
   * Claims a zone for the customer, if no other customer has it, or a zone above or below it. Other customers
   * cannot claim it from now on; the customer himself has it only after {@link confirmClaim}. A zone that
   * another customer has deleted stays that customer's until `quarantine` milliseconds have passed.
   */
  claimZone(claim: ZoneClaim, audit: AuditFacts, lease: ZoneLease | null): Promise<Claim>;
  /** Ends a claim: the customer has the zone. */
  confirmClaim(zone: DnsName, customer: string, audit: AuditFacts, lease: ZoneLease | null): Promise<void>;
  /** Undoes a claim: the zone was not created after all. */
  dropClaim(zone: DnsName, customer: string, audit: AuditFacts, lease: ZoneLease | null): Promise<void>;
  /** Ends the ownership. The name stays reserved for the customer for a while ({@link claimZone}). */
  releaseZone(
    zone: DnsName,
    customer: string,
    at: number,
    audit: AuditFacts,
    lease: ZoneLease | null,
  ): Promise<void>;
  /** Gives a zone to another customer. @returns false: nobody has the zone */
  transferZone(zone: DnsName, to: string, audit: AuditFacts): Promise<boolean>;

  change(token: string, key: string): Promise<StoredChange | null>;
  /** Stores a change before it is written. @returns the stored change, if the key was used before */
  acceptChange(change: StoredChange, audit: AuditFacts, lease: ZoneLease): Promise<StoredChange | null>;
  /**
   * Stores the outcome of a change.
   * @returns false: the lease was lost, and the change ended as interrupted. Only the audit has the outcome
   */
  endChange(
    change: Pick<StoredChange, 'token' | 'key'>,
    outcome: ChangeOutcome,
    audit: AuditFacts,
    lease: ZoneLease,
  ): Promise<boolean>;
  /**
   * Marks changes without an outcome as interrupted, except in zones that a gateway holds.
   * @returns them, as they were
   */
  interruptChanges(): Promise<readonly StoredChange[]>;
  /** Deletes changes that ended before `before`, wall clock in milliseconds. */
  pruneChanges(before: number): Promise<void>;

  /** @param after number of the entry after which the list begins; 0: from the first */
  audit(after: number, most: number): Promise<readonly AuditEntry[]>;
  close(): Promise<void>;
}

export interface ZoneClaim {
  readonly zone: DnsName;
  readonly customer: string;
  readonly at: number;
  /** Milliseconds. */
  readonly quarantine: number;
}

/**
 * The storage failed: a full disk, a damaged or locked file, a database that does not answer. Nothing of the
 * call was stored. Only if the connection to a database is lost during a commit, it may have been stored.
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
