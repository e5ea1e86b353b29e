import type { ZoneLeases } from './database.ts';

/** The database's clock, milliseconds. Unlike `now()`, it goes on within a transaction. */
const clock = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

/** Leases in a table that several gateways share. A row stays, so that its fence never falls back. */
export const postgresLeases: ZoneLeases = {
  unheld: (column) =>
    `NOT EXISTS (SELECT 1 FROM lease WHERE lease.zone = ${column} AND lease.until > ${clock})`,
  take: async (sql, zone, owner, ttl) => {
    const taken = await sql.get(
      `INSERT INTO lease (zone, owner, fence, until) VALUES (?, ?, 1, ${clock} + ?)
        ON CONFLICT (zone) DO UPDATE
        SET owner = excluded.owner, fence = lease.fence + 1, until = excluded.until
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
};
