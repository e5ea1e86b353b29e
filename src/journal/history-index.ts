import { namesOf } from '../core/history.ts';
import { isFinal, type Operation } from '../core/operation.ts';
import { outcomeOf } from '../core/outcome.ts';
import type { HistoryFilter } from '../core/history.ts';
import type { Database } from './database.ts';

/**
 * Name of a fact that holds an operation id. Ended operations up to this id may lack keys, because an earlier
 * release stored them without keys.
 */
export const unkeyedFact = 'unkeyed';

/** To find the rarest key, the operations of each key are counted, but only up to this number. */
const enough = 10_000;
/** Maximum number of owner names of one operation that get a key. */
const mostNames = 1_000;

/**
 * Finds ended operations by account, outcome and owner name. Each of these values is a key of the operation.
 * The keys are written in the commit that ends the operation, so earlier commits of the edit do not become
 * slower. Only the history uses the keys. A wrong key can hide an operation from a filter of the history, but
 * has no other effect.
 */
export class HistoryIndex {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Updates the keys of an operation that was stored, changed or deleted.
   * @param before the operation before the change; null: it did not exist
   * @param now the operation after the change; null: it was deleted
   */
  change(before: Operation | null, now: Operation | null): void {
    const [old, made] = [keysOf(before), keysOf(now)];
    for (const key of old.difference(made))
      this.#database.run('DELETE FROM operation_key WHERE key = ? AND id = ?', key, before?.id ?? '');
    for (const key of made.difference(old))
      this.#database.run('INSERT OR IGNORE INTO operation_key (key, id) VALUES (?, ?)', key, now?.id ?? '');
  }

  /**
   * Takes the rarest of the keys that a filter asks for, and returns ids of ended operations with this key,
   * newest first. The caller has to check them against the rest of the filter.
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
   * Ids of ended operations that name this account, the oldest first.
   * @param user the account; empty: operations that have an address but no account
   * @param before only ids that sort before this one
   */
  idsOf(user: string, before: string, most: number): readonly string[] {
    const sql = 'SELECT id FROM operation_key WHERE key = ? AND id < ? ORDER BY id LIMIT ?';
    return this.#database.all(sql, `${ofPersons}${user}`, before, most).map(({ id }) => String(id));
  }

  /** Deletes the account's key of one operation. Call this if the operation cannot be read. */
  forget(user: string, id: string): void {
    this.#database.run('DELETE FROM operation_key WHERE key = ? AND id = ?', `${ofPersons}${user}`, id);
  }

  /**
   * Returns the next account that an ended operation names, in the order of account names; null: there is
   * none.
   * @param after the account to start after; null: start with the first one
   */
  nextUser(after: string | null): string | null {
    const sql = `SELECT key FROM operation_key WHERE key ${after === null ? '>=' : '>'} ? ORDER BY key LIMIT 1`;
    const key = this.#database.get(sql, `${ofPersons}${after ?? ''}`)?.['key'];
    return typeof key === 'string' && key.startsWith(ofPersons) ? key.slice(ofPersons.length) : null;
  }
}

/** Prefix of keys that hold an account. The key with an empty account means an address without an account. */
const ofPersons = 'u ';

/** Returns the keys that an operation has. An operation that has not ended has none. */
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
