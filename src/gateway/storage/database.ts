import type { DnsName } from '../../dns/name.ts';
import type { ZoneLease } from './storage.ts';

/** What a statement takes for a `?`. */
export type SqlValue = string | number | null;

export type SqlRow = Readonly<Record<string, unknown>>;

/**
 * Statements in the SQL that all databases have in common. A value stands as `?`, or as `?1` if it is used
 * several times. Whether something is true comes back as 1 or 0. They throw what the driver throws.
 */
export interface Sql {
  /** The first row; undefined: there is none. */
  get(sql: string, ...values: readonly SqlValue[]): Promise<SqlRow | undefined>;
  all(sql: string, ...values: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** @returns the number of rows that were changed */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>;
}

/** A transaction. Its locks end with it. */
export interface SqlTransaction extends Sql {
  /** Waits until no other transaction decides about owners of zones. */
  lockOwners(): Promise<void>;
  /** Waits until no other transaction counts what this customer has or does. */
  lockCustomer(id: string): Promise<void>;
  /** Waits until no other transaction adds to this gateway's chain of the audit. */
  lockChain(gateway: string): Promise<void>;
  /** Waits until all numbered entries of the audit are committed. New ones wait for the transaction's end. */
  lockAudit(): Promise<void>;
}

/** How a transaction ends. `soon`: a power loss may undo it, if no later transaction was `durable`. */
export type Durability = 'durable' | 'soon';

/** A database with the gateway's tables. */
export interface Database {
  /** The rights to write to a zone; null: only one gateway uses the database, so that none are needed. */
  readonly leases: ZoneLeases | null;
  read<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Does the work in one transaction. An error undoes it, and so does {@link Unchanged}. */
  write<T>(
    durability: Durability,
    work: (transaction: SqlTransaction) => Promise<T | Unchanged<T>>,
  ): Promise<T>;
  /** SQL for a text within JSON. @param column the column with the JSON */
  jsonText(column: string, member: string): string;
  close(): Promise<void>;
}

/** Which gateway may write to which zone, until when. */
export interface ZoneLeases {
  /** SQL that is true if a zone has no lease. @param column the column with the zone's name */
  unheld(column: string): string;
  /**
   * Takes the zone for `ttl` milliseconds of the database's clock.
   * @returns the fence, larger than each before it; null: another holder's time is not over
   */
  take(sql: Sql, zone: DnsName, owner: string, ttl: number): Promise<number | null>;
  /** Whether nobody has taken the zone after this lease. Then nobody can until the transaction ends. */
  isHeld(sql: Sql, lease: ZoneLease): Promise<boolean>;
  /** Ends the lease at once, unless it was lost. */
  leave(sql: Sql, lease: ZoneLease): Promise<void>;
  /** Deletes rows of leases that ended a while ago. A later lease of such a zone gets a larger fence too. */
  prune(sql: Sql): Promise<void>;
}

/** The result of a transaction that changes nothing. What it has written is rolled back. */
export class Unchanged<T> {
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }
}

export function unchanged<T>(value: T): Unchanged<T> {
  return new Unchanged(value);
}
