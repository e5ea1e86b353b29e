import type { DnsName } from '../dns/name.ts';
import { recordId } from '../dns/record.ts';
import type { Batch, Journal, JournalCounts, OperationFilter, RowChange } from '../core/journal.ts';
import type { LedgerRow, ZoneEntry } from '../core/ledger.ts';
import { isFinal, mayStep, type Operation, type OperationState } from '../core/operation.ts';

/** A journal for tests and the simulator: as durable as the object itself, atomic, and with the same rules as the real one. */
export class MemoryJournal implements Journal {
  readonly #operations = new Map<string, Operation>();
  readonly #zones = new Map<DnsName, ZoneEntry>();
  readonly #rows = new Map<DnsName, Map<string, LedgerRow>>();
  readonly #facts = new Map<string, string>();
  readonly #owners = new Map<DnsName, readonly string[] | null>();

  /** Another journal with the same content; from now on each goes its own way. */
  copy(): MemoryJournal {
    const copy = new MemoryJournal();
    for (const [id, operation] of this.#operations) copy.#operations.set(id, operation);
    for (const [zone, entry] of this.#zones) copy.#zones.set(zone, entry);
    for (const [zone, rows] of this.#rows) copy.#rows.set(zone, new Map(rows));
    for (const [name, value] of this.#facts) copy.#facts.set(name, value);
    for (const [zone, accounts] of this.#owners) copy.#owners.set(zone, accounts);
    return copy;
  }

  async commit(batch: Batch): Promise<void> {
    await Promise.resolve();
    this.#assertSteps(batch.operations ?? []);
    for (const operation of batch.operations ?? []) this.#operations.set(operation.id, operation);
    for (const zone of batch.dropZones ?? []) {
      this.#zones.delete(zone);
      this.#rows.delete(zone);
    }
    for (const entry of batch.zones ?? []) this.#zones.set(entry.zone, entry);
    for (const change of batch.rows ?? []) this.#changeRows(change);
    this.#putOwners(batch.owners ?? new Map());
    for (const [name, value] of Object.entries(batch.facts ?? {})) {
      if (value === null) this.#facts.delete(name);
      else this.#facts.set(name, value);
    }
  }

  async operation(id: string): Promise<Operation | null> {
    await Promise.resolve();
    return this.#operations.get(id) ?? null;
  }

  async operations(filter: OperationFilter): Promise<readonly Operation[]> {
    await Promise.resolve();
    const { zone, openAt, prefix = '', latest } = filter;
    const found = [...this.#operations.values()].filter(
      (operation) =>
        operation.id.startsWith(prefix) &&
        (zone === undefined || operation.zone === zone) &&
        (openAt === undefined || isOpen(operation, openAt)),
    );
    found.sort((a, b) => (a.id < b.id ? -1 : 1));
    return latest === undefined ? found : found.toReversed().slice(0, latest);
  }

  async zones(): Promise<readonly ZoneEntry[]> {
    await Promise.resolve();
    return [...this.#zones.values()].sort((a, b) => (a.zone < b.zone ? -1 : 1));
  }

  async zone(zone: DnsName): Promise<ZoneEntry | null> {
    await Promise.resolve();
    return this.#zones.get(zone) ?? null;
  }

  async rows(zone: DnsName, names?: readonly DnsName[]): Promise<readonly LedgerRow[]> {
    await Promise.resolve();
    const rows = this.#rows.get(zone) ?? new Map<string, LedgerRow>();
    const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    return names === undefined ? sorted : sorted.filter(({ record }) => names.includes(record.name));
  }

  async counts(): Promise<JournalCounts> {
    await Promise.resolve();
    const rows = [...this.#rows.values()].flatMap((group) => [...group.values()]);
    const zones = [...this.#zones.values()];
    return {
      zones: tally(zones),
      rows: tally(rows),
      remarks: zones.filter(({ note }) => note !== null).length,
    };
  }

  async owners(): Promise<ReadonlyMap<DnsName, readonly string[] | null>> {
    await Promise.resolve();
    return new Map(this.#owners);
  }

  async fact(name: string): Promise<string | null> {
    await Promise.resolve();
    return this.#facts.get(name) ?? null;
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #putOwners(owners: NonNullable<Batch['owners']>): void {
    for (const [zone, accounts] of owners) {
      if (accounts === 'gone') this.#owners.delete(zone);
      else this.#owners.set(zone, accounts);
    }
  }

  #assertSteps(operations: readonly Operation[]): void {
    const states = new Map<string, OperationState>();
    for (const { id, state } of operations) {
      const from = states.get(id) ?? this.#operations.get(id)?.state;
      if (from !== undefined && !mayStep(from, state))
        throw new Error(`operation ${id} may not go from ${from} to ${state}`);
      states.set(id, state);
    }
  }

  #changeRows(change: RowChange): void {
    const rows =
      change.dropAll === true ? new Map<string, LedgerRow>() : new Map(this.#rows.get(change.zone) ?? []);
    for (const record of change.drop ?? []) rows.delete(recordId(record));
    for (const row of change.put ?? []) rows.set(recordId(row.record), row);
    this.#rows.set(change.zone, rows);
  }
}

function isOpen(operation: Operation, wall: number): boolean {
  return !isFinal(operation.state) || operation.watchUntil > wall;
}

function tally(items: readonly { readonly standing: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { standing } of items) counts[standing] = (counts[standing] ?? 0) + 1;
  return counts;
}
