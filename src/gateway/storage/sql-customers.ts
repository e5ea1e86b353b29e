/** Customers, as statements within a transaction of the caller. */
import { maybe } from './audited-database.ts';
import type { Sql, SqlTransaction } from './database.ts';
import { readCustomer } from './rows.ts';
import { voidCodes } from './sql-zones.ts';
import type { CustomerChanges, Limits, NewCustomer } from './storage.ts';

/** @returns false: there is a customer with this id already */
export async function addCustomer(
  tx: Sql,
  { id, state, limits, backend = '', createdAt }: NewCustomer,
): Promise<boolean> {
  const sql = `INSERT INTO customer (id, state, most_zones, most_tokens, most_records, most_rrset_records,
    most_rrset_octets, most_writes_minute, most_writes_day, backend, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
  return (await tx.run(sql, id, state, ...limitValues(limits), backend, createdAt)) > 0;
}

/**
 * Changes what is not null. A customer who may not write has no transfer codes any more.
 * @returns false: there is no such customer
 */
export async function setCustomer(
  tx: SqlTransaction,
  id: string,
  { state, limits, backend }: CustomerChanges,
): Promise<boolean> {
  await tx.lockCustomer(id);
  const now = maybe(await tx.get('SELECT * FROM customer WHERE id = ?', id), readCustomer);
  if (now === null) return false;
  const sql = `UPDATE customer SET state = ?, most_zones = ?, most_tokens = ?, most_records = ?,
    most_rrset_records = ?, most_rrset_octets = ?, most_writes_minute = ?, most_writes_day = ?,
    backend = ? WHERE id = ?`;
  const values = limitValues({ ...now.limits, ...limits });
  await tx.run(sql, state ?? now.state, ...values, backend ?? now.backend, id);
  if ((state ?? 'active') !== 'active') await voidCodes(tx, id);
  return true;
}

/** In the order of the columns of `customer`. */
function limitValues(limits: Limits): readonly number[] {
  const { zones, tokens, records, recordsInRrset, octetsInRrset, writesInMinute, writesInDay } = limits;
  return [zones, tokens, records, recordsInRrset, octetsInRrset, writesInMinute, writesInDay];
}
