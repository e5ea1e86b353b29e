import type { SQLInputValue } from 'node:sqlite';
import type { OperationFilter } from '../core/journal.ts';
import { isFinal, mayStep, type Operation } from '../core/operation.ts';
import { columnsOf, damaged, isWhole } from './damage.ts';
import type { Database, Row } from './database.ts';
import { LiveOperations, type Stored } from './live-operations.ts';
import { readOperation } from './stored.ts';
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
 * Every operation, ended ones included. What a query must not miss is listed by two indexes, and they have to agree: a damaged page
 * shows as a difference, not as an operation that never was. What a query costs does not depend on how many others there are.
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

  /** From now on nobody else writes. @throws {JournalError} when an open operation, or the list of them, is damaged */
  takeOver(now: number): void {
    this.#live = new LiveOperations(now, (openAt) =>
      this.find({ openAt }).map((operation) => ({ operation, octets: octetsOf(JSON.stringify(operation)) })),
    );
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
    const ids = new Set(pathsOf(filter, this.#checked).flatMap((path) => this.#list(path, latest)));
    const sorted = [...ids].sort();
    const wanted = latest === undefined ? sorted : sorted.toReversed().slice(0, latest);
    return wanted.map((id) => {
      const operation = this.get(id);
      if (operation === null || !fits(operation, filter))
        throw damaged(this.#database.path, `operation ${id}`);
      return operation;
    });
  }

  /** Writes an operation as it is, one step further or the same. @throws {Error} on a step that is not allowed */
  put(operation: Operation): void {
    const { id, zone, state, watchUntil } = operation;
    const before = this.#stored(id);
    if (before !== null && !mayStep(before.operation.state, state))
      throw new Error(`operation ${id} may not go from ${before.operation.state} to ${state}`);
    const body = JSON.stringify(operation);
    const values = [id, zone, state, isFinal(state) ? 0 : 1, watchUntil, body];
    // What did not change stays where it is, in the indexes too.
    this.#database.run(
      `INSERT INTO operation (${columns.join(', ')}, sum) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
       zone = excluded.zone, state = excluded.state, open = excluded.open, watch_until = excluded.watch_until,
       body = excluded.body, sum = excluded.sum`,
      ...values,
      sumOf('operation', values),
    );
    const stored = { operation, octets: octetsOf(body) };
    this.#tallies.add(octetsTally, endedOctets(stored) - endedOctets(before));
    this.#live?.stage(id, stored);
  }

  /** Forgets an operation. @returns how many octets it had */
  drop(id: string): number {
    const octets = endedOctets(this.#stored(id));
    this.#database.run('DELETE FROM operation WHERE id = ?', id);
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

  /** Ids behind `after`, in order, at most so many, as the table itself and its indexes tell. @throws {JournalError} when they differ */
  ids(after: string, most: number): readonly string[] {
    const path = { where: ['id > ?'], values: [after], indexes: byId } as const;
    return this.#list(path, most, 'id');
  }

  /**
   * Gives those of the operations that an earlier release wrote their checksum.
   * @returns the last id that was looked at; null: nothing is left
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
    }
    return ids.at(-1) ?? null;
  }

  #stored(id: string): Stored | null {
    const known = this.#live?.get(id) ?? null;
    if (known !== null) return known;
    const read = this.#read(id);
    if (read !== null) this.#live?.keep(read);
    return read;
  }

  #read(id: string): Stored | null {
    const row = this.#row(id);
    return row === null ? null : { operation: readOperation(row['body']), octets: octetsOf(row['body']) };
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

  #list({ where, values, indexes }: Path, latest: number | undefined, order = 'id DESC'): readonly string[] {
    const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
    const limit = latest === undefined ? [] : [latest];
    const listed = (this.#checked ? indexes : indexes.slice(0, 1)).map((index) =>
      this.#database
        .all(
          `SELECT id FROM operation INDEXED BY ${index} ${condition} ORDER BY ${order} ${limit.length > 0 ? 'LIMIT ?' : ''}`,
          ...values,
          ...limit,
        )
        .map(({ id }) => String(id)),
    );
    const [one = [], other = one] = listed;
    if (one.length !== other.length || one.some((id, at) => id !== other[at]))
      throw damaged(this.#database.path, 'the lists of operations');
    return one;
  }
}

const primary = 'sqlite_autoindex_operation_1';
const byId = [primary, 'operation_id'] as const;

/** What lists the operations of a filter: open ones and watched ones are listed apart. */
function pathsOf({ zone, openAt, prefix }: OperationFilter, checked: boolean): readonly Path[] {
  const where: string[] = [];
  const values: SQLInputValue[] = [];
  if (zone !== undefined) {
    where.push('zone = ?');
    values.push(zone);
  }
  if (prefix !== undefined && prefix !== '') {
    where.push('id >= ? AND id < ?');
    // Ids are ASCII.
    values.push(prefix, `${prefix}\u{10ffff}`);
  }
  if (openAt === undefined) {
    const indexes = zone === undefined ? byId : (['operation_zone', 'operation_zone_2'] as const);
    return [{ where, values, indexes }];
  }
  const isOpen = { where: [...where, 'open = 1'], values };
  const isWatched = {
    where: [...where, 'watch_until > 0 AND watch_until > ?'],
    values: [...values, openAt],
  };
  const watchIndexes =
    zone === undefined
      ? (['operation_watch', 'operation_watch_2'] as const)
      : (['operation_zone_watch', 'operation_zone_watch_2'] as const);
  // The first release lists open operations without their zone.
  const openIndexes = checked
    ? (['operation_zone_open', 'operation_zone_open_2'] as const)
    : (['operation_open', 'operation_open'] as const);
  return [
    { ...isOpen, indexes: openIndexes },
    {
      ...isWatched,
      indexes: checked || zone === undefined ? watchIndexes : ['operation_watch', 'operation_watch'],
    },
  ];
}

function fits(operation: Operation, { zone, openAt, prefix = '' }: OperationFilter): boolean {
  const isWanted = openAt === undefined || !isFinal(operation.state) || operation.watchUntil > openAt;
  return isWanted && operation.id.startsWith(prefix) && (zone === undefined || operation.zone === zone);
}

function endedOctets(stored: Stored | null): number {
  return stored !== null && isFinal(stored.operation.state) ? stored.octets : 0;
}

function octetsOf(body: unknown): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : 0;
}
