import { namesOf } from '../core/history.ts';
import { isFinal, type Operation } from '../core/operation.ts';
import { outcomeOf } from '../core/outcome.ts';
import type { HistoryFilter } from '../core/history.ts';
import type { Database } from './database.ts';

/**
 * Name of a fact: an operation id. Ended operations up to that id may lack keys, because an earlier release
 * wrote them.
 */
export const unkeyedFact = 'unkeyed';

/** When the rarest key is searched for, operations are counted up to this number. */
const enough = 10_000;
/** Most owner names of one operation that get a key. */
const mostNames = 1_000;

/**
 * Finds ended operations by account, outcome and owner name. A key is written in the commit that ends an
 * operation, so an edit in progress costs nothing. Only the history uses the keys: a wrong one can hide an
 * operation from a filter, and nothing else.
 */
export class HistoryIndex {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes the keys that an operation gets, and deletes those that it loses. Null: it does not exist. */
  change(before: Operation | null, now: Operation | null): void {
    const [old, made] = [keysOf(before), keysOf(now)];
    for (const key of old.difference(made))
      this.#database.run('DELETE FROM operation_key WHERE key = ? AND id = ?', key, before?.id ?? '');
    for (const key of made.difference(old))
      this.#database.run('INSERT OR IGNORE INTO operation_key (key, id) VALUES (?, ?)', key, now?.id ?? '');
  }

  /**
   * Ids of ended operations with the rarest of the keys that a filter asks for, newest first.
   * @returns null: the filter asks for no key
   */
  ids(filter: HistoryFilter, after: string, before: string, most: number): readonly string[] | null {
    const keys = keysFor(filter);
    if (keys.length === 0) return null;
    const counted = keys.map((key) => {
      const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM operation_key WHERE key = ? AND id > ? AND id < ? LIMIT ${enough})`;
      return { key, n: Number(this.#database.get(sql, key, after, before)?.['n']) };
    });
    const rarest = counted.reduce((one, other) => (other.n < one.n ? other : one));
    const sql = 'SELECT id FROM operation_key WHERE key = ? AND id > ? AND id < ? ORDER BY id DESC LIMIT ?';
    return this.#database.all(sql, rarest.key, after, before, most).map(({ id }) => String(id));
  }

  /**
   * Ids of ended operations that name this account, or an address without an account if it is empty, the
   * oldest first.
   */
  idsOf(user: string, before: string, most: number): readonly string[] {
    const sql = 'SELECT id FROM operation_key WHERE key = ? AND id < ? ORDER BY id LIMIT ?';
    return this.#database.all(sql, `${ofPersons}${user}`, before, most).map(({ id }) => String(id));
  }

  /** Deletes the key of an account for one operation, which cannot be read. */
  forget(user: string, id: string): void {
    this.#database.run('DELETE FROM operation_key WHERE key = ? AND id = ?', `${ofPersons}${user}`, id);
  }

  /** The next account, in the order of their names, that an ended operation names; null: there is none. */
  nextUser(after: string | null): string | null {
    const sql = `SELECT key FROM operation_key WHERE key ${after === null ? '>=' : '>'} ? ORDER BY key LIMIT 1`;
    const key = this.#database.get(sql, `${ofPersons}${after ?? ''}`)?.['key'];
    return typeof key === 'string' && key.startsWith(ofPersons) ? key.slice(ofPersons.length) : null;
  }
}

/** Prefix of the keys of accounts. The key of an empty account stands for an address without an account. */
const ofPersons = 'u ';

/** The keys of an ended operation. */
function keysOf(operation: Operation | null): ReadonlySet<string> {
  if (operation === null || !isFinal(operation.state)) return new Set();
  const names = [...namesOf(operation)].slice(0, mostNames);
  const { kind: outcome } = outcomeOf(operation);
  const { actor: user, address = '' } = operation;
  return new Set([
    ...keysFor({ outcome, ...(user !== '' || address !== '' ? { user } : {}) }),
    ...names.flatMap((name) => keysFor({ name })),
  ]);
}

function keysFor({ user, outcome, name }: HistoryFilter): string[] {
  return [
    ...(name === undefined ? [] : [`n ${name}`]),
    ...(user === undefined ? [] : [`${ofPersons}${user}`]),
    ...(outcome === undefined ? [] : [`o ${outcome}`]),
  ];
}
