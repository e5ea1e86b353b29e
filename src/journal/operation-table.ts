import type { SQLInputValue } from 'node:sqlite';
import { isWanted, type HistoryFilter } from '../core/history.ts';
import { JournalError, type OperationFilter } from '../core/journal.ts';
import { isFinal, isOpen, mayStep, type Operation } from '../core/operation.ts';
import type { DnsName } from '../dns/name.ts';
import { columnsOf, damaged, isWhole } from './damage.ts';
import type { Database, Row } from './database.ts';
import { HistoryIndex } from './history-index.ts';
import { LiveOperations, type StoredOctets } from './live-operations.ts';
import { readOperation } from './stored-operation.ts';
import { sumOf } from './sums.ts';
import type { Tallies } from './tallies.ts';

const columns = ['id', 'zone', 'state', 'open', 'watch_until', 'body'] as const;

/** Name of a count: the total octets of the stored bodies of ended operations. */
export const octetsTally = 'octets';

/**
 * Name of a fact that holds an operation id. Operations up to this id may lack a checksum, because an earlier
 * release stored them without one.
 */
export const unsummedFact = 'unsummed';

/**
 * An SQL condition on operations, and two indexes. Each of the two indexes alone can list all operations that
 * meet the condition.
 */
interface Path {
  readonly where: readonly string[];
  readonly values: readonly SQLInputValue[];
  /** Files of earlier releases have only the first index. */
  readonly indexes: readonly [string, string];
}

/**
 * Stores every operation, including those that have ended. Each list of operations is read through two
 * indexes, which must agree. So a damaged page causes an error, but cannot hide an operation. The time of a
 * query does not depend on the number of other operations.
 */
export class OperationTable {
  readonly #database: Database;
  readonly #tallies: Tallies;
  readonly #index: HistoryIndex;
  /** Whether the file has checksums and second indexes. */
  readonly #checked: boolean;
  /**
   * The operations that are kept in memory. Null if this process only reads the file: another process may
   * change the operations.
   */
  #live: LiveOperations | null = null;
  /**
   * An id that no stored operation exceeds, so the file need not be searched for later ids. This is certain,
   * because only this process writes operations. The value stays when the operation is dropped or its
   * transaction fails.
   */
  #newest = '\u{10ffff}';

  constructor(database: Database, tallies: Tallies, checked: boolean) {
    this.#database = database;
    this.#tallies = tallies;
    this.#index = new HistoryIndex(database);
    this.#checked = checked;
  }

  /**
   * Loads the open operations into memory. From now on only this process may write the file.
   * @param now wall clock, milliseconds since 1970
   * @throws {JournalError} when an open operation, or the list of them, is damaged
   */
  takeOver(now: number): void {
    this.#live = new LiveOperations(now, (openAt) => this.#find({ openAt }));
    this.#newest = this.#list(pathOf({}), 1)[0] ?? '';
  }

  /** Reads an operation; null: there is none with this id. @throws {JournalError} when it is damaged */
  get(id: string): Operation | null {
    return this.#stored(id)?.operation ?? null;
  }

  /**
   * Lists the operations that match the filter.
   * @throws {JournalError} when one of them, or the list of them, is damaged
   */
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
   * Stores a new operation, or a new version of a stored one. The state of a stored operation must stay the
   * same or make an allowed step.
   * @throws {Error} when the new state may not follow the stored one
   */
  put(operation: Operation): void {
    const { id, kind, zone, state, watch } = operation;
    const before = this.#stored(id);
    if (before !== null && !mayStep(kind, before.operation.state, state))
      throw new Error(`operation ${id} may not go from ${before.operation.state} to ${state}`);
    const body = JSON.stringify(operation);
    const values = [id, zone, state, isFinal(state) ? 0 : 1, watch?.until ?? 0, body];
    // If SQL sets a column, SQLite rewrites each index with this column, even if the value stays the same. So
    // `open` and `watch_until` are set only if one of them changes. The zone never changes.
    const isStep = before !== null && isSameEntry(entryOf(before.operation), entryOf(operation));
    this.#database.run(isStep ? putStep : putAll, ...values, sumOf('operation', values));
    if (id > this.#newest) this.#newest = id;
    const stored = { operation, octets: octetsOf(body) };
    this.#enter(before?.operation ?? null, operation);
    this.#index.change(before?.operation ?? null, operation);
    this.#tallies.add(octetsTally, endedOctets(stored) - endedOctets(before));
    this.#live?.stage(id, stored);
  }

  /** Deletes an operation. @returns octets of its body if it had ended, else 0 */
  drop(id: string): number {
    const stored = this.#stored(id);
    const octets = endedOctets(stored);
    this.#database.run('DELETE FROM operation WHERE id = ?', id);
    this.#enter(stored?.operation ?? null, null);
    this.#index.change(stored?.operation ?? null, null);
    this.#tallies.add(octetsTally, -octets);
    this.#live?.stage(id, null);
    return octets;
  }

  /** Call this when a part of a transaction is written (`true`), or has failed (`false`). */
  endPart(isWritten: boolean): void {
    if (isWritten) this.#live?.endPart();
    else this.#live?.forgetPart();
  }

  /** Call this when the transaction of the last `put` and `drop` calls was committed. */
  commit(): void {
    this.#live?.commit();
  }

  /** Call this when the transaction of the last `put` and `drop` calls failed. */
  forget(): void {
    this.#live?.forget();
  }

  /** Reads an operation from the file, even if memory has it. @throws {JournalError} when it is damaged */
  check(id: string): void {
    this.#read(id);
  }

  /**
   * Lists at most `most` ids after `after`, ascending. Two indexes must list the same ids.
   * @throws {JournalError} when the two lists differ
   */
  ids(after: string, most: number): readonly string[] {
    const path = { where: ['id > ?'], values: [after], indexes: byId } as const;
    return this.#list(path, most, 'id');
  }

  /**
   * Adds checksums to operations that an earlier release stored without them.
   * @param until the last id that may lack a checksum
   * @param most how many operations one call checks at most
   * @returns the last id that was checked; null: none is left
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
      // Without a checksum the operation counted as 0 octets. The copy in memory may still say so. It is
      // dropped, and the next read takes the size from the file.
      this.#live?.stage(id, null);
    }
    return ids.at(-1) ?? null;
  }

  /**
   * Writes the history keys of ended operations that an earlier release stored without keys.
   * @param until the last id that may lack keys
   * @param most how many operations one call handles at most
   * @returns the last id that was handled; null: none is left
   */
  addKeys(after: string, until: string, most: number): string | null {
    const ids = this.ids(after, most).filter((id) => id <= until);
    for (const id of ids) {
      const operation = this.#readable(id);
      if (operation !== null) this.#index.change(null, operation);
    }
    return ids.at(-1) ?? null;
  }

  /**
   * Removes an account and its address from ended operations that name this account.
   * @param before only from operations whose id sorts before this one
   * @returns how many operations were handled, at most `most`
   */
  erase(user: string, before: string, most: number): number {
    const ids = this.#index.idsOf(user, before, most);
    for (const id of ids) {
      const operation = this.#readable(id);
      if (operation === null) this.#index.forget(user, id);
      else this.put(withoutPerson(operation));
    }
    return ids.length;
  }

  /**
   * Returns the next account that an ended operation names, in the order of account names; null: there is
   * none.
   * @param after the account to start after; null: start with the first one
   */
  nextUser(after: string | null): string | null {
    return this.#index.nextUser(after);
  }

  /**
   * Finds operations that match a filter of the history, newest first.
   * @param bounds only ids between these two, which are not included
   * @param isKeyed whether every ended operation has its history keys; open operations have none
   * @param most `wanted`: how many operations to return at most; `looked`: how many to read at most
   * @returns `last`: id of the last operation that was read, if there may be more; else null
   * @throws {JournalError} when one of them is damaged
   */
  wantedBy(
    filter: HistoryFilter,
    { after, before }: { readonly after: string; readonly before: string },
    isKeyed: boolean,
    most: { readonly wanted: number; readonly looked: number },
  ): { readonly found: readonly Operation[]; readonly last: string | null } {
    const keyed = isKeyed ? this.#index.ids(filter, after, before, most.looked) : null;
    const ids = keyed ?? this.#between(filter, after, before, most.looked);
    const found: Operation[] = [];
    for (const [at, id] of ids.entries()) {
      const operation = this.#live?.get(id)?.operation ?? this.#read(id)?.operation;
      if (operation !== undefined && isWanted(operation, filter)) found.push(operation);
      if (found.length === most.wanted && at < ids.length - 1) return { found, last: id };
    }
    return { found, last: ids.length < most.looked ? null : (ids.at(-1) ?? null) };
  }

  #between({ zone }: HistoryFilter, after: string, before: string, most: number): readonly string[] {
    const [index, where] = zone === undefined ? [primary, ''] : ['operation_zone', 'zone = ? AND '];
    const sql = `SELECT id FROM operation INDEXED BY ${index} WHERE ${where}id > ? AND id < ? ORDER BY id DESC LIMIT ?`;
    return this.#ids(sql, ...(zone === undefined ? [] : [zone]), after, before, most);
  }

  /** Reads an operation from the file; null: it is damaged, or there is none. */
  #readable(id: string): Operation | null {
    try {
      return this.#read(id)?.operation ?? null;
    } catch (error) {
      if (error instanceof JournalError && error.code === 'journal.unreadable') return null;
      throw error;
    }
  }

  /** Updates the table `live` when the state or the watch of an operation changes. */
  #enter(before: Operation | null, now: Operation | null): void {
    const [from, to] = [entryOf(before), entryOf(now)];
    if (isSameEntry(from, to)) return;
    if (from !== null)
      this.#database.run(
        'DELETE FROM live WHERE open = ? AND watch_until = ? AND id = ? AND zone = ?',
        ...from,
      );
    if (to !== null) this.#database.run('INSERT OR REPLACE INTO live VALUES (?, ?, ?, ?)', ...to);
  }

  #stored(id: string): StoredOctets | null {
    const known = this.#live?.get(id) ?? null;
    if (known !== null || id > this.#newest) return known;
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
   * Lists the ids that meet a condition, by default the newest first. Two indexes must list the same ids.
   * @throws {JournalError} when the two lists differ
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

  /**
   * Lists the ids of operations that are open, or on watch at the time `openAt`. Two indexes and the table
   * `live` must list the same ids.
   * @throws {JournalError} when the lists differ
   */
  #listOpen({ zone, prefix = '' }: OperationFilter, openAt: number): readonly string[] {
    const { where, values } = conditionOf(zone, prefix);
    const also = where.map((one) => ` AND ${one}`).join('');
    // A file of the first release has no index that contains the zone.
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

const putStep = `INSERT INTO operation (${columns.join(', ')}, sum) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body, sum = excluded.sum`;
const putAll = `${putStep}, open = excluded.open, watch_until = excluded.watch_until`;

const primary = 'sqlite_autoindex_operation_1';
const byId = [primary, 'operation_id'] as const;

/**
 * The row of an operation in the table `live`: open (1 or 0), end of the watch, id, zone. Null: there is no
 * row, because the operation has ended and is not on watch.
 */
function entryOf(operation: Operation | null): readonly [number, number, string, string] | null {
  if (operation === null) return null;
  const { id, zone, state, watch } = operation;
  return isFinal(state) && watch === null ? null : [isFinal(state) ? 0 : 1, watch?.until ?? 0, id, zone];
}

function isSameEntry(one: ReturnType<typeof entryOf>, other: ReturnType<typeof entryOf>): boolean {
  return one?.join() === other?.join();
}

function conditionOf(zone: DnsName | undefined, prefix: string): Omit<Path, 'indexes'> {
  // Ids are ASCII, and this code point sorts after every ASCII character.
  const begins = prefix === '' ? [] : [prefix, `${prefix}\u{10ffff}`];
  return {
    where: [...(zone === undefined ? [] : ['zone = ?']), ...(prefix === '' ? [] : ['id >= ? AND id < ?'])],
    values: [...(zone === undefined ? [] : [zone]), ...begins],
  };
}

/** The condition and the indexes that find the operations of one zone, or of all zones. */
function pathOf({ zone, prefix = '' }: OperationFilter): Path {
  const indexes = zone === undefined ? byId : (['operation_zone', 'operation_zone_2'] as const);
  return { ...conditionOf(zone, prefix), indexes };
}

function fits(operation: Operation, { zone, openAt, prefix = '' }: OperationFilter): boolean {
  const isLive = openAt === undefined || isOpen(operation, openAt);
  return isLive && operation.id.startsWith(prefix) && (zone === undefined || operation.zone === zone);
}

/** Returns an ended operation without the data that identifies the person who made the edit. */
function withoutPerson(operation: Operation): Operation {
  const { address: _, ...rest } = operation;
  // While the operation is on watch, a late `after` call of the panel may still be matched by the
  // fingerprint.
  const fingerprint = operation.watch === null ? '' : operation.fingerprint;
  return { ...rest, actor: '', fingerprint };
}

function endedOctets(stored: StoredOctets | null): number {
  return stored !== null && isFinal(stored.operation.state) ? stored.octets : 0;
}

function octetsOf(body: unknown): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : 0;
}
