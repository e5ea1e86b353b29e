/** Who may have which zone, as statements within a transaction of the caller. */
import { namesAbove, type DnsName } from '../../dns/name.ts';
import { rangeOf, reversed } from './reversed-name.ts';
import { readCustomer, readTransferCode, readZoneGrant, readZoneOwner } from './rows.ts';
import { maybe, type AuditedTransaction } from './audited-database.ts';
import type { Sql, SqlTransaction } from './database.ts';
import type {
  AuditFacts,
  Claim,
  LimitReached,
  TransferCode,
  Transferred,
  ZoneClaim,
  ZoneGrant,
  ZoneOwner,
  ZoneTransfer,
} from './storage.ts';

/** Periods in which writes are counted, milliseconds, each with its limit. */
const periods = [
  [60_000, 'writesInMinute'],
  [86_400_000, 'writesInDay'],
] as const;

/** Passed as the time since which deleted zones are reserved: no deleted zone counts. */
const noReserved = Number.MAX_SAFE_INTEGER;

/** Counts a write of the customer. @returns the limit that it would exceed; null: it is counted */
export async function countWrite(
  tx: SqlTransaction,
  customer: string,
  at: number,
): Promise<LimitReached | null> {
  await tx.lockCustomer(customer);
  const limits = maybe(await tx.get('SELECT * FROM customer WHERE id = ?', customer), readCustomer)?.limits;
  for (const [period, limit] of periods) {
    const began = Math.floor(at / period) * period;
    const sql = 'SELECT writes FROM write_count WHERE customer = ? AND period = ? AND began_at = ?';
    const writes = Number((await tx.get(sql, customer, period, began))?.['writes'] ?? 0);
    if (writes >= (limits?.[limit] ?? 0)) return { limit };
  }
  for (const [period] of periods) {
    const began = Math.floor(at / period) * period;
    const sql = `INSERT INTO write_count (customer, period, began_at, writes) VALUES (?, ?, ?, 1)
      ON CONFLICT (customer, period) DO UPDATE SET began_at = excluded.began_at,
        writes = CASE WHEN write_count.began_at = excluded.began_at THEN write_count.writes + 1 ELSE 1 END`;
    await tx.run(sql, customer, period, began);
  }
  return null;
}

/** Name of the name server at which the customer's new zones are made. */
export async function newZonesBackend(tx: Sql, customer: string): Promise<string> {
  const row = await tx.get('SELECT * FROM customer WHERE id = ?', customer);
  return maybe(row, readCustomer)?.backend ?? '';
}

export async function zoneOwner(tx: Sql, zone: DnsName): Promise<ZoneOwner | null> {
  return maybe(await tx.get('SELECT * FROM zone WHERE name = ?', zone), readZoneOwner);
}

/** The answer that a claim gets. Stores nothing. */
export async function judgeClaim(tx: Sql, { zone, customer, at, quarantine }: ZoneClaim): Promise<Claim> {
  const now = await zoneOwner(tx, zone);
  if (now !== null && now.customer === customer && now.leftAt === null)
    return now.isPending ? 'pending' : 'ours';
  const since = at - quarantine;
  if (now !== null && now.customer !== customer && isHeld(now, since)) return { foreign: zone };
  const foreign =
    (await foreignAbove(tx, zone, customer, since)) ?? (await foreignBelow(tx, zone, customer, since));
  if (foreign !== null) return { foreign };
  return (await zonesOverLimit(tx, customer, 1)) ?? (now?.customer === customer ? 'reclaimed' : 'claimed');
}

/**
 * Stores a claim of a name that the customer may have.
 * @param checkAt when the zone is first checked for drift, wall clock in milliseconds
 */
export async function storeClaim(
  tx: Sql,
  { zone, customer, backend, at }: ZoneClaim,
  checkAt: number,
): Promise<void> {
  const sql = `INSERT INTO zone (name, reversed, customer, backend, created_at, check_at, left_at, pending, records)
    VALUES (?, ?, ?, ?, ?, ?, NULL, 1, NULL)
    ON CONFLICT (name) DO UPDATE SET customer = excluded.customer, backend = excluded.backend,
      created_at = excluded.created_at, check_at = excluded.check_at, pending = 1, records = NULL,
      left_at = CASE WHEN zone.customer = excluded.customer THEN zone.left_at END`;
  const place = backend ?? (await newZonesBackend(tx, customer));
  await tx.run(sql, zone, reversed(zone), customer, place, at, checkAt);
  await tx.run('DELETE FROM zone_check WHERE zone = ?', zone);
  await voidCodesAbove(tx, zone, customer);
}

/** Stores when a claim was repeated. Its create is sent again then, so it may arrive later. */
export async function repeatClaim(tx: Sql, { zone, at }: ZoneClaim): Promise<'pending'> {
  await tx.run('UPDATE zone SET created_at = ? WHERE name = ?', at, zone);
  return 'pending';
}

function isHeld({ leftAt }: ZoneOwner, since: number): boolean {
  return leftAt === null || leftAt > since;
}

async function zonesOverLimit(tx: Sql, customer: string, more: number): Promise<LimitReached | null> {
  const sql = `SELECT (SELECT count(*) FROM zone WHERE customer = id AND (left_at IS NULL OR pending = 1)) AS zones, most_zones
    FROM customer WHERE id = ?`;
  const row = await tx.get(sql, customer);
  return Number(row?.['zones']) + more > Number(row?.['most_zones']) ? { limit: 'zones' } : null;
}

/**
 * The next zone above that belongs to another customer, who has not granted the name; null: there is none.
 * The search ends at a zone above that is the customer's own, or that grants the name: the name is part of
 * that zone.
 */
async function foreignAbove(
  tx: Sql,
  zone: DnsName,
  customer: string,
  since: number,
): Promise<DnsName | null> {
  for (const above of namesAbove(zone)) {
    const owner = await zoneOwner(tx, above);
    if (owner === null || !isHeld(owner, since)) continue;
    const isOurs = owner.customer === customer || (await isGranted(tx, owner, zone, customer));
    if (!isOurs) return above;
    if (owner.leftAt === null) return null;
  }
  return null;
}

async function isGranted(tx: Sql, parent: ZoneOwner, zone: DnsName, customer: string): Promise<boolean> {
  const sql = `SELECT 1 FROM zone_grant WHERE parent = ? AND given_by = ? AND customer = ?
    AND revoked_at IS NULL AND reversed <= ? AND reversed_end > ?`;
  const own = reversed(zone);
  return (await tx.get(sql, parent.zone, parent.customer, customer, own, own)) !== undefined;
}

/** A zone below that belongs to another customer, and not by a grant; null: there is none. */
async function foreignBelow(
  tx: Sql,
  zone: DnsName,
  customer: string,
  since: number,
): Promise<DnsName | null> {
  const [from, to] = rangeOf(zone);
  const sql = `SELECT * FROM zone WHERE reversed > ? AND reversed < ? AND customer <> ?
    AND (left_at IS NULL OR left_at > ? OR pending = 1)
    AND NOT EXISTS (SELECT 1 FROM zone_grant AS given WHERE given.customer = zone.customer
      AND given_by = ? AND given.reversed <= zone.reversed AND reversed_end > zone.reversed)
    ORDER BY reversed LIMIT 1`;
  return maybe(await tx.get(sql, from, to, customer, since, customer), readZoneOwner)?.zone ?? null;
}

/** Moves a zone, and says so in the audit. If the answer is a refusal, the caller must roll back. */
export async function transfer(
  tx: AuditedTransaction,
  { zone, to, withBelow }: ZoneTransfer,
  audit: AuditFacts,
): Promise<Transferred> {
  const owner = await zoneOwner(tx, zone);
  if (owner === null || owner.leftAt !== null || owner.isPending) return 'missing';
  const from = owner.customer;
  const below = await zonesBelow(tx, zone, from);
  const pending = below.find(({ isPending }) => isPending);
  if (withBelow && pending !== undefined) return { foreign: pending.zone };
  const moved = [owner, ...below.filter(({ leftAt }) => withBelow && leftAt === null)].map((one) => one.zone);
  const reserved = below.filter(({ leftAt }) => leftAt !== null).map((one) => one.zone);
  for (const one of [...moved, ...reserved]) {
    await tx.run('UPDATE zone SET customer = ? WHERE name = ?', to, one);
    await tx.run('UPDATE zone_grant SET given_by = ? WHERE parent = ? AND given_by = ?', to, one, from);
    await tx.run('DELETE FROM transfer_code WHERE zone = ?', one);
  }
  for (const one of moved) {
    const foreign =
      (await foreignAbove(tx, one, to, noReserved)) ?? (await foreignBelow(tx, one, to, noReserved));
    if (foreign !== null) return { foreign };
    await voidCodesAbove(tx, one, to);
    await tx.log({ ...audit, zone: one });
  }
  return (await zonesOverLimit(tx, to, 0)) ?? { moved };
}

/** The customer's zones below a zone, also those that he has deleted. */
async function zonesBelow(tx: Sql, zone: DnsName, customer: string): Promise<readonly ZoneOwner[]> {
  const [from, to] = rangeOf(zone);
  const sql = 'SELECT * FROM zone WHERE reversed > ? AND reversed < ? AND customer = ? ORDER BY reversed';
  return (await tx.all(sql, from, to, customer)).map(readZoneOwner);
}

/** The code, if it holds at this time: its maker must still have the zone, and be allowed to write. */
export async function validCode(tx: Sql, hash: string, at: number): Promise<TransferCode | null> {
  const code = maybe(await tx.get('SELECT * FROM transfer_code WHERE hash = ?', hash), readTransferCode);
  if (code === null || code.expiresAt <= at) return null;
  const giver = maybe(await tx.get('SELECT * FROM customer WHERE id = ?', code.customer), readCustomer);
  const isOwner = (await zoneOwner(tx, code.zone))?.customer === code.customer;
  return isOwner && giver?.state === 'active' ? code : null;
}

/** Ends all transfer codes that a customer has made. */
export async function voidCodes(tx: Sql, customer: string): Promise<void> {
  await tx.run('DELETE FROM transfer_code WHERE customer = ?', customer);
}

/**
 * Ends the customer's transfer codes for zones above that would take this zone along. He has made them before
 * he got this zone, so nobody has judged whether it may go along.
 */
export async function voidCodesAbove(tx: Sql, zone: DnsName, customer: string): Promise<void> {
  const sql = 'DELETE FROM transfer_code WHERE zone = ? AND customer = ? AND with_below = 1';
  for (const above of namesAbove(zone)) await tx.run(sql, above, customer);
}

/** Stores the consent of the present owner. @returns false: nobody has the parent */
export async function addGrant(
  tx: Sql,
  { parent, child, customer, createdAt }: Pick<ZoneGrant, 'parent' | 'child' | 'customer' | 'createdAt'>,
): Promise<boolean> {
  const owner = await zoneOwner(tx, parent);
  if (owner === null || owner.leftAt !== null || owner.isPending) return false;
  const sql = `INSERT INTO zone_grant (parent, child, reversed, reversed_end, customer, given_by, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (parent, child, customer) DO UPDATE
    SET given_by = excluded.given_by, created_at = excluded.created_at, revoked_at = NULL`;
  await tx.run(sql, parent, child, ...rangeOf(child), customer, owner.customer, createdAt);
  return true;
}

export async function grantsBelow(tx: Sql, parent: DnsName): Promise<readonly ZoneGrant[]> {
  const sql = 'SELECT * FROM zone_grant WHERE parent = ? ORDER BY child, customer';
  return (await tx.all(sql, parent)).map(readZoneGrant);
}
