import { createHash } from 'node:crypto';
import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { labels, namesAbove, type DnsName } from '../../dns/name.ts';
import { migrate } from './migrations.ts';
import {
  readAuditEntry,
  readCounts,
  readCustomer,
  readOperatorToken,
  readStoredChange,
  readStoredToken,
  readZoneOwner,
} from './rows.ts';
import {
  StorageError,
  type AuditEntry,
  type AuditFacts,
  type ChangeOutcome,
  type Claim,
  type Customer,
  type CustomerChanges,
  type OperatorToken,
  type Storage,
  type StorageCounts,
  type StoredChange,
  type StoredToken,
  type ZoneClaim,
  type ZoneOwner,
} from './storage.ts';

/** How long a statement waits for another process that writes, milliseconds. All requests wait meanwhile. */
const busyTimeout = 500;

/** The hash before the first entry of the audit. */
const noHash = '0'.repeat(64);

/** Storage in one SQLite file (write-ahead log, each commit synced), for one gateway. */
export class SqliteStorage implements Storage {
  readonly #database: DatabaseSync;
  readonly #wall: () => number;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(database: DatabaseSync, wall: () => number) {
    this.#database = database;
    this.#wall = wall;
  }

  /**
   * Opens the file, or makes it.
   * @param wall wall clock, milliseconds; stamps the audit
   * @throws {StorageError} `storage.newer`: a later release made the file
   */
  static open(path: string, wall: () => number): SqliteStorage {
    try {
      ownFile(path);
      const database = new DatabaseSync(path, { timeout: busyTimeout });
      try {
        database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
        migrate(database);
        return new SqliteStorage(database, wall);
      } catch (error) {
        database.close();
        throw error;
      }
    } catch (error) {
      throw storageError(error);
    }
  }

  async customers(): Promise<readonly Customer[]> {
    return await this.#read(() => this.#all('SELECT * FROM customer ORDER BY id').map(readCustomer));
  }

  async customer(id: string): Promise<Customer | null> {
    return await this.#read(() => maybe(this.#get('SELECT * FROM customer WHERE id = ?', id), readCustomer));
  }

  async addCustomer({ id, state, mostZones, createdAt }: Customer, audit: AuditFacts): Promise<boolean> {
    return await this.#write(audit, () => {
      const sql =
        'INSERT INTO customer (id, state, most_zones, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING';
      return this.#run(sql, id, state, mostZones, createdAt) > 0 ? true : unchanged(false);
    });
  }

  async setCustomer(id: string, { state, mostZones }: CustomerChanges, audit: AuditFacts): Promise<boolean> {
    return await this.#write(audit, () => {
      const sql =
        'UPDATE customer SET state = coalesce(?, state), most_zones = coalesce(?, most_zones) WHERE id = ?';
      return this.#run(sql, state, mostZones, id) > 0 ? true : unchanged(false);
    });
  }

  async tokens(customer: string): Promise<readonly StoredToken[]> {
    const sql = 'SELECT * FROM token WHERE customer = ? ORDER BY created_at, id';
    return await this.#read(() => this.#all(sql, customer).map(readStoredToken));
  }

  async token(id: string): Promise<StoredToken | null> {
    return await this.#read(() => maybe(this.#get('SELECT * FROM token WHERE id = ?', id), readStoredToken));
  }

  async addToken(token: StoredToken, audit: AuditFacts): Promise<void> {
    const { id, customer, hash, label, rights, networks, createdAt, expiresAt } = token;
    await this.#write(audit, () => {
      const sql = `INSERT INTO token (id, customer, hash, label, rights, networks, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
      const [allowed, places] = [JSON.stringify(rights), JSON.stringify(networks)];
      this.#run(sql, id, customer, hash, label, allowed, places, createdAt, expiresAt);
    });
  }

  async revokeToken(id: string, at: number, audit: AuditFacts): Promise<boolean> {
    return await this.#write(audit, () => {
      const sql = 'UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL';
      return this.#run(sql, at, id) > 0 ? true : unchanged(false);
    });
  }

  async tokenUsed(id: string, at: number, from: string): Promise<void> {
    await this.#write(null, () => {
      this.#run('UPDATE token SET used_at = ?, used_from = ? WHERE id = ?', at, from, id);
    });
  }

  async operators(): Promise<readonly OperatorToken[]> {
    const sql = 'SELECT * FROM operator ORDER BY created_at, id';
    return await this.#read(() => this.#all(sql).map(readOperatorToken));
  }

  async operator(id: string): Promise<OperatorToken | null> {
    return await this.#read(() =>
      maybe(this.#get('SELECT * FROM operator WHERE id = ?', id), readOperatorToken),
    );
  }

  async addOperator(token: OperatorToken, audit: AuditFacts): Promise<void> {
    const { id, hash, label, networks, createdAt, expiresAt } = token;
    await this.#write(audit, () => {
      const sql = `INSERT INTO operator (id, hash, label, networks, created_at, expires_at)
        VALUES (?, ?, ?, ?, ?, ?)`;
      this.#run(sql, id, hash, label, JSON.stringify(networks), createdAt, expiresAt);
    });
  }

  async revokeOperator(id: string, at: number, audit: AuditFacts): Promise<boolean> {
    return await this.#write(audit, () => {
      const sql = 'UPDATE operator SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL';
      return this.#run(sql, at, id) > 0 ? true : unchanged(false);
    });
  }

  async operatorUsed(id: string, at: number, from: string): Promise<void> {
    await this.#write(null, () => {
      this.#run('UPDATE operator SET used_at = ?, used_from = ? WHERE id = ?', at, from, id);
    });
  }

  async zonesOf(customer: string): Promise<readonly DnsName[]> {
    const sql = 'SELECT * FROM zone WHERE customer = ? AND left_at IS NULL AND pending = 0 ORDER BY name';
    return await this.#read(() => this.#all(sql, customer).map((row) => readZoneOwner(row).zone));
  }

  async zone(zone: DnsName): Promise<ZoneOwner | null> {
    return await this.#read(() => this.#zone(zone));
  }

  async pendingClaims(): Promise<readonly ZoneOwner[]> {
    return await this.#read(() => this.#all('SELECT * FROM zone WHERE pending = 1').map(readZoneOwner));
  }

  async mayClaim(claim: ZoneClaim): Promise<Claim> {
    return await this.#read(() => this.#judge(claim));
  }

  async claimZone(claim: ZoneClaim, audit: AuditFacts): Promise<Claim> {
    const { zone, customer, at } = claim;
    return await this.#write<Claim>(audit, () => {
      const judged = this.#judge(claim);
      if (judged !== 'claimed' && judged !== 'reclaimed') return unchanged(judged);
      const sql = `INSERT INTO zone (name, reversed, customer, created_at, left_at, pending)
        VALUES (?, ?, ?, ?, NULL, 1)
        ON CONFLICT (name) DO UPDATE
        SET customer = excluded.customer, created_at = excluded.created_at, left_at = NULL, pending = 1`;
      this.#run(sql, zone, reversed(zone), customer, at);
      return judged;
    });
  }

  async confirmClaim(zone: DnsName, customer: string, audit: AuditFacts): Promise<void> {
    await this.#write(audit, () => {
      this.#run('UPDATE zone SET pending = 0 WHERE name = ? AND customer = ?', zone, customer);
    });
  }

  async dropClaim(zone: DnsName, customer: string, audit: AuditFacts): Promise<void> {
    await this.#write(audit, () => {
      this.#run('DELETE FROM zone WHERE name = ? AND customer = ? AND pending = 1', zone, customer);
    });
  }

  async releaseZone(zone: DnsName, customer: string, at: number, audit: AuditFacts): Promise<void> {
    await this.#write(audit, () => {
      const sql = 'UPDATE zone SET left_at = ?, pending = 0 WHERE name = ? AND customer = ?';
      this.#run(sql, at, zone, customer);
    });
  }

  async transferZone(zone: DnsName, to: string, audit: AuditFacts): Promise<boolean> {
    return await this.#write(audit, () => {
      const sql = 'UPDATE zone SET customer = ? WHERE name = ? AND left_at IS NULL AND pending = 0';
      return this.#run(sql, to, zone) > 0 ? true : unchanged(false);
    });
  }

  async change(token: string, key: string): Promise<StoredChange | null> {
    return await this.#read(() => this.#change(token, key));
  }

  async acceptChange(change: StoredChange, audit: AuditFacts): Promise<StoredChange | null> {
    const { customer, token, key, fingerprint, acceptedAt, outcome: _none, ...body } = change;
    return await this.#write(audit, () => {
      const earlier = this.#change(token, key);
      if (earlier !== null) return unchanged(earlier);
      const sql = `INSERT INTO change (customer, token, key, zone, fingerprint, body, accepted_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)`;
      this.#run(sql, customer, token, key, change.zone, fingerprint, JSON.stringify(body), acceptedAt);
      return null;
    });
  }

  async endChange(token: string, key: string, outcome: ChangeOutcome, audit: AuditFacts): Promise<void> {
    await this.#write(audit, () => {
      this.#end(token, key, outcome, this.#wall());
    });
  }

  async interruptChanges(at: number): Promise<readonly StoredChange[]> {
    return await this.#write(null, () => {
      const open = this.#all('SELECT * FROM change WHERE outcome IS NULL').map(readStoredChange);
      for (const { customer, key, token, from, zone } of open) {
        this.#end(token, key, { kind: 'interrupted' }, at);
        this.#log({ what: 'change.interrupted', customer, token, from, zone, detail: { key } });
      }
      return open;
    });
  }

  async pruneChanges(before: number): Promise<void> {
    await this.#write(null, () => {
      this.#run('DELETE FROM change WHERE ended_at < ?', before);
    });
  }

  async audit(after: number, most: number): Promise<readonly AuditEntry[]> {
    const sql = 'SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT ?';
    return await this.#read(() => this.#all(sql, after, most).map(readAuditEntry));
  }

  async counts(): Promise<StorageCounts> {
    const sql = `SELECT (SELECT count(*) FROM customer) AS customers,
      (SELECT count(*) FROM zone WHERE left_at IS NULL AND pending = 0) AS zones,
      (SELECT count(*) FROM zone WHERE pending = 1) AS claims,
      (SELECT count(*) FROM change WHERE outcome IS NULL) AS open_changes,
      (SELECT min(accepted_at) FROM change WHERE outcome IS NULL) AS oldest_change`;
    return await this.#read(() => readCounts(this.#get(sql)));
  }

  async close(): Promise<void> {
    await this.#read(() => this.#database.close());
  }

  #zone(zone: DnsName): ZoneOwner | null {
    return maybe(this.#get('SELECT * FROM zone WHERE name = ?', zone), readZoneOwner);
  }

  #change(token: string, key: string): StoredChange | null {
    return maybe(this.#get('SELECT * FROM change WHERE token = ? AND key = ?', token, key), readStoredChange);
  }

  #end(token: string, key: string, outcome: ChangeOutcome, at: number): void {
    const sql = 'UPDATE change SET outcome = ?, ended_at = ? WHERE token = ? AND key = ?';
    this.#run(sql, JSON.stringify(outcome), at, token, key);
  }

  #judge(claim: ZoneClaim): Claim {
    const { zone, customer } = claim;
    const now = this.#zone(zone);
    if (now !== null && now.customer === customer && now.leftAt === null)
      return now.isPending ? 'pending' : 'ours';
    const foreign = this.#foreign(claim);
    if (foreign !== null) return { foreign };
    const count = this.#get(
      'SELECT count(*) AS n FROM zone WHERE customer = ? AND left_at IS NULL',
      customer,
    );
    const most = this.#get('SELECT most_zones AS n FROM customer WHERE id = ?', customer);
    if (Number(count?.['n']) >= Number(most?.['n'])) return 'limit';
    return now?.customer === customer ? 'reclaimed' : 'claimed';
  }

  /** A zone of another customer that has the same name, or is above or below it; null: there is none. */
  #foreign({ zone, customer, at, quarantine }: ZoneClaim): DnsName | null {
    const held = `customer <> ? AND (left_at IS NULL OR left_at > ?)`;
    const since = at - quarantine;
    for (const one of [zone, ...namesAbove(zone)]) {
      const row = this.#get(`SELECT * FROM zone WHERE name = ? AND ${held}`, one, customer, since);
      if (row !== undefined) return readZoneOwner(row).zone;
    }
    const [from, to] = rangeBelow(zone);
    const below = `SELECT * FROM zone WHERE reversed > ? AND reversed < ? AND ${held} LIMIT 1`;
    return maybe(this.#get(below, from, to, customer, since), readZoneOwner)?.zone ?? null;
  }

  #log(facts: AuditFacts): void {
    const last = this.#get('SELECT hash FROM audit ORDER BY number DESC LIMIT 1');
    const before = typeof last?.['hash'] === 'string' ? last['hash'] : noHash;
    const [at, body] = [this.#wall(), JSON.stringify(facts)];
    this.#run('INSERT INTO audit (at, body, hash) VALUES (?, ?, ?)', at, body, chained(before, at, body));
  }

  async #read<T>(body: () => T): Promise<T> {
    try {
      return await Promise.resolve(body());
    } catch (error) {
      throw storageError(error);
    }
  }

  /** @param audit is stored in the same transaction, unless the body changes nothing; null: no entry */
  async #write<T>(audit: AuditFacts | null, body: () => T | Unchanged<T>): Promise<T> {
    return await this.#read(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const value = body();
        const isUnchanged = value instanceof Unchanged;
        if (audit !== null && !isUnchanged) this.#log(audit);
        this.#database.exec('COMMIT');
        return isUnchanged ? value.value : value;
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #get(sql: string, ...values: SQLInputValue[]): Readonly<Record<string, unknown>> | undefined {
    return this.#statement(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): readonly unknown[] {
    return this.#statement(sql).all(...values);
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }
}

/**
 * Makes the file, which only its owner can read. SQLite gives its further files the same mode.
 * @throws {StorageError} `storage.other-user`: another user of the system has made the file
 */
function ownFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  const { uid, mode } = statSync(path);
  if (uid !== process.getuid?.()) throw new StorageError('storage.other-user', new Error(path));
  if ((mode & 0o077) !== 0) chmodSync(path, 0o600);
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

/**
 * The hash of an entry of the audit.
 * @param before hash of the entry before it
 * @param body the entry's facts as stored
 */
export function chained(before: string, at: number, body: string): string {
  return createHash('sha256').update(`${before}\n${at}\n${body}`).digest('hex');
}

function maybe<T>(row: unknown, read: (row: unknown) => T): T | null {
  return row === undefined ? null : read(row);
}

/** The labels in reverse order, so that all names below a zone stand together: `org.example.www.`. */
function reversed(zone: DnsName): string {
  return `${labels(zone).toReversed().join('.')}.`;
}

/** The range of {@link reversed} names below a zone. The character after the dot is the slash. */
function rangeBelow(zone: DnsName): [string, string] {
  if (zone === '.') return ['.', '\u{10ffff}'];
  const prefix = reversed(zone);
  return [prefix, `${prefix.slice(0, -1)}/`];
}

function storageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  return new StorageError('storage.failed', error);
}
