import { displayName, type DnsName } from '../dns/name.ts';
import { recordId } from '../dns/record.ts';
import {
  conflictSinceFact,
  JournalError,
  type Batch,
  type Journal,
  type JournalCounts,
  type OperationFilter,
  type RowChange,
  type ZoneCounts,
} from '../core/journal.ts';
import type { LedgerRow, ZoneEntry } from '../core/ledger.ts';
import { isOpen, mayStep, type Operation, type OperationState } from '../core/operation.ts';

/**
 * A journal in memory, for tests and the simulator. Commits are atomic and follow the rules of the real
 * journal.
 */
export class MemoryJournal implements Journal {
  #operations = new Map<string, Operation>();
  /** Ids of operations, for each zone and for all together, in ascending order. */
  #ofZone = new Map<DnsName, string[]>();
  #ids: string[] = [];
  #zones = new Map<DnsName, ZoneEntry>();
  #rows = new Map<DnsName, Map<string, LedgerRow>>();
  /** Zones whose rows are shared with a copy, so that a change has to replace their map. */
  #shared = new Set<DnsName>();
  #sortedRows = new Map<DnsName, readonly LedgerRow[]>();
  #facts = new Map<string, string>();
  #owners = new Map<DnsName, readonly string[] | null>();
  #frozen = new Set<DnsName>();

  /** Marks the ledger of a zone as damaged, as the real journal does when it reads a damaged page. */
  damage(zone: DnsName): void {
    this.#frozen.add(zone);
    const entry = this.#zones.get(zone);
    if (entry !== undefined) this.#zones.set(zone, { ...entry, note: 'journal.zone-damaged' });
  }

  /** Makes an independent copy of this journal, cheaply: the simulator makes one for half of all commits. */
  copy(): MemoryJournal {
    const copy = new MemoryJournal();
    copy.#operations = new Map(this.#operations);
    copy.#ofZone = new Map([...this.#ofZone].map(([zone, ids]) => [zone, [...ids]]));
    copy.#ids = [...this.#ids];
    copy.#zones = new Map(this.#zones);
    copy.#rows = new Map(this.#rows);
    copy.#shared = new Set(this.#rows.keys());
    this.#shared = new Set(this.#rows.keys());
    copy.#sortedRows = new Map(this.#sortedRows);
    copy.#facts = new Map(this.#facts);
    copy.#owners = new Map(this.#owners);
    copy.#frozen = new Set(this.#frozen);
    return copy;
  }

  async commit(batch: Batch): Promise<void> {
    await Promise.resolve();
    this.apply(batch);
  }

  /**
   * Carries out a commit at once.
   * @throws Error if an operation may not take its step; then nothing is changed
   */
  apply(batch: Batch): void {
    this.assertSteps(batch);
    for (const operation of batch.operations ?? []) this.#putOperation(operation);
    for (const zone of batch.dropZones ?? []) {
      this.#zones.delete(zone);
      this.#rows.delete(zone);
      this.#sortedRows.delete(zone);
      this.#frozen.delete(zone);
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
    const found: Operation[] = [];
    for (const id of zone === undefined ? this.#ids : (this.#ofZone.get(zone) ?? [])) {
      const operation = this.#operations.get(id);
      if (operation === undefined || !id.startsWith(prefix)) continue;
      if (openAt === undefined || isOpen(operation, openAt)) found.push(operation);
    }
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
    if (this.#frozen.has(zone)) throw new JournalError('journal.zone-damaged', { zone: displayName(zone) });
    const sorted = this.#sorted(zone);
    return names === undefined ? sorted : sorted.filter(({ record }) => names.includes(record.name));
  }

  async counts(): Promise<JournalCounts> {
    await Promise.resolve();
    const rows = [...this.#rows.values()].flatMap((group) => [...group.values()]);
    const zones = [...this.#zones.values()];
    return {
      zones: tally(zones),
      rows: tally(rows),
      notes: zones.filter(({ note }) => note !== null).length,
      frozen: this.#frozen.size,
      damagedOperations: 0,
    };
  }

  async zoneCounts(): Promise<ReadonlyMap<DnsName, ZoneCounts>> {
    await Promise.resolve();
    const counted = [...this.#rows].map(([zone, group]): [DnsName, ZoneCounts] => {
      const records = tally([...group.values()]);
      const since = 'conflict' in records ? this.#facts.get(`${conflictSinceFact}${zone}`) : undefined;
      return [zone, { records, conflictSince: since === undefined ? null : Number(since) }];
    });
    return new Map(counted.filter(([, { records }]) => Object.keys(records).length > 0));
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

  /**
   * The zone's rows, sorted by record id. They stay sorted until the next change, because reads are far more
   * frequent.
   */
  #sorted(zone: DnsName): readonly LedgerRow[] {
    const kept = this.#sortedRows.get(zone);
    if (kept !== undefined) return kept;
    const rows = this.#rows.get(zone) ?? new Map<string, LedgerRow>();
    const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    this.#sortedRows.set(zone, sorted);
    return sorted;
  }

  /**
   * Adds or replaces an operation. The zone of an operation never changes, so the lists already contain one
   * that is replaced.
   */
  #putOperation(operation: Operation): void {
    const { id, zone } = operation;
    if (!this.#operations.has(id)) {
      let ofZone = this.#ofZone.get(zone);
      if (ofZone === undefined) this.#ofZone.set(zone, (ofZone = []));
      insert(ofZone, id);
      insert(this.#ids, id);
    }
    this.#operations.set(id, operation);
  }

  #putOwners(owners: NonNullable<Batch['owners']>): void {
    for (const [zone, accounts] of owners) {
      if (accounts === 'gone') this.#owners.delete(zone);
      else this.#owners.set(zone, accounts);
    }
  }

  /** Checks that each operation of a commit may take its step. @throws Error if one may not */
  assertSteps({ operations = [] }: Batch): void {
    const states = new Map<string, OperationState>();
    for (const { id, kind, state } of operations) {
      const from = states.get(id) ?? this.#operations.get(id)?.state;
      if (from !== undefined && !mayStep(kind, from, state))
        throw new Error(`operation ${id} may not go from ${from} to ${state}`);
      states.set(id, state);
    }
  }

  #changeRows({ zone, dropAll, drop = [], put = [] }: RowChange): void {
    if (dropAll === true) this.#frozen.delete(zone);
    let rows = dropAll === true ? undefined : this.#rows.get(zone);
    if (rows === undefined || this.#shared.delete(zone)) this.#rows.set(zone, (rows = new Map(rows)));
    for (const record of drop) rows.delete(recordId(record));
    for (const row of put) rows.set(recordId(row.record), row);
    this.#sortedRows.delete(zone);
  }
}

/**
 * Inserts an id in ascending order. The search begins at the end, because new ids are usually the largest.
 */
function insert(ids: string[], id: string): void {
  let at = ids.length;
  while (at > 0 && (ids[at - 1] ?? '') > id) at -= 1;
  ids.splice(at, 0, id);
}

function tally(items: readonly { readonly state: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of items) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
