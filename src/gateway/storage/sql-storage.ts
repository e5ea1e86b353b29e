import { randomBytes } from 'node:crypto';
import { namesAbove, type DnsName } from '../../dns/name.ts';
import { chained, noHash } from './audit-chain.ts';
import type { Database, Durability, Sql, Transaction } from './database.ts';
import { rangeBelow, reversed } from './name-order.ts';
import { readAuditEntry, readCustomer, readStoredChange, readStoredToken, readZoneOwner } from './rows.ts';
import {
  StorageError,
  type AuditEntry,
  type AuditFacts,
  type ChangeOutcome,
  type Claim,
  type Customer,
  type CustomerChanges,
  type Storage,
  type StoredChange,
  type StoredToken,
  type ZoneClaim,
  type ZoneLease,
  type ZoneOwner,
} from './storage.ts';

/** What a storage needs beside its database. */
export interface StorageFacts {
  /** Wall clock, milliseconds; stamps the audit. */
  readonly wall: () => number;
  /** Name of the gateway, whose chain of the audit it adds to. */
  readonly gateway: string;
}

/** Storage in any SQL database. */
export class SqlStorage implements Storage {
  readonly isShared: boolean;
  readonly #database: Database;
  readonly #facts: StorageFacts;
  /** Identifies this process as the holder of zones. */
  readonly #owner: string;

  constructor(database: Database, facts: StorageFacts) {
    this.#database = database;
    this.#facts = facts;
    this.isShared = database.leases !== null;
    this.#owner = `${facts.gateway} ${randomBytes(8).toString('hex')}`;
  }

  async customers(): Promise<readonly Customer[]> {
    return await this.#read(async (tx) =>
      (await tx.all('SELECT * FROM customer ORDER BY id')).map(readCustomer),
    );
  }

  async customer(id: string): Promise<Customer | null> {
    return await this.#read(async (tx) =>
      maybe(await tx.get('SELECT * FROM customer WHERE id = ?', id), readCustomer),
    );
  }

  async addCustomer({ id, state, mostZones, createdAt }: Customer, audit: AuditFacts): Promise<boolean> {
    return await this.#write(audit, async (tx) => {
      const sql =
        'INSERT INTO customer (id, state, most_zones, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING';
      return (await tx.run(sql, id, state, mostZones, createdAt)) > 0 ? true : unchanged(false);
    });
  }

  async setCustomer(id: string, { state, mostZones }: CustomerChanges, audit: AuditFacts): Promise<boolean> {
    return await this.#write(audit, async (tx) => {
      const sql =
        'UPDATE customer SET state = coalesce(?, state), most_zones = coalesce(?, most_zones) WHERE id = ?';
      return (await tx.run(sql, state, mostZones, id)) > 0 ? true : unchanged(false);
    });
  }

  async tokens(customer: string): Promise<readonly StoredToken[]> {
    const sql = 'SELECT * FROM token WHERE customer = ? ORDER BY created_at, id';
    return await this.#read(async (tx) => (await tx.all(sql, customer)).map(readStoredToken));
  }

  async token(id: string): Promise<StoredToken | null> {
    return await this.#read(async (tx) =>
      maybe(await tx.get('SELECT * FROM token WHERE id = ?', id), readStoredToken),
    );
  }

  async addToken(token: StoredToken, audit: AuditFacts): Promise<void> {
    const { id, customer, hash, label, rights, networks, createdAt, expiresAt } = token;
    await this.#write(audit, async (tx) => {
      const sql = `INSERT INTO token (id, customer, hash, label, rights, networks, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
      const [allowed, places] = [JSON.stringify(rights), JSON.stringify(networks)];
      await tx.run(sql, id, customer, hash, label, allowed, places, createdAt, expiresAt);
    });
  }

  async revokeToken(id: string, at: number, audit: AuditFacts): Promise<boolean> {
    return await this.#write(audit, async (tx) => {
      const sql = 'UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL';
      return (await tx.run(sql, at, id)) > 0 ? true : unchanged(false);
    });
  }

  async tokenUsed(id: string, at: number, from: string): Promise<void> {
    await this.#write(null, async (tx) => {
      await tx.run('UPDATE token SET used_at = ?, used_from = ? WHERE id = ?', at, from, id);
    });
  }

  async zonesOf(customer: string): Promise<readonly DnsName[]> {
    const sql = 'SELECT * FROM zone WHERE customer = ? AND left_at IS NULL AND pending = 0 ORDER BY name';
    return await this.#read(async (tx) =>
      (await tx.all(sql, customer)).map((row) => readZoneOwner(row).zone),
    );
  }

  async zone(zone: DnsName): Promise<ZoneOwner | null> {
    return await this.#read(async (tx) => await zoneIn(tx, zone));
  }

  async pendingClaims(): Promise<readonly ZoneOwner[]> {
    return await this.#read(async (tx) =>
      (await tx.all(`SELECT * FROM zone WHERE pending = 1 ${this.#unheld('zone.name')}`)).map(readZoneOwner),
    );
  }

  async mayClaim(claim: ZoneClaim): Promise<Claim> {
    return await this.#read(async (tx) => await this.#judge(tx, claim));
  }

  async claimZone(claim: ZoneClaim, audit: AuditFacts, lease: ZoneLease | null): Promise<Claim> {
    const { zone, customer, at } = claim;
    return await this.#write<Claim>(audit, async (tx) => {
      await this.#demandHeld(tx, lease);
      await tx.lockOwners();
      const judged = await this.#judge(tx, claim);
      if (judged !== 'claimed' && judged !== 'reclaimed') return unchanged(judged);
      const sql = `INSERT INTO zone (name, reversed, customer, created_at, left_at, pending)
        VALUES (?, ?, ?, ?, NULL, 1)
        ON CONFLICT (name) DO UPDATE
        SET customer = excluded.customer, created_at = excluded.created_at, left_at = NULL, pending = 1`;
      await tx.run(sql, zone, reversed(zone), customer, at);
      return judged;
    });
  }

  async confirmClaim(
    zone: DnsName,
    customer: string,
    audit: AuditFacts,
    lease: ZoneLease | null,
  ): Promise<void> {
    await this.#write(audit, async (tx) => {
      await this.#demandHeld(tx, lease);
      await tx.lockOwners();
      await tx.run('UPDATE zone SET pending = 0 WHERE name = ? AND customer = ?', zone, customer);
    });
  }

  async dropClaim(
    zone: DnsName,
    customer: string,
    audit: AuditFacts,
    lease: ZoneLease | null,
  ): Promise<void> {
    await this.#write(audit, async (tx) => {
      await this.#demandHeld(tx, lease);
      await tx.lockOwners();
      await tx.run('DELETE FROM zone WHERE name = ? AND customer = ? AND pending = 1', zone, customer);
    });
  }

  async releaseZone(
    zone: DnsName,
    customer: string,
    at: number,
    audit: AuditFacts,
    lease: ZoneLease | null,
  ): Promise<void> {
    await this.#write(audit, async (tx) => {
      await this.#demandHeld(tx, lease);
      await tx.lockOwners();
      const sql = 'UPDATE zone SET left_at = ?, pending = 0 WHERE name = ? AND customer = ?';
      await tx.run(sql, at, zone, customer);
    });
  }

  async transferZone(zone: DnsName, to: string, audit: AuditFacts): Promise<boolean> {
    return await this.#write(audit, async (tx) => {
      await tx.lockOwners();
      const sql = 'UPDATE zone SET customer = ? WHERE name = ? AND left_at IS NULL AND pending = 0';
      return (await tx.run(sql, to, zone)) > 0 ? true : unchanged(false);
    });
  }

  async change(token: string, key: string): Promise<StoredChange | null> {
    return await this.#read(async (tx) => await changeIn(tx, token, key));
  }

  async takeZone(zone: DnsName, ttl: number): Promise<ZoneLease | 'busy'> {
    const { leases } = this.#database;
    const owner = this.#owner;
    if (leases === null) return { zone, owner, fence: 0 };
    // A power loss may undo it. Nothing is sent before a durable transaction that finds the lease.
    return await this.#transaction('soon', async (tx) => {
      const fence = await leases.take(tx, zone, owner, ttl);
      if (fence === null) return 'busy';
      // Whoever worked on the zone before has lost it. Only now is it certain that he stores no outcome.
      await this.#interrupt(
        tx,
        await tx.all('SELECT * FROM change WHERE zone = ? AND outcome IS NULL', zone),
      );
      return { zone, owner, fence };
    });
  }

  async isZoneHeld(lease: ZoneLease): Promise<boolean> {
    const { leases } = this.#database;
    if (leases === null) return true;
    return await this.#transaction('durable', async (tx) => await leases.isHeld(tx, lease));
  }

  async leaveZone(lease: ZoneLease): Promise<void> {
    const { leases } = this.#database;
    if (leases === null) return;
    await this.#transaction('soon', async (tx) => {
      await leases.leave(tx, lease);
    });
  }

  async acceptChange(
    change: StoredChange,
    audit: AuditFacts,
    lease: ZoneLease,
  ): Promise<StoredChange | null> {
    const { customer, token, key, fingerprint, acceptedAt, outcome: _none, ...body } = change;
    return await this.#write(audit, async (tx) => {
      await this.#demandHeld(tx, lease);
      // If another gateway stores the same key in this moment, the statement waits for it.
      const sql = `INSERT INTO change (customer, token, key, zone, fingerprint, body, accepted_at)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (token, key) DO NOTHING`;
      const text = JSON.stringify(body);
      const added = await tx.run(sql, customer, token, key, change.zone, fingerprint, text, acceptedAt);
      return added > 0 ? null : unchanged(await changeIn(tx, token, key));
    });
  }

  async endChange(
    { token, key }: Pick<StoredChange, 'token' | 'key'>,
    outcome: ChangeOutcome,
    audit: AuditFacts,
    lease: ZoneLease,
  ): Promise<boolean> {
    return await this.#transaction('durable', async (tx) => {
      const isHeld = (await this.#database.leases?.isHeld(tx, lease)) ?? true;
      const isEnded = isHeld && (await endChangeIn(tx, token, key, outcome, this.#facts.wall()));
      await this.#log(tx, isEnded ? audit : { ...audit, what: `${audit.what}.late` });
      return isEnded;
    });
  }

  async interruptChanges(): Promise<readonly StoredChange[]> {
    return await this.#transaction('durable', async (tx) => {
      const left = this.#unheld('change.zone');
      return await this.#interrupt(tx, await tx.all(`SELECT * FROM change WHERE outcome IS NULL ${left}`));
    });
  }

  async pruneChanges(before: number): Promise<void> {
    await this.#write(null, async (tx) => {
      await tx.run('DELETE FROM change WHERE ended_at < ?', before);
    });
  }

  async audit(after: number, most: number): Promise<readonly AuditEntry[]> {
    const sql = 'SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT ?';
    return await this.#transaction('soon', async (tx) => {
      await tx.lockAudit();
      return (await tx.all(sql, after, most)).map(readAuditEntry);
    });
  }

  async close(): Promise<void> {
    await guarded(async () => {
      await this.#database.close();
    });
  }

  /** @throws {StorageError} `storage.lease-lost`. @param lease null: an operator writes, who needs none */
  async #demandHeld(tx: Sql, lease: ZoneLease | null): Promise<void> {
    const { leases } = this.#database;
    if (leases === null || lease === null || (await leases.isHeld(tx, lease))) return;
    throw new StorageError('storage.lease-lost');
  }

  /** SQL that leaves out zones on which a gateway works. */
  #unheld(column: string): string {
    const { leases } = this.#database;
    return leases === null ? '' : `AND ${leases.unheld(column)}`;
  }

  /** Ends changes whose outcome nobody will store. @returns those that had none, as they were */
  async #interrupt(tx: Transaction, rows: readonly unknown[]): Promise<readonly StoredChange[]> {
    const ended: StoredChange[] = [];
    for (const change of rows.map(readStoredChange)) {
      const { customer, key, token, from, zone } = change;
      if (!(await endChangeIn(tx, token, key, { kind: 'interrupted' }, this.#facts.wall()))) continue;
      await this.#log(tx, { what: 'change.interrupted', customer, token, from, zone, detail: { key } });
      ended.push(change);
    }
    return ended;
  }

  async #judge(tx: Sql, claim: ZoneClaim): Promise<Claim> {
    const { zone, customer } = claim;
    const now = await zoneIn(tx, zone);
    if (now !== null && now.customer === customer && now.leftAt === null)
      return now.isPending ? 'pending' : 'ours';
    const foreign = await foreignIn(tx, claim);
    if (foreign !== null) return { foreign };
    const count = await tx.get(
      'SELECT count(*) AS n FROM zone WHERE customer = ? AND left_at IS NULL',
      customer,
    );
    const most = await tx.get('SELECT most_zones AS n FROM customer WHERE id = ?', customer);
    if (Number(count?.['n']) >= Number(most?.['n'])) return 'limit';
    return now?.customer === customer ? 'reclaimed' : 'claimed';
  }

  async #log(tx: Transaction, facts: AuditFacts): Promise<void> {
    const { gateway, wall } = this.#facts;
    await tx.lockChain(gateway);
    const sql = 'SELECT hash FROM audit WHERE gateway = ? ORDER BY number DESC LIMIT 1';
    const last = await tx.get(sql, gateway);
    const before = typeof last?.['hash'] === 'string' ? last['hash'] : noHash;
    const [at, body] = [wall(), JSON.stringify(facts)];
    const added = 'INSERT INTO audit (gateway, at, body, hash) VALUES (?, ?, ?, ?)';
    await tx.run(added, gateway, at, body, chained(before, at, body));
  }

  async #read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return await guarded(async () => await this.#database.read(work));
  }

  async #transaction<T>(durability: Durability, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return await guarded(async () => await this.#database.write(durability, work));
  }

  /** @param audit is stored in the same transaction, unless the body changes nothing; null: no entry */
  async #write<T>(
    audit: AuditFacts | null,
    body: (tx: Transaction) => Promise<T | Unchanged<T>>,
  ): Promise<T> {
    return await this.#transaction('durable', async (tx) => {
      const value = await body(tx);
      if (value instanceof Unchanged) return value.value;
      if (audit !== null) await this.#log(tx, audit);
      return value;
    });
  }
}

/** The result of a transaction that has changed nothing, so that nothing goes into the audit. */
class Unchanged<T> {
  readonly value: T;

  constructor(value: T) {
    this.value = value;
  }
}

function unchanged<T>(value: T): Unchanged<T> {
  return new Unchanged(value);
}

function maybe<T>(row: unknown, read: (row: unknown) => T): T | null {
  return row === undefined ? null : read(row);
}

async function zoneIn(tx: Sql, zone: DnsName): Promise<ZoneOwner | null> {
  return maybe(await tx.get('SELECT * FROM zone WHERE name = ?', zone), readZoneOwner);
}

async function changeIn(tx: Sql, token: string, key: string): Promise<StoredChange | null> {
  return maybe(
    await tx.get('SELECT * FROM change WHERE token = ? AND key = ?', token, key),
    readStoredChange,
  );
}

/** @returns false: the change has an outcome already, which stays */
async function endChangeIn(
  tx: Sql,
  token: string,
  key: string,
  outcome: ChangeOutcome,
  at: number,
): Promise<boolean> {
  const sql = 'UPDATE change SET outcome = ?, ended_at = ? WHERE token = ? AND key = ? AND outcome IS NULL';
  return (await tx.run(sql, JSON.stringify(outcome), at, token, key)) > 0;
}

/** A zone of another customer that has the same name, or is above or below it; null: there is none. */
async function foreignIn(tx: Sql, { zone, customer, at, quarantine }: ZoneClaim): Promise<DnsName | null> {
  const held = `customer <> ? AND (left_at IS NULL OR left_at > ?)`;
  const since = at - quarantine;
  for (const one of [zone, ...namesAbove(zone)]) {
    const row = await tx.get(`SELECT * FROM zone WHERE name = ? AND ${held}`, one, customer, since);
    if (row !== undefined) return readZoneOwner(row).zone;
  }
  const [from, to] = rangeBelow(zone);
  const below = `SELECT * FROM zone WHERE reversed > ? AND reversed < ? AND ${held} LIMIT 1`;
  return maybe(await tx.get(below, from, to, customer, since), readZoneOwner)?.zone ?? null;
}

/** Makes a {@link StorageError} of whatever the work throws. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(error);
  }
}

/** The error that callers of a storage hear of. */
export function storageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  return new StorageError('storage.failed', error);
}
