import type { ZoneLeases } from './database.ts';

/** The database's clock, milliseconds. Unlike `now()`, it goes on within a transaction. */
const clock = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** How long ago a lease must have ended so that its row is deleted, milliseconds. */
const keptFor = 3_600_000;

/**
 * Leases in a table that several gateways share. Fences come from a sequence, so that they do not fall back
 * when a row is deleted. A gateway of the previous release only adds 1 to the fence of a row. A row whose
 * fence is larger than the sequence is therefore never deleted.
 */
export const postgresLeases: ZoneLeases = {
  unheld: (column) =>
    `NOT EXISTS (SELECT 1 FROM lease WHERE lease.zone = ${column} AND lease.until > ${clock})`,
  take: async (sql, zone, owner, ttl) => {
    const taken = await sql.get(
      `INSERT INTO lease (zone, owner, fence, until) VALUES (?, ?, nextval('lease_fence'), ${clock} + ?)
        ON CONFLICT (zone) DO UPDATE
        SET owner = excluded.owner, fence = greatest(lease.fence + 1, excluded.fence), until = excluded.until
        WHERE lease.until <= ${clock}
        RETURNING fence`,
      zone,
      owner,
      ttl,
    );
    return taken === undefined ? null : Number(taken['fence']);
  },
  isHeld: async (sql, { zone, owner, fence }) => {
    const held = 'SELECT 1 FROM lease WHERE zone = ? AND owner = ? AND fence = ? FOR UPDATE';
    return (await sql.get(held, zone, owner, fence)) !== undefined;
  },
  leave: async (sql, { zone, owner, fence }) => {
    await sql.run(
      'UPDATE lease SET until = 0 WHERE zone = ? AND owner = ? AND fence = ?',
      zone,
      owner,
      fence,
    );
  },
  prune: async (sql) => {
    // A row that is taken in this moment is judged again once the take is committed.
    await sql.run(
      `DELETE FROM lease WHERE until < ${clock} - ? AND fence <= (SELECT last_value FROM lease_fence)`,
      keptFor,
    );
  },
};
