import type { DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { LedgerRow, ZoneEntry } from './ledger.ts';
import type { Operation } from './operation.ts';

/** Changes that become durable together or not at all. */
export interface Batch {
  /** Operations to write. A stored operation with the same id is replaced. */
  readonly operations?: readonly Operation[];
  /** Zone entries to write. A stored entry of the same zone is replaced. */
  readonly zones?: readonly ZoneEntry[];
  /** Zones whose entry and rows are deleted. */
  readonly dropZones?: readonly DnsName[];
  readonly rows?: readonly RowChange[];
  /**
   * For each zone, the accounts that may change it. `null`: the owner is not known. `'gone'`: removes the
   * zone from the stored owners.
   */
  readonly owners?: ReadonlyMap<DnsName, readonly string[] | null | 'gone'>;
  /**
   * Named values, for example the time at which the first comparison was completed. `null` deletes a value.
   */
  readonly facts?: Readonly<Record<string, string | null>>;
}

/**
 * Changes of one zone's ledger rows. Rows in `drop` are deleted first, then `put` is written. A row is
 * identified by the `recordId` of its record.
 */
export interface RowChange {
  readonly zone: DnsName;
  /** Deletes every row of the zone before anything else. */
  readonly dropAll?: boolean;
  readonly drop?: readonly ResourceRecord[];
  readonly put?: readonly LedgerRow[];
}

export interface OperationFilter {
  readonly zone?: DnsName;
  /**
   * Only operations that have not ended, or whose watch still runs at this time (wall clock, milliseconds
   * since 1970).
   */
  readonly openAt?: number;
  /** Only operations whose id begins with this text. */
  readonly prefix?: string;
  /** At most this many operations, newest first. Absent: all, oldest first. */
  readonly latest?: number;
}

/**
 * The operations and the ledger of one central, kept in one file so that both change together. The agent is
 * the only writer. Every implementation passes `src/testing/contracts/journal.ts`. All methods throw
 * {@link JournalError}.
 */
export interface Journal extends JournalReader {
  /**
   * Writes the whole batch to disk before it resolves. If it throws, nothing was written. With {@link
   * pending}, commits that wait together also fail together.
   */
  commit(batch: Batch): Promise<void>;
  /**
   * The journal with the batches that {@link commit} has taken and that are not on disk yet. A transaction
   * may read it if its own batch, even an empty one, then waits with them. All other reads see only what is
   * on disk. Absent: a transaction may read only after the commit before it has ended.
   */
  readonly pending?: JournalReader;
  close(): Promise<void>;
}

/** The reads of a {@link Journal}. All methods throw {@link JournalError}. */
export interface JournalReader {
  operation(id: string): Promise<Operation | null>;
  operations(filter: OperationFilter): Promise<readonly Operation[]>;
  /** All zone entries, sorted by name. */
  zones(): Promise<readonly ZoneEntry[]>;
  zone(zone: DnsName): Promise<ZoneEntry | null>;
  /**
   * Rows of a zone, sorted by owner name, type and rdata.
   * @param names only rows of these owner names; absent: all rows
   */
  rows(zone: DnsName, names?: readonly DnsName[]): Promise<readonly LedgerRow[]>;
  counts(): Promise<JournalCounts>;
  /**
   * Counts the records of each zone by state; zones without rows are left out. Does not check the rows for
   * damage.
   */
  zoneCounts(): Promise<ReadonlyMap<DnsName, ZoneCounts>>;
  /**
   * Every zone whose owners are stored, with the accounts that may change it. `null`: the owner is not known
   * (`Batch.owners`).
   */
  owners(): Promise<ReadonlyMap<DnsName, readonly string[] | null>>;
  fact(name: string): Promise<string | null>;
}

/** Counts for `domainsync status`, found without reading the whole journal. */
export interface JournalCounts {
  /** How many zones and rows have each state. States that do not occur are left out. */
  readonly zones: Readonly<Record<string, number>>;
  readonly rows: Readonly<Record<string, number>>;
  /** Number of zones with a note. */
  readonly notes: number;
  /**
   * Number of zones whose ledger is damaged. Edits of such a zone are refused until a new baseline is taken.
   */
  readonly frozen: number;
  /** Number of damaged operations that the last check of the whole file found. */
  readonly damagedOperations: number;
}

/** Counts for one line of `domainsync zones`. */
export interface ZoneCounts {
  /** Numbers of rows by their state. States with none are left out. */
  readonly records: Readonly<Record<string, number>>;
  /**
   * When a comparison first found the present conflicts: wall clock, milliseconds since 1970. Null: there are
   * none, or no comparison has seen them yet.
   */
  readonly conflictSince: number | null;
}

/** Prefix of a fact's name; the zone follows. The fact holds {@link ZoneCounts.conflictSince}. */
export const conflictSinceFact = 'conflict-since ';

export type JournalErrorCode =
  /** The file is damaged, or is not a journal. All edits are refused. */
  | 'journal.unreadable'
  /** The rows of one zone are damaged. Edits of this zone are refused; other zones are not affected. */
  | 'journal.zone-damaged'
  /** Somebody deleted, replaced or shortened the file while it was open. Later writes to it are lost. */
  | 'journal.lost'
  /** A newer release of domainsync wrote the file, and this release cannot read its schema. */
  | 'journal.newer'
  /** The disk is full. Data that was written before is intact. */
  | 'journal.disk-full'
  /** Another running agent has the journal open. */
  | 'journal.in-use'
  /** Another program, such as a check or a backup, holds the lock of the file. */
  | 'journal.locked'
  /** Any other failure to write. */
  | 'journal.write-failed';

export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: JournalErrorCode;
  readonly params: Readonly<Record<string, string>>;

  constructor(code: JournalErrorCode, params: Readonly<Record<string, string>> = {}, cause?: unknown) {
    super(code, { cause });
    this.code = code;
    this.params = params;
  }
}
