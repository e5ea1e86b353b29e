/** Changes of records and their outcomes, as statements within a transaction of the caller. */
import type { DnsName } from '../../dns/name.ts';
import { maybe, type AuditedTransaction } from './audited-database.ts';
import type { Sql, SqlTransaction } from './database.ts';
import { growthIn, growthOf } from './record-growth.ts';
import { readStoredChange } from './rows.ts';
import { countWrite } from './sql-zones.ts';
import type { ChangeOutcome, LimitReached, StoredChange } from './storage.ts';

export async function storedChange(tx: Sql, token: string, key: string): Promise<StoredChange | null> {
  const sql = 'SELECT * FROM change WHERE token = ? AND key = ?';
  return maybe(await tx.get(sql, token, key), readStoredChange);
}

/** The place of a new change among those of its zone that no snapshot contains. */
const nextUnseen =
  '(SELECT coalesce(max(unseen), 0) + 1 FROM change AS other WHERE zone = ? AND unseen IS NOT NULL)';

/**
 * Stores a change, and counts it as a write.
 * @returns the stored change, if the key was used before, or the limit that it would exceed. What was written
 *   must then be rolled back
 */
export async function addChange(
  tx: SqlTransaction,
  change: StoredChange,
): Promise<StoredChange | LimitReached | null> {
  const { customer, token, key, from, fingerprint, acceptedAt, outcome: _none, ...body } = change;
  const earlier = await storedChange(tx, token, key);
  if (earlier !== null) return earlier;
  const limited = await limitOf(tx, change);
  if (limited !== null) return limited;
  // If another gateway stores the same key in this moment, the statement waits for it.
  const sql = `INSERT INTO change
    (customer, token, key, zone, client, fingerprint, body, accepted_at, unseen)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ${nextUnseen}) ON CONFLICT (token, key) DO NOTHING`;
  const values = [customer, token, key, change.zone, from, fingerprint, JSON.stringify(body)];
  if ((await tx.run(sql, ...values, acceptedAt, change.zone)) === 0)
    return await storedChange(tx, token, key);
  if (change.remove.length + change.add.length > 0) await grow(tx, change.zone, growthOf(change));
  return null;
}

/**
 * Stores a request that is done, so that its repetition is answered by its key. The key of another request
 * that was stored before stays that one's.
 */
export async function addDone(tx: Sql, change: StoredChange, at: number): Promise<void> {
  const { customer, token, key, zone, from, fingerprint, acceptedAt, outcome } = change;
  const { remove, add, before } = change;
  const sql = `INSERT INTO change (customer, token, key, zone, client, fingerprint, body, accepted_at, outcome,
    ended_at, unseen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (token, key) DO NOTHING`;
  const values = [
    customer,
    token,
    key,
    zone,
    from,
    fingerprint,
    JSON.stringify({ zone, remove, add, before }),
  ];
  await tx.run(sql, ...values, acceptedAt, JSON.stringify(outcome), at);
}

/** The limit that the change would exceed; null: it is counted as a write. */
async function limitOf(tx: SqlTransaction, change: StoredChange): Promise<LimitReached | null> {
  const { customer, zone, remove, add, acceptedAt } = change;
  if (remove.length + add.length === 0) return null;
  await tx.lockCustomer(customer);
  const growth = growthOf(change);
  const sql =
    'SELECT records + ? <= (SELECT most_records FROM customer WHERE id = ?) AS fits FROM zone WHERE name = ?';
  const row = growth > 0 ? await tx.get(sql, growth, customer, zone) : undefined;
  if (row !== undefined && row['fits'] !== 1) return { limit: 'records' };
  return await countWrite(tx, customer, acceptedAt);
}

async function grow(tx: Sql, zone: DnsName, by: number | null): Promise<void> {
  await tx.run('UPDATE zone SET records = records + ? WHERE name = ?', by, zone);
}

/** Stores the outcome of a change. @returns false: the change has one already, which stays */
export async function endStored(
  tx: Sql,
  change: StoredChange,
  outcome: ChangeOutcome,
  at: number,
): Promise<boolean> {
  const { token, key, zone } = change;
  const sql = 'UPDATE change SET outcome = ?, ended_at = ? WHERE token = ? AND key = ? AND outcome IS NULL';
  if ((await tx.run(sql, JSON.stringify(outcome), at, token, key)) === 0) return false;
  // A change without records leaves the number as it is. Its zone may be somebody else's by now.
  if (change.remove.length + change.add.length === 0) return true;
  // When the change was accepted, its growth was added to the zone's number of records.
  const grown = growthIn({ ...change, outcome });
  await grow(tx, zone, grown === null ? null : grown - growthOf(change));
  return true;
}

/**
 * Ends changes as interrupted, because nobody will store their outcome.
 * @param rows of changes without an outcome
 * @returns the changes that have been ended, as they were before
 */
export async function interrupt(
  tx: AuditedTransaction,
  rows: readonly unknown[],
  at: number,
): Promise<readonly StoredChange[]> {
  const ended: StoredChange[] = [];
  for (const change of rows.map(readStoredChange)) {
    const { customer, key, token, from, zone } = change;
    if (!(await endStored(tx, change, { kind: 'interrupted' }, at))) continue;
    await tx.log({ what: 'change.interrupted', customer, token, from, zone, detail: { key } });
    ended.push(change);
  }
  return ended;
}
