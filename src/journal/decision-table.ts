import * as v from 'valibot';
import { leftOutNote, wouldBe, type Decision, type Observed, type ObservedCounts } from '../core/decision.ts';
import { columnsOf } from './damage.ts';
import type { Database, Row } from './database.ts';
import { recordSchema } from './operation-schema.ts';
import { name } from './stored.ts';
import { sumOf } from './sums.ts';

const columns = ['id', 'actor', 'body'] as const;

/** Maximum number of rows of one account, and of all accounts together. */
const mostOfActor = 1_000;
const mostRows = 20_000;
/**
 * If the records of a decision take more characters than this as JSON, the decision is stored without them.
 */
const mostBody = 2_000;

const records = v.array(recordSchema);
const observed = v.object({
  would: v.picklist(wouldBe),
  remove: records,
  add: records,
} satisfies { readonly [K in keyof Observed]-?: v.GenericSchema<unknown, Observed[K]> });
const item = v.object({ remove: v.nullable(recordSchema), add: v.nullable(recordSchema) });

/** Schemas of the fields of a decision, as it is stored and as the agent reports it. */
export const decisionFields = {
  kind: v.literal('call'),
  id: v.string(),
  edit: v.picklist(['records', 'zone-create', 'zone-delete', 'unclear']),
  zone: v.nullable(name),
  outcome: v.picklist(['panel-only', 'refused', 'observed']),
  why: v.array(v.string()),
  actor: v.string(),
  address: v.string(),
  func: v.string(),
  createdAt: v.number(),
  kept: v.boolean(),
  times: v.number(),
  items: v.array(item),
  observed: v.exactOptional(observed),
} satisfies { readonly [K in keyof Decision]-?: v.GenericSchema<unknown, Decision[K]> };

const schema = v.object(decisionFields);

/**
 * Stores decisions: answers to edits for which no operation exists. The number of rows is limited. If one
 * account has too many rows, only its own oldest rows are dropped, so one account cannot fill the table. The
 * rows are only shown in the history. So a damaged row is left out of every answer, and there is no second
 * index that shows whether a row is missing.
 */
export class DecisionTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  put(decision: Decision): void {
    const short = cut(decision);
    const values = [short.id, short.actor, JSON.stringify(short)];
    this.#database.run(
      'INSERT OR REPLACE INTO decision (id, actor, body, sum) VALUES (?, ?, ?, ?)',
      ...values,
      sumOf('decision', values),
    );
  }

  /**
   * Drops the oldest rows of each given account that has more than its share. If the table then still has too
   * many rows, drops the oldest rows of the account that has the most. One new row replaces the dropped rows
   * of an account and counts them.
   */
  limit(actors: Iterable<string>): void {
    for (const actor of actors) this.#limitTo(actor, mostOfActor, this.#count(actor));
    const total = Number(this.#database.get('SELECT count(*) AS n FROM decision')?.['n']);
    for (let over = total - mostRows; over > 0;) {
      const most = this.#database.get(
        'SELECT actor, count(*) AS n FROM decision GROUP BY actor ORDER BY n DESC LIMIT 1',
      );
      const n = Number(most?.['n']);
      const rest = Math.max(1, n - over);
      this.#limitTo(String(most?.['actor']), rest, n);
      // If each account has only one row, the oldest rows are dropped and nothing counts them.
      if (n === 1) this.#dropOldest(over);
      over = n === 1 ? 0 : over - (n - rest);
    }
  }

  /** Drops all rows whose id sorts before this one. */
  dropBefore(id: string): void {
    this.#database.run('DELETE FROM decision WHERE id < ?', id);
  }

  /**
   * Lists decisions whose id lies between `after` and `before`, newest first. Leaves out damaged rows.
   * @returns `last`: id of the oldest row that was read, if there may be more rows; else null
   */
  list(
    after: string,
    before: string,
    most: number,
  ): { readonly found: readonly Decision[]; readonly last: string | null } {
    const sql = 'SELECT id, actor, body, sum FROM decision WHERE id > ? AND id < ? ORDER BY id DESC LIMIT ?';
    const rows = this.#database.all(sql, after, before, most);
    const found = rows.flatMap((row) => this.#whole(row) ?? []);
    return { found, last: rows.length < most ? null : String(rows.at(-1)?.['id']) };
  }

  /**
   * Counts the edits that were only observed, and how many of them would have been refused.
   * @param after only rows whose id sorts after this text count
   */
  observedAfter(after: string): ObservedCounts {
    // A damaged body may not be valid JSON.
    const field = (path: string): string =>
      `CASE WHEN json_valid(body) THEN json_extract(body, '$.${path}') END`;
    const sql = `SELECT ${field('observed.would')} AS would, sum(${field('times')}) AS n
      FROM decision WHERE id > ? AND ${field('outcome')} = 'observed' GROUP BY would`;
    const counts = new Map(this.#database.all(sql, after).map(({ would, n }) => [would, Number(n)]));
    return { edits: [...counts.values()].reduce((a, b) => a + b, 0), refused: counts.get('refused') ?? 0 };
  }

  /** Returns decisions whose id begins with this text, at most 100. */
  withPrefix(prefix: string): readonly Decision[] {
    const rows = this.#database.all(
      'SELECT id, actor, body, sum FROM decision WHERE id >= ? AND id < ? ORDER BY id LIMIT 100',
      prefix,
      `${prefix}\u{10ffff}`,
    );
    return rows.flatMap((row) => this.#whole(row) ?? []);
  }

  /**
   * Removes the account and the address from decisions: from those of one account, or from those whose id
   * sorts before `before`. Deletes damaged rows.
   * @returns how many rows were changed or deleted, at most `most`
   */
  erase(of: { readonly actor: string } | { readonly before: string }, most: number): number {
    const rows =
      'actor' in of
        ? this.#database.all(
            'SELECT id, actor, body, sum FROM decision WHERE actor = ? LIMIT ?',
            of.actor,
            most,
          )
        : this.#database.all(
            `SELECT id, actor, body, sum FROM decision WHERE actor > '' AND id < ? LIMIT ?`,
            of.before,
            most,
          );
    for (const row of rows) {
      const decision = this.#whole(row);
      if (decision === null) this.#database.run('DELETE FROM decision WHERE id = ?', String(row['id']));
      else this.put({ ...decision, actor: '', address: '' });
    }
    return rows.length;
  }

  #count(actor: string): number {
    return Number(this.#database.get('SELECT count(*) AS n FROM decision WHERE actor = ?', actor)?.['n']);
  }

  #limitTo(actor: string, most: number, n: number): void {
    if (n <= most) return;
    const oldest = this.#database.all(
      'SELECT id, actor, body, sum FROM decision WHERE actor = ? ORDER BY id LIMIT ?',
      actor,
      n - most + 1,
    );
    const times = oldest.reduce((sum, row) => sum + (this.#whole(row)?.times ?? 1), 0);
    for (const { id } of oldest) this.#database.run('DELETE FROM decision WHERE id = ?', String(id));
    const last = this.#whole(oldest.at(-1) ?? {});
    if (last !== null) this.put(counting(last, times));
  }

  #dropOldest(n: number): void {
    this.#database.run('DELETE FROM decision WHERE id IN (SELECT id FROM decision ORDER BY id LIMIT ?)', n);
  }

  /** The decision in a row; null: the row is damaged. */
  #whole(row: Row): Decision | null {
    if (row['sum'] !== sumOf('decision', columnsOf(row, columns))) return null;
    const { success, output } = v.safeParse(schema, JSON.parse(String(row['body'])));
    return success ? output : null;
  }
}

/**
 * Makes one decision that replaces several decisions of one account.
 * @param last the newest of them
 * @param times how many decisions it stands for
 */
export function counting(last: Decision, times: number): Decision {
  const { kind, id, outcome, actor, address, createdAt } = last;
  return {
    kind,
    id,
    outcome,
    actor,
    address,
    createdAt,
    times,
    edit: 'unclear',
    zone: null,
    why: [leftOutNote],
    func: '',
    kept: false,
    items: [],
  };
}

function cut(decision: Decision): Decision {
  const { items, observed: found } = decision;
  if (JSON.stringify([items, found]).length <= mostBody) return decision;
  const short = found === undefined ? {} : { observed: { ...found, remove: [], add: [] } };
  return { ...decision, items: [], ...short };
}
