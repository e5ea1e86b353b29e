import type { JournalCounts, JournalReader, OperationFilter, ZoneCounts } from '../core/journal.ts';
import type { LedgerRow, ZoneEntry } from '../core/ledger.ts';
import type { Operation } from '../core/operation.ts';
import type { DnsName } from '../dns/name.ts';

/** The reads of a journal as plain functions that do not wait. Each throws {@link JournalError}. */
export interface JournalReads {
  operation(id: string): Operation | null;
  operations(filter: OperationFilter): readonly Operation[];
  zones(): readonly ZoneEntry[];
  zone(zone: DnsName): ZoneEntry | null;
  rows(zone: DnsName, names?: readonly DnsName[]): readonly LedgerRow[];
  counts(): JournalCounts;
  zoneCounts(): ReadonlyMap<DnsName, ZoneCounts>;
  owners(): ReadonlyMap<DnsName, readonly string[] | null>;
  fact(name: string): string | null;
}

/**
 * Makes a `JournalReader` of these reads. @param when runs each read, at the right time and with error
 * handling
 */
export function readerOf(reads: JournalReads, when: <T>(read: () => T) => Promise<T>): JournalReader {
  return {
    operation: async (id) => await when(() => reads.operation(id)),
    operations: async (filter) => await when(() => reads.operations(filter)),
    zones: async () => await when(() => reads.zones()),
    zone: async (zone) => await when(() => reads.zone(zone)),
    rows: async (zone, names) => await when(() => reads.rows(zone, names)),
    counts: async () => await when(() => reads.counts()),
    zoneCounts: async () => await when(() => reads.zoneCounts()),
    owners: async () => await when(() => reads.owners()),
    fact: async (name) => await when(() => reads.fact(name)),
  };
}
