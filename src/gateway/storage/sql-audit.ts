/** Reads the audit and erases addresses, by statements within a transaction of the caller. */
import type { Sql, SqlRow } from './database.ts';
import type { Erasure } from './storage.ts';

/** Maximum size of all entries that are read at once, octets. */
const mostOctets = 16 * 1024 * 1024;

/**
 * Rows of the audit, in the order of their numbers. An entry may have some megabytes, so large ones are not
 * all read at once. A single entry is read whatever its size.
 * @param after number of the entry after which the list begins
 */
export async function auditRows(sql: Sql, after: number, most: number): Promise<readonly SqlRow[]> {
  const sized = await sql.all(
    'SELECT number, octet_length(body) AS octets FROM audit WHERE number > ? ORDER BY number LIMIT ?',
    after,
    most,
  );
  let [last, octets] = [after, 0];
  for (const row of sized) {
    octets += Number(row['octets']);
    if (octets > mostOctets && last > after) break;
    last = Number(row['number']);
  }
  return await sql.all('SELECT * FROM audit WHERE number > ? AND number <= ? ORDER BY number', after, last);
}

/**
 * Erases addresses in the audit, in changes and in the last use of tokens.
 * @param owner SQL for the customer of an entry of the audit
 * @returns the number of entries of the audit that had such an address
 */
export async function eraseAddresses(
  tx: Sql,
  { before, client, customer }: Erasure,
  owner: string,
): Promise<number> {
  const of = (time: string, address: string, customerIn: string): string =>
    `${time} < ?1 AND ${address} = coalesce(?2, ${address}) AND ${customerIn} = coalesce(?3, ${customerIn})`;
  const values = [before ?? Number.MAX_SAFE_INTEGER, client, customer] as const;
  const changes = of('accepted_at', 'client', 'customer');
  const uses = of('used_at', 'used_from', 'customer');
  const operators = of('used_at', 'used_from', "''");
  await tx.run(`UPDATE change SET client = '' WHERE client <> '' AND ${changes}`, ...values);
  await tx.run(`UPDATE token SET used_from = '' WHERE used_from <> '' AND ${uses}`, ...values);
  await tx.run(`UPDATE operator SET used_from = '' WHERE used_from <> '' AND ${operators}`, ...values);
  const entries = of('at', 'client', owner);
  const sql = `UPDATE audit SET client = NULL, salt = NULL WHERE client IS NOT NULL AND ${entries}`;
  return await tx.run(sql, ...values);
}
