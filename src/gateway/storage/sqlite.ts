import type { DnsName } from '../../dns/name.ts';
import { growthIn, growthOf } from './record-growth.ts';
import { reversed } from './reversed-name.ts';
import {
  readAuditEntry,
  readAuditLink,
  readCounts,
  readCustomer,
  readOperatorToken,
  readStoredChange,
  readStoredToken,
  readZoneOwner,
} from './rows.ts';
import { maybe, SqliteDatabase, unchanged } from './sqlite-database.ts';
import {
  addGrant,
  countWrite,
  grantsBelow,
  judgeClaim,
  transfer,
  validCode,
  zoneOwner,
} from './sqlite-zones.ts';
import type {
  AuditEntry,
  AuditFacts,
  AuditHead,
  AuditLink,
  ChangeOutcome,
  Claim,
  Customer,
  CustomerChanges,
  Erasure,
  LimitReached,
  OperatorToken,
  Rotation,
  Storage,
  StorageCounts,
  StoredChange,
  StoredToken,
  TakenCode,
  TransferCode,
  Transferred,
  ZoneClaim,
  ZoneGrant,
  ZoneOwner,
  ZoneTransfer,
} from './storage.ts';

/** Storage in one SQLite file (write-ahead log, each commit synced), for one gateway. */
export class SqliteStorage implements Storage {
  readonly #database: SqliteDatabase;
  readonly #wall: () => number;

  private constructor(database: SqliteDatabase, wall: () => number) {
    this.#database = database;
    this.#wall = wall;
  }

  /**
   * Opens the file, or makes it.
   * @param wall wall clock, milliseconds; stamps the audit
   * @throws {StorageError} `storage.newer`: a later release made the file
   */
  static open(path: string, wall: () => number): SqliteStorage {
    return new SqliteStorage(SqliteDatabase.open(path, wall), wall);
  }

  async customers(): Promise<readonly Customer[]> {
    return await this.#all('SELECT * FROM customer ORDER BY id', [], readCustomer);
  }

  async customer(id: string): Promise<Customer | null> {
    return await this.#one('SELECT * FROM customer WHERE id = ?', [id], readCustomer);
  }

  async addCustomer({ id, state, limits, createdAt }: Customer, audit: AuditFacts): Promise<boolean> {
    const sql = `INSERT INTO customer (id, state, most_zones, most_tokens, most_records, most_rrset_records,
      most_rrset_octets, most_writes_minute, most_writes_day, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
    return await this.#change(audit, sql, [id, state, ...limitValues(limits), createdAt]);
  }

  async setCustomer(id: string, { state, limits }: CustomerChanges, audit: AuditFacts): Promise<boolean> {
    return await this.#database.write(audit, () => {
      const now = maybe(this.#database.get('SELECT * FROM customer WHERE id = ?', id), readCustomer);
      if (now === null) return unchanged(false);
      const sql = `UPDATE customer SET state = ?, most_zones = ?, most_tokens = ?, most_records = ?,
        most_rrset_records = ?, most_rrset_octets = ?, most_writes_minute = ?, most_writes_day = ? WHERE id = ?`;
      this.#database.run(sql, state ?? now.state, ...limitValues({ ...now.limits, ...limits }), id);
      return true;
    });
  }

  async tokens(customer: string): Promise<readonly StoredToken[]> {
    const sql = 'SELECT * FROM token WHERE customer = ? ORDER BY created_at, id';
    return await this.#all(sql, [customer], readStoredToken);
  }

  async token(id: string): Promise<StoredToken | null> {
    return await this.#one('SELECT * FROM token WHERE id = ?', [id], readStoredToken);
  }

  async addToken(token: StoredToken, audit: AuditFacts): Promise<LimitReached | null> {
    const { id, customer, hash, label, createdAt, expiresAt, idle, maker } = token;
    return await this.#database.write(audit, () => {
      const inUse = `SELECT count(*) >= (SELECT most_tokens FROM customer WHERE id = ?1) AS full FROM token
        WHERE customer = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2)`;
      if (this.#database.get(inUse, customer, createdAt)?.['full'] === 1)
        return unchanged({ limit: 'tokens' });
      const sql = `INSERT INTO token (id, customer, hash, label, rights, networks, created_at, expires_at, idle,
        maker, makes_tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
      const [allowed, places] = [JSON.stringify(token.rights), JSON.stringify(token.networks)];
      const times = [createdAt, expiresAt, idle] as const;
      const makes = token.makesTokens ? 1 : 0;
      this.#database.run(sql, id, customer, hash, label, allowed, places, ...times, maker, makes);
      return null;
    });
  }

  async rotateToken(id: string, { hash, until }: Rotation, audit: AuditFacts): Promise<boolean> {
    const sql = `UPDATE token SET previous_hash = hash, previous_until = ?, hash = ?
      WHERE id = ? AND revoked_at IS NULL`;
    return await this.#change(audit, sql, [until, hash, id]);
  }

  async revokeToken(id: string, at: number, audit: AuditFacts): Promise<boolean> {
    const sql = 'UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL';
    return await this.#change(audit, sql, [at, id]);
  }

  async tokenUsed(id: string, at: number, from: string): Promise<void> {
    await this.#change(null, 'UPDATE token SET used_at = ?, used_from = ? WHERE id = ?', [at, from, id]);
  }

  async allZones(): Promise<readonly ZoneOwner[]> {
    return await this.#all('SELECT * FROM zone WHERE left_at IS NULL ORDER BY name', [], readZoneOwner);
  }

  async operators(): Promise<readonly OperatorToken[]> {
    return await this.#all('SELECT * FROM operator ORDER BY created_at, id', [], readOperatorToken);
  }

  async operator(id: string): Promise<OperatorToken | null> {
    return await this.#one('SELECT * FROM operator WHERE id = ?', [id], readOperatorToken);
  }

  async addOperator(token: OperatorToken, audit: AuditFacts): Promise<void> {
    const { id, hash, label, networks, createdAt, expiresAt } = token;
    const sql = `INSERT INTO operator (id, hash, label, networks, created_at, expires_at)
      VALUES (?, ?, ?, ?, ?, ?)`;
    await this.#change(audit, sql, [id, hash, label, JSON.stringify(networks), createdAt, expiresAt]);
  }

  async revokeOperator(id: string, at: number, audit: AuditFacts): Promise<boolean> {
    const sql = 'UPDATE operator SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL';
    return await this.#change(audit, sql, [at, id]);
  }

  async operatorUsed(id: string, at: number, from: string): Promise<void> {
    await this.#change(null, 'UPDATE operator SET used_at = ?, used_from = ? WHERE id = ?', [at, from, id]);
  }

  async zonesOf(customer: string): Promise<readonly DnsName[]> {
    const sql = 'SELECT * FROM zone WHERE customer = ? AND left_at IS NULL AND pending = 0 ORDER BY name';
    return (await this.#all(sql, [customer], readZoneOwner)).map(({ zone }) => zone);
  }

  async zone(zone: DnsName): Promise<ZoneOwner | null> {
    return await this.#database.read(() => zoneOwner(this.#database, zone));
  }

  async pendingClaims(): Promise<readonly ZoneOwner[]> {
    return await this.#all('SELECT * FROM zone WHERE pending = 1', [], readZoneOwner);
  }

  async mayClaim(claim: ZoneClaim): Promise<Claim> {
    return await this.#database.read(() => judgeClaim(this.#database, claim));
  }

  async claimZone(claim: ZoneClaim, audit: AuditFacts): Promise<Claim> {
    const { zone, customer, at } = claim;
    return await this.#database.write<Claim>(audit, () => {
      const judged = judgeClaim(this.#database, claim);
      if (judged !== 'claimed' && judged !== 'reclaimed') return unchanged(judged);
      const limited = countWrite(this.#database, customer, at);
      if (limited !== null) return unchanged(limited);
      const sql = `INSERT INTO zone (name, reversed, customer, created_at, left_at, pending, records)
        VALUES (?, ?, ?, ?, NULL, 1, NULL)
        ON CONFLICT (name) DO UPDATE SET customer = excluded.customer, created_at = excluded.created_at,
          left_at = NULL, pending = 1, records = NULL`;
      this.#database.run(sql, zone, reversed(zone), customer, at);
      return judged;
    });
  }

  async confirmClaim(zone: DnsName, customer: string, audit: AuditFacts): Promise<void> {
    await this.#database.write(audit, () => {
      this.#database.run('UPDATE zone SET pending = 0 WHERE name = ? AND customer = ?', zone, customer);
    });
  }

  async dropClaim(zone: DnsName, customer: string, audit: AuditFacts): Promise<void> {
    await this.#database.write(audit, () => {
      const sql = 'DELETE FROM zone WHERE name = ? AND customer = ? AND pending = 1';
      this.#database.run(sql, zone, customer);
    });
  }

  async acceptDelete(
    zone: DnsName,
    customer: string,
    at: number,
    audit: AuditFacts,
  ): Promise<LimitReached | null> {
    return await this.#database.write({ ...audit, zone }, () => {
      const limited = countWrite(this.#database, customer, at);
      return limited === null ? null : unchanged(limited);
    });
  }

  async releaseZone(zone: DnsName, customer: string, at: number, audit: AuditFacts): Promise<void> {
    await this.#database.write(audit, () => {
      const sql = 'UPDATE zone SET left_at = ?, pending = 0, records = NULL WHERE name = ? AND customer = ?';
      this.#database.run(sql, at, zone, customer);
      this.#database.run('DELETE FROM transfer_code WHERE zone = ? AND customer = ?', zone, customer);
    });
  }

  async countRecords(zone: DnsName, records: number): Promise<void> {
    await this.#change(null, 'UPDATE zone SET records = ? WHERE name = ?', [records, zone]);
  }

  async transferZone(asked: ZoneTransfer, audit: AuditFacts): Promise<Transferred> {
    return await this.#database.write<Transferred>(null, () => {
      const done = transfer(this.#database, asked, audit);
      return typeof done === 'object' && 'moved' in done ? done : unchanged(done);
    });
  }

  async addTransferCode(code: TransferCode, audit: AuditFacts): Promise<boolean> {
    const { hash, zone, customer, withBelow, expiresAt } = code;
    return await this.#database.write(audit, () => {
      const owner = zoneOwner(this.#database, zone);
      if (owner?.customer !== customer || owner.leftAt !== null || owner.isPending) return unchanged(false);
      const sql = `INSERT INTO transfer_code (hash, zone, customer, with_below, expires_at)
        VALUES (?, ?, ?, ?, ?) ON CONFLICT (zone) DO UPDATE SET hash = excluded.hash,
          customer = excluded.customer, with_below = excluded.with_below, expires_at = excluded.expires_at`;
      this.#database.run(sql, hash, zone, customer, withBelow ? 1 : 0, expiresAt);
      return true;
    });
  }

  async takeTransferCode({ hash, zone, to, at }: TakenCode, audit: AuditFacts): Promise<Transferred> {
    return await this.#database.write<Transferred>(null, () => {
      const code = validCode(this.#database, hash, at);
      if (code?.zone !== zone) return unchanged('missing');
      const facts = { ...audit, detail: { from: code.customer } };
      const done = transfer(this.#database, { ...code, to }, facts);
      return typeof done === 'object' && 'moved' in done ? done : unchanged(done);
    });
  }

  async grants(parent: DnsName): Promise<readonly ZoneGrant[]> {
    return await this.#database.read(() => grantsBelow(this.#database, parent));
  }

  async addGrant(
    grant: Pick<ZoneGrant, 'parent' | 'child' | 'customer' | 'createdAt'>,
    audit: AuditFacts,
  ): Promise<boolean> {
    return await this.#database.write(audit, () =>
      addGrant(this.#database, grant) ? true : unchanged(false),
    );
  }

  async revokeGrant(
    { parent, child, customer }: Pick<ZoneGrant, 'parent' | 'child' | 'customer'>,
    at: number,
    audit: AuditFacts,
  ): Promise<boolean> {
    const sql = `UPDATE zone_grant SET revoked_at = ?
      WHERE parent = ? AND child = ? AND customer = ? AND revoked_at IS NULL`;
    return await this.#change(audit, sql, [at, parent, child, customer]);
  }

  async change(token: string, key: string): Promise<StoredChange | null> {
    return await this.#database.read(() => this.#stored(token, key));
  }

  async acceptChange(change: StoredChange, audit: AuditFacts): Promise<StoredChange | LimitReached | null> {
    const { customer, token, key, from, fingerprint, acceptedAt, outcome: _none, ...body } = change;
    return await this.#database.write<StoredChange | LimitReached | null>(audit, () => {
      const earlier = this.#stored(token, key);
      if (earlier !== null) return unchanged(earlier);
      const limited = this.#limitOf(change);
      if (limited !== null) return unchanged(limited);
      const sql = `INSERT INTO change (customer, token, key, zone, client, fingerprint, body, accepted_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
      const values = [customer, token, key, change.zone, from, fingerprint, JSON.stringify(body)];
      this.#database.run(sql, ...values, acceptedAt);
      this.#grow(change.zone, growthOf(change));
      return null;
    });
  }

  async endChange(token: string, key: string, outcome: ChangeOutcome, audit: AuditFacts): Promise<void> {
    await this.#database.write(audit, () => {
      const change = this.#stored(token, key);
      if (change !== null) this.#end(change, outcome, this.#wall());
    });
  }

  async interruptChanges(at: number): Promise<readonly StoredChange[]> {
    return await this.#database.write(null, () => {
      const open = this.#database.all('SELECT * FROM change WHERE outcome IS NULL').map(readStoredChange);
      for (const one of open) {
        const { customer, key, token, from, zone } = one;
        this.#end(one, { kind: 'interrupted' }, at);
        const what = 'change.interrupted';
        this.#database.log({ what, customer, token, from, zone, detail: { key } });
      }
      return open;
    });
  }

  async pruneChanges(before: number): Promise<void> {
    await this.#change(null, 'DELETE FROM change WHERE ended_at < ?', [before]);
  }

  async audit(after: number, most: number): Promise<readonly AuditEntry[]> {
    const sql = 'SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT ?';
    return await this.#all(sql, [after, most], readAuditEntry);
  }

  async counts(): Promise<StorageCounts> {
    const sql = `SELECT (SELECT count(*) FROM customer) AS customers,
      (SELECT count(*) FROM zone WHERE left_at IS NULL AND pending = 0) AS zones,
      (SELECT count(*) FROM zone WHERE pending = 1) AS claims,
      (SELECT count(*) FROM change WHERE outcome IS NULL) AS open_changes,
      (SELECT min(accepted_at) FROM change WHERE outcome IS NULL) AS oldest_change`;
    return await this.#database.read(() => readCounts(this.#database.get(sql)));
  }

  async auditHead(): Promise<AuditHead> {
    return await this.#database.read(() => this.#database.head());
  }

  async auditLinks(after: number, most: number): Promise<readonly AuditLink[]> {
    const sql = 'SELECT * FROM audit WHERE number > ? ORDER BY number LIMIT ?';
    return await this.#all(sql, [after, most], readAuditLink);
  }

  async eraseAddresses({ before, client, customer }: Erasure, audit: AuditFacts | null): Promise<number> {
    const of = (time: string, address: string, owner: string): string =>
      `${time} < ?1 AND (?2 IS NULL OR ${address} = ?2) AND (?3 IS NULL OR ${owner} = ?3)`;
    const values = [before ?? Number.MAX_SAFE_INTEGER, client, customer] as const;
    return await this.#database.write(audit, () => {
      const entries = of('at', 'client', "json_extract(body, '$.customer')");
      const changes = of('accepted_at', 'client', 'customer');
      const uses = of('used_at', 'used_from', 'customer');
      this.#database.run(`UPDATE change SET client = '' WHERE client <> '' AND ${changes}`, ...values);
      this.#database.run(`UPDATE token SET used_from = '' WHERE used_from <> '' AND ${uses}`, ...values);
      const operators = of('used_at', 'used_from', 'NULL');
      this.#database.run(
        `UPDATE operator SET used_from = '' WHERE used_from <> '' AND ${operators}`,
        ...values,
      );
      const sql = `UPDATE audit SET client = NULL, salt = NULL WHERE client IS NOT NULL AND ${entries}`;
      return this.#database.run(sql, ...values);
    });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  /** The limit that the change would exceed; null: it is counted as a write. */
  #limitOf(change: StoredChange): LimitReached | null {
    const { customer, zone, remove, add, acceptedAt } = change;
    if (remove.length + add.length === 0) return null;
    const growth = growthOf(change);
    const sql =
      'SELECT records + ? <= (SELECT most_records FROM customer WHERE id = ?) AS fits FROM zone WHERE name = ?';
    const row = growth > 0 ? this.#database.get(sql, growth, customer, zone) : undefined;
    if (row !== undefined && row['fits'] !== 1) return { limit: 'records' };
    return countWrite(this.#database, customer, acceptedAt);
  }

  #grow(zone: DnsName, by: number | null): void {
    this.#database.run('UPDATE zone SET records = records + ? WHERE name = ?', by, zone);
  }

  #end(change: StoredChange, outcome: ChangeOutcome, at: number): void {
    const { token, key, zone } = change;
    const sql = 'UPDATE change SET outcome = ?, ended_at = ? WHERE token = ? AND key = ?';
    this.#database.run(sql, JSON.stringify(outcome), at, token, key);
    // Its growth was added when it was accepted.
    const grown = growthIn({ ...change, outcome });
    this.#grow(zone, grown === null ? null : grown - growthOf(change));
  }

  #stored(token: string, key: string): StoredChange | null {
    const sql = 'SELECT * FROM change WHERE token = ? AND key = ?';
    return maybe(this.#database.get(sql, token, key), readStoredChange);
  }

  async #one<T>(sql: string, values: readonly Value[], read: (row: unknown) => T): Promise<T | null> {
    return await this.#database.read(() => maybe(this.#database.get(sql, ...values), read));
  }

  async #all<T>(sql: string, values: readonly Value[], read: (row: unknown) => T): Promise<readonly T[]> {
    return await this.#database.read(() => this.#database.all(sql, ...values).map(read));
  }

  /** @returns false: no row was changed, so nothing goes into the audit */
  async #change(audit: AuditFacts | null, sql: string, values: readonly Value[]): Promise<boolean> {
    return await this.#database.write(audit, () =>
      this.#database.run(sql, ...values) > 0 ? true : unchanged(false),
    );
  }
}

type Value = string | number | null;

/** In the order of the columns of `customer`. */
function limitValues(limits: Customer['limits']): readonly number[] {
  const { zones, tokens, records, recordsInRrset, octetsInRrset, writesInMinute, writesInDay } = limits;
  return [zones, tokens, records, recordsInRrset, octetsInRrset, writesInMinute, writesInDay];
}
