import type { DnsName } from '../dns/name.ts';
import type { ResourceRecord } from '../dns/record.ts';
import type { LedgerRow, ZoneEntry } from './ledger.ts';
import type { Operation } from './operation.ts';

/** Changes that become durable together or not at all. */
export interface Batch {
  /** Written as they are, by id. */
  readonly operations?: readonly Operation[];
  /** Written as they are, by name. */
  readonly zones?: readonly ZoneEntry[];
  /** Zone entries to forget, with all their rows. */
  readonly dropZones?: readonly DnsName[];
  readonly rows?: readonly RowChange[];
  /** Accounts that may change a zone, by zone: `null` where that is not known, `'gone'` forgets the zone. */
  readonly owners?: ReadonlyMap<DnsName, readonly string[] | null | 'gone'>;
  /** Small named facts, e.g. when the first comparison was completed. `null` forgets one. */
  readonly facts?: Readonly<Record<string, string | null>>;
}

/** Rows of one zone: first `drop`, then `put`. A row is identified by its record's `recordId`. */
export interface RowChange {
  readonly zone: DnsName;
  /** Forget every row of the zone before anything else. */
  readonly dropAll?: boolean;
  readonly drop?: readonly ResourceRecord[];
  readonly put?: readonly LedgerRow[];
}

export interface OperationFilter {
  readonly zone?: DnsName;
  /** Only operations with something left to do: not final, or on watch at this wall-clock time. */
  readonly openAt?: number;
  /** Only those whose id begins so. */
  readonly prefix?: string;
  /** Newest first, at most this many. Without it: oldest first, all. */
  readonly latest?: number;
}

/**
 * Durable list of operations, and the ledger of one central, in one store so that they change together. One
 * writer (the agent). Every implementation passes `src/testing/contracts/journal.ts`. All methods throw
 * {@link JournalError}.
 */
export interface Journal {
  /** All of it durable when it resolves (synced to disk), none of it when it throws. */
  commit(batch: Batch): Promise<void>;
  operation(id: string): Promise<Operation | null>;
  operations(filter: OperationFilter): Promise<readonly Operation[]>;
  /** All zone entries, by name. */
  zones(): Promise<readonly ZoneEntry[]>;
  zone(zone: DnsName): Promise<ZoneEntry | null>;
  /** Rows of a zone, by owner name, type and rdata. @param names of these owners only; absent: all */
  rows(zone: DnsName, names?: readonly DnsName[]): Promise<readonly LedgerRow[]>;
  counts(): Promise<JournalCounts>;
  /** Every zone of the panel that was told, with the accounts that may change it (`Batch.owners`). */
  owners(): Promise<ReadonlyMap<DnsName, readonly string[] | null>>;
  fact(name: string): Promise<string | null>;
  close(): Promise<void>;
}

/** What status reports of a journal, without reading it whole. */
export interface JournalCounts {
  /** Zones and rows by their state; a state nothing has is left out. */
  readonly zones: Readonly<Record<string, number>>;
  readonly rows: Readonly<Record<string, number>>;
  /** Zones with a note. */
  readonly notes: number;
  /** Zones whose ledger is damaged: no edit of them is accepted until a new baseline is taken. */
  readonly frozen: number;
  /** Damaged operations that the last whole check of the file has found. */
  readonly damagedOperations: number;
}

export type JournalErrorCode =
  /** The file is damaged or not ours. Nothing may be accepted. */
  | 'journal.unreadable'
  /** The rows of one zone are damaged. Nothing about it may be accepted; the others are whole. */
  | 'journal.zone-damaged'
  /** The file was deleted, replaced or cut while it was open. What is written now is lost. */
  | 'journal.lost'
  /** Made by a newer domainsync with a breaking schema. */
  | 'journal.newer'
  /** No room to write; what is already there is intact. */
  | 'journal.disk-full'
  /** Another live agent holds it. */
  | 'journal.in-use'
  /** Another program holds the file's lock: a check of it, a backup. */
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
