import type { DnsName } from '../../dns/name.ts';
import { maybe, type AuditedDatabase, type AuditedTransaction } from './audited-database.ts';
import { unchanged, type Sql } from './database.ts';
import type {
  AuditFacts,
  CheckedZone,
  DriftKnowledge,
  DriftStorage,
  ListPart,
  UncheckedChange,
  ZoneLease,
} from './storage.ts';
import { mostUnchecked, type DriftedZone } from './zone-drift.ts';
import { readDriftedZone, readName, readUncheckedChange, readZoneCheck, snapshotText } from './drift-rows.ts';
import { zoneOwner } from './sql-zones.ts';

/** Zones with drift and their owners. What is stored about an earlier zone of the same name is left out. */
const drifted = `SELECT zone.name, zone.customer, zone_check.drift FROM zone_check
  JOIN zone ON zone.name = zone_check.zone AND zone.created_at = zone_check.claimed_at
  WHERE zone_check.drift IS NOT NULL AND zone.left_at IS NULL`;

/** Stores drift in any SQL database. */
export class SqlDrift implements DriftStorage {
  readonly #database: AuditedDatabase;

  constructor(database: AuditedDatabase) {
    this.#database = database;
  }

  async due(at: number, most: number): Promise<readonly DnsName[]> {
    const sql = `SELECT name FROM zone WHERE left_at IS NULL AND pending = 0 AND check_at <= ?
      ORDER BY check_at LIMIT ?`;
    return await this.#database.read(async (tx) => (await tx.all(sql, at, most)).map(readName));
  }

  async knowledge(zone: DnsName): Promise<DriftKnowledge | null> {
    return await this.#database.read(async (tx) => {
      const owner = await zoneOwner(tx, zone);
      if (owner === null || owner.leftAt !== null || owner.isPending) return null;
      const sql = `SELECT zone_check.* FROM zone_check
        JOIN zone ON zone.name = zone_check.zone AND zone.created_at = zone_check.claimed_at
        WHERE zone_check.zone = ?`;
      const known = maybe(await tx.get(sql, zone), readZoneCheck);
      const none = { version: 0, snapshot: null, serial: null, readAt: 0, drift: null };
      return { owner, ...(known ?? none), changes: await uncheckedChanges(tx, zone) };
    });
  }

  async store(checked: CheckedZone, audit: AuditFacts | null, lease: ZoneLease | null): Promise<boolean> {
    return await this.#database.write(audit, async (tx) => {
      await tx.demandHeld(lease);
      if (!(await storeCheck(tx, checked))) return unchanged(false);
      const { zone, contained, nextAt } = checked;
      await tx.run('UPDATE zone SET check_at = ? WHERE name = ?', nextAt, zone);
      await markContained(tx, zone, contained);
      return true;
    });
  }

  async postpone(zone: DnsName, until: number): Promise<void> {
    await this.#run('UPDATE zone SET check_at = ? WHERE name = ?', until, zone);
  }

  async checkBy(zone: DnsName, at: number): Promise<void> {
    await this.#run('UPDATE zone SET check_at = ?1 WHERE name = ?2 AND check_at > ?1', at, zone);
  }

  async forget(zone: DnsName, lease: ZoneLease | null): Promise<void> {
    await this.#database.write(null, async (tx) => {
      await tx.demandHeld(lease);
      await tx.run(`${forgotten} WHERE zone = ?`, zone);
    });
  }

  async forgetAll(): Promise<void> {
    await this.#run(forgotten);
  }

  async list({ after, most }: ListPart): Promise<readonly DriftedZone[]> {
    const sql = `${drifted} AND zone_check.zone > ? ORDER BY zone_check.zone LIMIT ?`;
    return await this.#database.read(async (tx) =>
      (await tx.all(sql, after ?? '', most)).map(readDriftedZone),
    );
  }

  async of(zone: DnsName): Promise<DriftedZone | null> {
    const sql = `${drifted} AND zone_check.zone = ?`;
    return await this.#database.read(async (tx) => maybe(await tx.get(sql, zone), readDriftedZone));
  }

  async accept(zone: DnsName, audit: AuditFacts): Promise<boolean> {
    const sql = `UPDATE zone_check SET drift = NULL, version = version + 1
      WHERE zone = ? AND drift IS NOT NULL`;
    return await this.#database.write(audit, async (tx) =>
      (await tx.run(sql, zone)) > 0 ? true : unchanged(false),
    );
  }

  async #run(sql: string, ...values: readonly (string | number)[]): Promise<void> {
    await this.#database.write(null, async (tx) => {
      await tx.run(sql, ...values);
    });
  }
}

/** Forgets the snapshot, and makes a check that runs now store nothing. */
const forgotten = 'UPDATE zone_check SET snapshot = NULL, serial = NULL, version = version + 1';

/** How long after its claim a zone is checked for drift for the first time, milliseconds. */
export const beforeFirstCheck = 60_000;

/**
 * Deletes changes that have ended, and forgets the snapshots of zones that do not contain them.
 * @param before changes that ended before this time are deleted, wall clock in milliseconds
 */
export async function pruneEnded(tx: Sql, before: number): Promise<void> {
  const pruned = 'SELECT zone FROM change WHERE unseen IS NOT NULL AND ended_at < ?';
  await tx.run(`${forgotten} WHERE zone IN (${pruned})`, before);
  await tx.run('DELETE FROM change WHERE ended_at < ?', before);
}

async function uncheckedChanges(tx: Sql, zone: DnsName): Promise<readonly UncheckedChange[]> {
  const sql = 'SELECT * FROM change WHERE zone = ? AND unseen IS NOT NULL ORDER BY unseen LIMIT ?';
  return (await tx.all(sql, zone, mostUnchecked)).map(readUncheckedChange);
}

/** @returns false: something else was stored since the check began, or the zone has no owner any more */
async function storeCheck(tx: AuditedTransaction, checked: CheckedZone): Promise<boolean> {
  const { zone, version, readAt, serial, snapshot, drift } = checked;
  const driftText = drift === null ? null : JSON.stringify(drift);
  const values = [readAt, serial, snapshot === null ? null : snapshotText(snapshot), driftText] as const;
  if (version > 0) {
    const update = `UPDATE zone_check SET version = version + 1, read_at = ?, serial = ?, snapshot = ?,
      drift = ? WHERE zone = ? AND version = ?`;
    return (await tx.run(update, ...values, zone, version)) > 0;
  }
  // A row of an earlier zone of the same name may be left.
  const stale = `DELETE FROM zone_check WHERE zone = ?
    AND claimed_at <> (SELECT created_at FROM zone WHERE name = zone_check.zone)`;
  await tx.run(stale, zone);
  const insert = `INSERT INTO zone_check (zone, claimed_at, version, read_at, serial, snapshot, drift)
    SELECT name, created_at, 1, CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT)
    FROM zone WHERE name = ? AND left_at IS NULL AND pending = 0
    ON CONFLICT (zone) DO NOTHING`;
  return (await tx.run(insert, ...values, zone)) > 0;
}

async function markContained(tx: Sql, zone: DnsName, contained: CheckedZone['contained']): Promise<void> {
  if (contained === 'all') {
    await tx.run('UPDATE change SET unseen = NULL WHERE zone = ? AND unseen IS NOT NULL', zone);
    return;
  }
  const last = Math.max(0, ...contained.map(({ position }) => position));
  const upTo = 'UPDATE change SET unseen = NULL WHERE zone = ? AND unseen BETWEEN 1 AND ?';
  if (last > 0) await tx.run(upTo, zone, last);
  for (const { change, position } of contained) {
    const one = 'UPDATE change SET unseen = NULL WHERE token = ? AND key = ?';
    if (position === 0) await tx.run(one, change.token, change.key);
  }
}
