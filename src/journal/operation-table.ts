import type { SQLInputValue } from 'node:sqlite';
import type { OperationFilter } from '../core/journal.ts';
import { isFinal, isOpen, mayStep, type Operation } from '../core/operation.ts';
import type { DnsName } from '../dns/name.ts';
import { columnsOf, damaged, isWhole } from './damage.ts';
import type { Database, Row } from './database.ts';
import { LiveOperations, type StoredOctets } from './live-operations.ts';
import { readOperation } from './stored-operation.ts';
import { sumOf } from './sums.ts';
import type { Tallies } from './tallies.ts';

const columns = ['id', 'zone', 'state', 'open', 'watch_until', 'body'] as const;

/** Octets of the bodies of ended operations. */
export const octetsTally = 'octets';

/** Fact: operations up to this id may be without a checksum; an earlier release wrote them. */
export const unsummedFact = 'unsummed';

/** A condition on operations, and the two indexes that each list all that meet it. */
interface Path {
  readonly where: readonly string[];
  readonly values: readonly SQLInputValue[];
  /** The second one is absent in files of earlier releases. */
  readonly indexes: readonly [string, string];
}

/**
 * Every operation, ended ones included. What a query must not miss is listed by two indexes, and they have to
 * agree. So a damaged page shows as a difference, not as an operation that never was. What a query costs does
 * not depend on how many others there are.
 */
export class OperationTable {
  readonly #database: Database;
  readonly #tallies: Tallies;
  /** Whether the file has checksums and second indexes. */
  readonly #checked: boolean;
  /** Null where the file is only read: somebody else changes it. */
  #live: LiveOperations | null = null;

  constructor(database: Database, tallies: Tallies, checked: boolean) {
    this.#database = database;
    this.#tallies = tallies;
    this.#checked = checked;
  }

  /**
   * From now on nobody else writes. @throws {JournalError} when an open operation, or the list of them, is
   * damaged
   */
  takeOver(now: number): void {
    this.#live = new LiveOperations(now, (openAt) => this.#find({ openAt }));
  }

  /** @throws {JournalError} when it is damaged */
  get(id: string): Operation | null {
    return this.#stored(id)?.operation ?? null;
  }

  /** @throws {JournalError} when one of them, or the list of them, is damaged */
  find(filter: OperationFilter): readonly Operation[] {
    const { latest, openAt, prefix, zone } = filter;
    if (openAt !== undefined && latest === undefined && prefix === undefined) {
      const known = this.#live?.openAt(openAt, zone);
      if (known !== undefined && known !== null) return known;
    }
    return this.#find(filter).map(({ operation }) => operation);
  }

  #find(filter: OperationFilter): readonly StoredOctets[] {
    const { latest, openAt } = filter;
    const ids = openAt === undefined ? this.#list(pathOf(filter), latest) : this.#listOpen(filter, openAt);
    const sorted = ids.toSorted();
    const wanted = latest === undefined ? sorted : sorted.toReversed().slice(0, latest);
    return wanted.map((id) => {
      const stored = this.#stored(id);
      if (stored === null || !fits(stored.operation, filter))
        throw damaged(this.#database.path, `operation ${id}`);
      return stored;
    });
  }

  /**
   * Writes an operation as it is, one step further or the same. @throws {Error} on a step that is not allowed
   */
  put(operation: Operation): void {
    const { id, kind, zone, state, watch } = operation;
    const before = this.#stored(id);
    if (before !== null && !mayStep(kind, before.operation.state, state))
      throw new Error(`operation ${id} may not go from ${before.operation.state} to ${state}`);
    const body = JSON.stringify(operation);
    const values = [id, zone, state, isFinal(state) ? 0 : 1, watch?.until ?? 0, body];
    // What did not change stays where it is, in the indexes too.
    this.#database.run(
      `INSERT INTO operation (${columns.join(', ')}, sum) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
       zone = excluded.zone, state = excluded.state, open = excluded.open, watch_until = excluded.watch_until,
       body = excluded.body, sum = excluded.sum`,
      ...values,
      sumOf('operation', values),
    );
    const stored = { operation, octets: octetsOf(body) };
    this.#enter(before?.operation ?? null, operation);
    this.#tallies.add(octetsTally, endedOctets(stored) - endedOctets(before));
    this.#live?.stage(id, stored);
  }

  /** Forgets an operation. @returns how many octets it had */
  drop(id: string): number {
    const stored = this.#stored(id);
    const octets = endedOctets(stored);
    this.#database.run('DELETE FROM operation WHERE id = ?', id);
    this.#enter(stored?.operation ?? null, null);
    this.#tallies.add(octetsTally, -octets);
    this.#live?.stage(id, null);
    return octets;
  }

  /** What was put and dropped is durable. */
  commit(): void {
    this.#live?.commit();
  }

  /** What was put and dropped is not. */
  forget(): void {
    this.#live?.forget();
  }

  /** Reads an operation from the file, whatever is known of it. @throws {JournalError} when it is damaged */
  check(id: string): void {
    this.#read(id);
  }

  /**
   * Ids behind `after`, in order, at most so many, as the table itself and its indexes tell. @throws
   * {JournalError} when they differ
   */
  ids(after: string, most: number): readonly string[] {
    const path = { where: ['id > ?'], values: [after], indexes: byId } as const;
    return this.#list(path, most, 'id');
  }

  /**
   * Gives those of the operations that an earlier release wrote their checksum.
   * @returns the last id that was checked; null: nothing is left
   */
  addSums(after: string, until: string, most: number): string | null {
    const ids = this.ids(after, most).filter((id) => id <= until);
    for (const id of ids) {
      const row = this.#row(id);
      if (row === null || row['sum'] !== null) continue;
      this.#database.run(
        'UPDATE operation SET sum = ? WHERE id = ?',
        sumOf('operation', columnsOf(row, columns)),
        id,
      );
      this.#tallies.add(octetsTally, row['open'] === 0 ? octetsOf(row['body']) : 0);
      // It is read anew, with its octets.
      this.#live?.stage(id, null);
    }
    return ids.at(-1) ?? null;
  }

  /** Lists it among the live ones, or no longer. */
  #enter(before: Operation | null, now: Operation | null): void {
    const [from, to] = [entryOf(before), entryOf(now)];
    if (from?.join() === to?.join()) return;
    if (from !== null)
      this.#database.run(
        'DELETE FROM live WHERE open = ? AND watch_until = ? AND id = ? AND zone = ?',
        ...from,
      );
    if (to !== null) this.#database.run('INSERT OR REPLACE INTO live VALUES (?, ?, ?, ?)', ...to);
  }

  #stored(id: string): StoredOctets | null {
    const known = this.#live?.get(id) ?? null;
    if (known !== null) return known;
    const read = this.#read(id);
    if (read !== null) this.#live?.keep(read);
    return read;
  }

  #read(id: string): StoredOctets | null {
    const row = this.#row(id);
    if (row === null) return null;
    const isCounted = this.#checked && row['sum'] !== null;
    return { operation: readOperation(row['body']), octets: isCounted ? octetsOf(row['body']) : 0 };
  }

  #row(id: string): Row | null {
    const table = `SELECT ${columns.join(', ')}${this.#checked ? ', sum' : ''} FROM operation INDEXED BY ${primary} WHERE id = ?`;
    const row = this.#database.get(table, id);
    if (!this.#checked) return row ?? null;
    const second = this.#database.get('SELECT id FROM operation INDEXED BY operation_id WHERE id = ?', id);
    if ((row === undefined) !== (second === undefined)) throw damaged(this.#database.path, `operation ${id}`);
    if (row === undefined) return null;
    if (!isWhole('operation', columns, row) && !this.#isUnsummed(id, row))
      throw damaged(this.#database.path, `operation ${id}`);
    return row;
  }

  #isUnsummed(id: string, row: Row): boolean {
    if (row['sum'] !== null) return false;
    const until = this.#database.get('SELECT value FROM fact WHERE name = ?', unsummedFact)?.['value'];
    return typeof until === 'string' && id <= until;
  }

  /**
   * Ids that meet a condition, in order, as two indexes list them. @throws {JournalError} when these differ
   */
  #list({ where, values, indexes }: Path, latest: number | undefined, order = 'id DESC'): readonly string[] {
    const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
    const limit = latest === undefined ? [] : [latest];
    const end = `ORDER BY ${order} ${limit.length > 0 ? 'LIMIT ?' : ''}`;
    const listed = (this.#checked ? indexes : indexes.slice(0, 1)).map((index) =>
      this.#ids(`SELECT id FROM operation INDEXED BY ${index} ${condition} ${end}`, ...values, ...limit),
    );
    const [one = [], other = one] = listed;
    this.#same(one, other);
    return one;
  }

  /** The same of those that are open or on watch: two indexes for them, and a table. */
  #listOpen({ zone, prefix = '' }: OperationFilter, openAt: number): readonly string[] {
    const { where, values } = conditionOf(zone, prefix);
    const also = where.map((one) => ` AND ${one}`).join('');
    // The first release lists open operations without their zone.
    const index = this.#checked ? 'operation_zone_open' : 'operation_open';
    const open = `SELECT id FROM operation INDEXED BY ${index} WHERE open = 1${also}`;
    const watched = `SELECT id FROM operation INDEXED BY operation_watch WHERE watch_until > 0 AND watch_until > ?${also}`;
    const ids = this.#ids(`${open} UNION ${watched} ORDER BY id`, ...values, openAt, ...values);
    if (!this.#checked) return ids;
    const live = `SELECT id FROM live WHERE open = 1${also} UNION ALL SELECT id FROM live WHERE open = 0 AND watch_until > ?${also}`;
    this.#same(ids, this.#ids(`SELECT id FROM (${live}) ORDER BY id`, ...values, openAt, ...values));
    return ids;
  }

  #ids(sql: string, ...values: SQLInputValue[]): readonly string[] {
    return this.#database.all(sql, ...values).map(({ id }) => String(id));
  }

  #same(one: readonly string[], other: readonly string[]): void {
    if (one.length === other.length && one.every((id, at) => id === other[at])) return;
    throw damaged(this.#database.path, 'the lists of operations');
  }
}

const primary = 'sqlite_autoindex_operation_1';
const byId = [primary, 'operation_id'] as const;

/** How the table `live` lists an operation; null: not at all. */
function entryOf(operation: Operation | null): readonly [number, number, string, string] | null {
  if (operation === null) return null;
  const { id, zone, state, watch } = operation;
  return isFinal(state) && watch === null ? null : [isFinal(state) ? 0 : 1, watch?.until ?? 0, id, zone];
}

function conditionOf(zone: DnsName | undefined, prefix: string): Omit<Path, 'indexes'> {
  // Ids are ASCII.
  const begins = prefix === '' ? [] : [prefix, `${prefix}\u{10ffff}`];
  return {
    where: [...(zone === undefined ? [] : ['zone = ?']), ...(prefix === '' ? [] : ['id >= ? AND id < ?'])],
    values: [...(zone === undefined ? [] : [zone]), ...begins],
  };
}

/** What lists the operations of a zone, or all. */
function pathOf({ zone, prefix = '' }: OperationFilter): Path {
  const indexes = zone === undefined ? byId : (['operation_zone', 'operation_zone_2'] as const);
  return { ...conditionOf(zone, prefix), indexes };
}

function fits(operation: Operation, { zone, openAt, prefix = '' }: OperationFilter): boolean {
  const isWanted = openAt === undefined || isOpen(operation, openAt);
  return isWanted && operation.id.startsWith(prefix) && (zone === undefined || operation.zone === zone);
}

function endedOctets(stored: StoredOctets | null): number {
  return stored !== null && isFinal(stored.operation.state) ? stored.octets : 0;
}

function octetsOf(body: unknown): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : 0;
}
