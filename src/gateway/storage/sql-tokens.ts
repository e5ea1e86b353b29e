/** Tokens of customers, as statements within a transaction of the caller. */
import type { Rights } from '../rights/decide.ts';
import { maybe } from './audited-database.ts';
import type { SqlTransaction } from './database.ts';
import { readStoredToken } from './rows.ts';
import { voidCodes } from './sql-zones.ts';
import type { LimitReached, StoredToken } from './storage.ts';

/** Stores a token. @returns the limit that it would exceed; nothing is stored then */
export async function addToken(tx: SqlTransaction, token: StoredToken): Promise<LimitReached | null> {
  const { id, customer, hash, label, createdAt, expiresAt, idle, maker } = token;
  await tx.lockCustomer(customer);
  const inUse = `SELECT count(*) >= (SELECT most_tokens FROM customer WHERE id = ?1) AS full FROM token
    WHERE customer = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)
      AND NOT EXISTS (SELECT 1 FROM token AS made_by
        WHERE made_by.id = token.maker AND made_by.revoked_at IS NOT NULL)`;
  if ((await tx.get(inUse, customer, createdAt))?.['full'] === 1) return { limit: 'tokens' };
  const sql = `INSERT INTO token (id, customer, hash, label, rights, networks, created_at, expires_at, idle,
    maker, makes_tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  const [allowed, places] = [JSON.stringify(token.rights), JSON.stringify(token.networks)];
  const times = [createdAt, expiresAt, idle] as const;
  const makes = token.makesTokens ? 1 : 0;
  await tx.run(sql, id, customer, hash, label, allowed, places, ...times, maker, makes);
  return null;
}

/**
 * Replaces the rights of a token, and ends the transfer codes of its customer.
 * @param present the rights that the caller has read, which the token must still have
 * @returns false: there is no such token, it was revoked, or it has other rights by now
 */
export async function replaceRights(
  tx: SqlTransaction,
  id: string,
  present: Rights,
  rights: Rights,
): Promise<boolean> {
  const row = await tx.get('SELECT customer FROM token WHERE id = ?', id);
  if (row === undefined) return false;
  // Of two changes at once, the second one sees what the first one has stored.
  await tx.lockCustomer(String(row['customer']));
  const now = maybe(await tx.get('SELECT * FROM token WHERE id = ?', id), readStoredToken);
  const isSame = JSON.stringify(now?.rights) === JSON.stringify(present);
  if (now === null || now.revokedAt !== null || !isSame) return false;
  await tx.run('UPDATE token SET rights = ? WHERE id = ?', JSON.stringify(rights), id);
  await voidCodes(tx, now.customer);
  return true;
}
