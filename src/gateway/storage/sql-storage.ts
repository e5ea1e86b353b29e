import { randomBytes } from 'node:crypto';
import type { DnsName } from '../../dns/name.ts';
import { noHead } from './audit-chain.ts';
import { AuditedDatabase, maybe, type AuditedTransaction, type StorageFacts } from './audited-database.ts';
import { unchanged, type Database, type SqlValue, type Unchanged } from './database.ts';
import type { Rights } from '../rights/decide.ts';
import {
  readAuditEntry,
  readAuditHead,
  readAuditLink,
  readCounts,
  readCustomer,
  readOperatorToken,
  readStoredToken,
  readZoneOwner,
} from './rows.ts';
import { auditRows, eraseAddresses } from './sql-audit.ts';
import { addChange, addDone, endStored, interrupt, storedChange } from './sql-changes.ts';
import { addCustomer, setCustomer } from './sql-customers.ts';
import { addToken, replaceRights } from './sql-tokens.ts';
import {
  addGrant,
  countWrite,
  grantsBelow,
  judgeClaim,
  repeatClaim,
  storeClaim,
  transfer,
  validCode,
  voidCodes,
  zoneOwner,
} from './sql-zones.ts';
import type {
  AuditEntry,
  AuditFacts,
  AuditHead,
  AuditLink,
  ChangeOutcome,
  Claim,
  Customer,
  CustomerChanges,
  DriftStorage,
  Erasure,
  LimitReached,
  ListPart,
  NewCustomer,
  OperatorToken,
  Rotation,
  Storage,
  StorageCounts,
  StoredChange,
  StoredToken,
  TakenCode,
  TokenPosition,
  TransferCode,
  Transferred,
  ZoneClaim,
  ZoneGrant,
  ZoneLease,
  ZoneOwner,
  ZoneTransfer,
} from './storage.ts';
import { beforeFirstCheck, pruneEnded, SqlDrift } from './sql-drift.ts';

/** All entries of a list. */
const wholeList = { after: null, most: Number.MAX_SAFE_INTEGER } as const;

/** Storage in any SQL database. */
export class SqlStorage implements Storage {
  readonly isShared: boolean;
  readonly drift: DriftStorage;
  readonly #database: AuditedDatabase;
  /** Identifies this process as the holder of zones. */
  readonly #owner: string;

  constructor(database: Database, facts: StorageFacts) {
    this.#database = new AuditedDatabase(database, facts);
    this.isShared = database.leases !== null;
    this.drift = new SqlDrift(this.#database);
    this.#owner = `${facts.gateway} ${randomBytes(8).toString('hex')}`;
  }

  async customers({ after, most }: ListPart = wholeList): Promise<readonly Customer[]> {
    const sql = 'SELECT * FROM customer WHERE id > ? ORDER BY id LIMIT ?';
    return await this.#all(sql, [after ?? '', most], readCustomer);
  }

  async customer(id: string): Promise<Customer | null> {
    return await this.#one('SELECT * FROM customer WHERE id = ?', [id], readCustomer);
  }

  async addCustomer(customer: NewCustomer, audit: AuditFacts): Promise<boolean> {
    return await this.#database.write(audit, async (tx) =>
      (await addCustomer(tx, customer)) ? true : unchanged(false),
    );
  }

  async setCustomer(id: string, changes: CustomerChanges, audit: AuditFacts): Promise<boolean> {
    return await this.#database.write(audit, async (tx) =>
      (await setCustomer(tx, id, changes)) ? true : unchanged(false),
    );
  }

  async tokens(
    customer: string,
    { after, most }: ListPart<TokenPosition> = wholeList,
  ): Promise<readonly StoredToken[]> {
    const sql = `SELECT * FROM token WHERE customer = ? AND (created_at, id) > (?, ?)
      ORDER BY created_at, id LIMIT ?`;
    const { createdAt, id } = after ?? { createdAt: -1, id: '' };
    return await this.#all(sql, [customer, createdAt, id, most], readStoredToken);
  }

  async token(id: string): Promise<StoredToken | null> {
    return await this.#one('SELECT * FROM token WHERE id = ?', [id], readStoredToken);
  }

  async addToken(token: StoredToken, audit: AuditFacts): Promise<LimitReached | null> {
    return await this.#database.write<LimitReached | null>(audit, async (tx) => {
      const reached = await addToken(tx, token);
      return reached === null ? null : unchanged(reached);
    });
  }

  async rotateToken(id: string, { hash, until }: Rotation, audit: AuditFacts): Promise<boolean> {
    const sql = `UPDATE token SET previous_hash = hash, previous_until = ?, hash = ?
      WHERE id = ? AND revoked_at IS NULL`;
    return await this.#endCodes(audit, id, sql, [until, hash, id]);
  }

  async revokeToken(id: string, at: number, audit: AuditFacts): Promise<boolean> {
    const sql = 'UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL';
    return await this.#endCodes(audit, id, sql, [at, id]);
  }

  async replaceRights(id: string, present: Rights, rights: Rights, audit: AuditFacts): Promise<boolean> {
    return await this.#database.write(audit, async (tx) =>
      (await replaceRights(tx, id, present, rights)) ? true : unchanged(false),
    );
  }

  async tokenUsed(id: string, at: number, from: string): Promise<void> {
    await this.#change(null, 'UPDATE token SET used_at = ?, used_from = ? WHERE id = ?', [at, from, id]);
  }

  async allZones(): Promise<readonly ZoneOwner[]> {
    return await this.#all(
      'SELECT * FROM zone WHERE left_at IS NULL OR pending = 1 ORDER BY name',
      [],
      readZoneOwner,
    );
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
    return (await this.ownedBy(customer)).map(({ zone }) => zone);
  }

  async ownedBy(customer: string, { after, most }: ListPart = wholeList): Promise<readonly ZoneOwner[]> {
    const sql = `SELECT * FROM zone WHERE customer = ? AND left_at IS NULL AND pending = 0 AND name > ?
      ORDER BY name LIMIT ?`;
    return await this.#all(sql, [customer, after ?? '', most], readZoneOwner);
  }

  async zone(zone: DnsName): Promise<ZoneOwner | null> {
    return await this.#database.read(async (tx) => await zoneOwner(tx, zone));
  }

  async pendingClaims(): Promise<readonly ZoneOwner[]> {
    const sql = `SELECT * FROM zone WHERE pending = 1 ${this.#database.unheld('zone.name')}`;
    return await this.#all(sql, [], readZoneOwner);
  }

  async mayClaim(claim: ZoneClaim): Promise<Claim> {
    return await this.#database.read(async (tx) => await judgeClaim(tx, claim));
  }

  async claimZone(claim: ZoneClaim, audit: AuditFacts, lease: ZoneLease | null): Promise<Claim> {
    const { customer, at } = claim;
    return await this.#decide<Claim>(audit, lease, async (tx) => {
      const judged = await judgeClaim(tx, claim);
      if (judged === 'pending') return await repeatClaim(tx, claim);
      if (judged !== 'claimed' && judged !== 'reclaimed') return unchanged(judged);
      const limited = await countWrite(tx, customer, at);
      if (limited !== null) return unchanged(limited);
      await storeClaim(tx, claim, at + beforeFirstCheck);
      return judged;
    });
  }

  async confirmClaim(
    zone: DnsName,
    customer: string,
    audit: AuditFacts,
    lease: ZoneLease | null,
    done: StoredChange | null = null,
  ): Promise<void> {
    await this.#decide(audit, lease, async (tx) => {
      const sql =
        'UPDATE zone SET pending = 0, left_at = NULL WHERE name = ? AND customer = ? AND pending = 1';
      await tx.run(sql, zone, customer);
      if (done !== null) await addDone(tx, done, this.#database.wall());
    });
  }

  async dropClaim(
    zone: DnsName,
    customer: string,
    audit: AuditFacts,
    lease: ZoneLease | null,
  ): Promise<void> {
    await this.#decide(audit, lease, async (tx) => {
      const claimed = 'name = ? AND customer = ? AND pending = 1';
      const before = `UPDATE zone SET pending = 0 WHERE ${claimed} AND left_at IS NOT NULL`;
      await tx.run(before, zone, customer);
      await tx.run(`DELETE FROM zone WHERE ${claimed}`, zone, customer);
    });
  }

  async acceptDelete(
    zone: DnsName,
    customer: string,
    at: number,
    audit: AuditFacts,
    lease: ZoneLease | null,
  ): Promise<LimitReached | null> {
    return await this.#database.write({ ...audit, zone }, async (tx) => {
      await tx.demandHeld(lease);
      const limited = await countWrite(tx, customer, at);
      return limited === null ? null : unchanged(limited);
    });
  }

  async releaseZone(
    zone: DnsName,
    customer: string,
    at: number,
    audit: AuditFacts,
    lease: ZoneLease | null,
    done: StoredChange | null = null,
  ): Promise<void> {
    await this.#decide(audit, lease, async (tx) => {
      const sql = 'UPDATE zone SET left_at = ?, pending = 0, records = NULL WHERE name = ? AND customer = ?';
      await tx.run(sql, at, zone, customer);
      await tx.run('DELETE FROM transfer_code WHERE zone = ? AND customer = ?', zone, customer);
      await tx.run('DELETE FROM zone_check WHERE zone = ?', zone);
      if (done !== null) await addDone(tx, done, this.#database.wall());
    });
  }

  async countRecords(zone: DnsName, records: number, lease: ZoneLease): Promise<void> {
    await this.#database.write(null, async (tx) => {
      await tx.demandHeld(lease);
      await tx.run('UPDATE zone SET records = ? WHERE name = ?', records, zone);
    });
  }

  async transferZone(asked: ZoneTransfer, audit: AuditFacts): Promise<Transferred> {
    return await this.#decide<Transferred>(null, null, async (tx) => {
      const done = await transfer(tx, asked, audit);
      return typeof done === 'object' && 'moved' in done ? done : unchanged(done);
    });
  }

  async addTransferCode(code: TransferCode, audit: AuditFacts): Promise<boolean> {
    const { hash, zone, customer, withBelow, expiresAt } = code;
    return await this.#decide(audit, null, async (tx) => {
      const owner = await zoneOwner(tx, zone);
      if (owner?.customer !== customer || owner.leftAt !== null || owner.isPending) return unchanged(false);
      const sql = `INSERT INTO transfer_code (hash, zone, customer, with_below, expires_at)
        VALUES (?, ?, ?, ?, ?) ON CONFLICT (zone) DO UPDATE SET hash = excluded.hash,
          customer = excluded.customer, with_below = excluded.with_below, expires_at = excluded.expires_at`;
      await tx.run(sql, hash, zone, customer, withBelow ? 1 : 0, expiresAt);
      return true;
    });
  }

  async hasTransferCode({ hash, zone, at }: Omit<TakenCode, 'to'>): Promise<boolean> {
    return await this.#database.read(async (tx) => (await validCode(tx, hash, at))?.zone === zone);
  }

  async takeTransferCode({ hash, zone, to, at }: TakenCode, audit: AuditFacts): Promise<Transferred> {
    return await this.#decide<Transferred>(null, null, async (tx) => {
      const code = await validCode(tx, hash, at);
      if (code?.zone !== zone) return unchanged('missing');
      const facts = { ...audit, detail: { from: code.customer } };
      const done = await transfer(tx, { ...code, to }, facts);
      return typeof done === 'object' && 'moved' in done ? done : unchanged(done);
    });
  }

  async grants(parent: DnsName): Promise<readonly ZoneGrant[]> {
    return await this.#database.read(async (tx) => await grantsBelow(tx, parent));
  }

  async addGrant(
    grant: Pick<ZoneGrant, 'parent' | 'child' | 'customer' | 'createdAt'>,
    audit: AuditFacts,
  ): Promise<boolean> {
    return await this.#decide(audit, null, async (tx) => {
      return (await addGrant(tx, grant)) ? true : unchanged(false);
    });
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

  async takeZone(zone: DnsName, ttl: number): Promise<ZoneLease | 'busy'> {
    const { leases, wall } = this.#database;
    const owner = this.#owner;
    if (leases === null) return { zone, owner, fence: 0 };
    const work = async (tx: AuditedTransaction): Promise<ZoneLease | 'busy'> => {
      const fence = await leases.take(tx, zone, owner, ttl);
      if (fence === null) return 'busy';
      // An earlier holder has lost the zone. Only now is it certain that it stores no outcome any more.
      const open = await tx.all('SELECT * FROM change WHERE zone = ? AND outcome IS NULL', zone);
      await interrupt(tx, open, wall());
      return { zone, owner, fence };
    };
    // A power loss may undo the lease. But before anything is sent, a durable transaction must find it.
    return await this.#database.write(null, work, 'soon');
  }

  async leaveZone(lease: ZoneLease): Promise<void> {
    const { leases } = this.#database;
    if (leases === null) return;
    const work = async (tx: AuditedTransaction): Promise<void> => await leases.leave(tx, lease);
    await this.#database.write(null, work, 'soon');
  }

  async change(token: string, key: string): Promise<StoredChange | null> {
    return await this.#database.read(async (tx) => await storedChange(tx, token, key));
  }

  async acceptChange(
    change: StoredChange,
    audit: AuditFacts,
    lease: ZoneLease,
  ): Promise<StoredChange | LimitReached | null> {
    return await this.#database.write<StoredChange | LimitReached | null>(audit, async (tx) => {
      await tx.demandHeld(lease);
      const other = await addChange(tx, change);
      return other === null ? null : unchanged(other);
    });
  }

  async withdrawKey(change: StoredChange, audit: AuditFacts): Promise<'stored' | 'own' | 'used'> {
    const { customer, zone } = change;
    // The owners are locked, so a claim comes before this or sees what this has stored.
    return await this.#decide<'stored' | 'own' | 'used'>(audit, null, async (tx) => {
      const owner = await zoneOwner(tx, zone);
      if (owner?.customer === customer && owner.leftAt === null) return unchanged('own');
      return (await addChange(tx, change)) === null ? 'stored' : unchanged('used');
    });
  }

  async endChange(
    { token, key }: Pick<StoredChange, 'token' | 'key'>,
    outcome: ChangeOutcome,
    audit: AuditFacts,
    lease: ZoneLease | null,
  ): Promise<boolean> {
    const { leases, wall } = this.#database;
    return await this.#database.write(null, async (tx) => {
      const isHeld = leases === null || lease === null || (await leases.isHeld(tx, lease));
      const change = isHeld ? await storedChange(tx, token, key) : null;
      const isEnded = change !== null && (await endStored(tx, change, outcome, wall()));
      await tx.log(isEnded ? audit : { ...audit, what: `${audit.what}.late` });
      return isEnded;
    });
  }

  async interruptChanges(): Promise<readonly StoredChange[]> {
    const sql = `SELECT * FROM change WHERE outcome IS NULL ${this.#database.unheld('change.zone')}`;
    return await this.#database.write(null, async (tx) =>
      interrupt(tx, await tx.all(sql), this.#database.wall()),
    );
  }

  async pruneChanges(before: number): Promise<void> {
    await this.#database.write(null, async (tx) => {
      await pruneEnded(tx, before);
    });
  }

  async pruneLeases(): Promise<void> {
    const { leases } = this.#database;
    if (leases === null) return;
    await this.#database.write(null, async (tx) => {
      await leases.prune(tx);
    });
  }

  async note(audit: AuditFacts): Promise<void> {
    await this.#database.write(audit, async () => {
      await Promise.resolve();
    });
  }

  async audit(after: number, most: number): Promise<readonly AuditEntry[]> {
    return await this.#auditRows(after, most, readAuditEntry);
  }

  async counts(): Promise<StorageCounts> {
    const sql = `SELECT (SELECT count(*) FROM customer) AS customers,
      (SELECT count(*) FROM zone WHERE left_at IS NULL AND pending = 0) AS zones,
      (SELECT count(*) FROM zone WHERE pending = 1) AS claims,
      (SELECT count(*) FROM change WHERE outcome IS NULL) AS open_changes,
      (SELECT min(accepted_at) FROM change WHERE outcome IS NULL) AS oldest_change,
      (SELECT count(*) FROM zone_check WHERE drift IS NOT NULL) AS drifted_zones,
      (SELECT min(check_at) FROM zone WHERE left_at IS NULL AND pending = 0) AS next_check`;
    return await this.#database.read(async (tx) => readCounts(await tx.get(sql)));
  }

  async auditHead(): Promise<AuditHead> {
    return await this.#database.read(async (tx) => await this.#database.head(tx));
  }

  async newestEntry(): Promise<AuditHead> {
    const sql = 'SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1';
    return (await this.#one(sql, [], readAuditHead)) ?? noHead;
  }

  async auditLinks(after: number, most: number): Promise<readonly AuditLink[]> {
    return await this.#auditRows(after, most, readAuditLink);
  }

  async eraseAddresses(erasure: Erasure, audit: AuditFacts | null): Promise<number> {
    const owner = this.#database.jsonText('body', 'customer');
    return await this.#database.write(audit, async (tx) => await eraseAddresses(tx, erasure, owner));
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  /** Waits for entries with a number that are not committed yet. Else a reader would miss them for ever. */
  async #auditRows<T>(after: number, most: number, read: (row: unknown) => T): Promise<readonly T[]> {
    const work = async (tx: AuditedTransaction): Promise<readonly T[]> => {
      await tx.lockAudit();
      return (await auditRows(tx, after, most)).map(read);
    };
    return await this.#database.write(null, work, 'soon');
  }

  /**
   * Decides about owners of zones. No other transaction does so meanwhile.
   * @param lease that of the zone; null: the decision needs none, as one of an operator or of two customers
   */
  async #decide<T>(
    audit: AuditFacts | null,
    lease: ZoneLease | null,
    work: (tx: AuditedTransaction) => Promise<T | Unchanged<T>>,
  ): Promise<T> {
    return await this.#database.write(audit, async (tx) => {
      await tx.demandHeld(lease);
      await tx.lockOwners();
      return await work(tx);
    });
  }

  async #one<T>(sql: string, values: readonly SqlValue[], read: (row: unknown) => T): Promise<T | null> {
    return await this.#database.read(async (tx) => maybe(await tx.get(sql, ...values), read));
  }

  async #all<T>(sql: string, values: readonly SqlValue[], read: (row: unknown) => T): Promise<readonly T[]> {
    return await this.#database.read(async (tx) => (await tx.all(sql, ...values)).map(read));
  }

  /**
   * Changes a token, and ends the transfer codes of its customer. The token may have leaked, and somebody may
   * have made a code with it.
   * @returns false: no row was changed
   */
  async #endCodes(
    audit: AuditFacts,
    token: string,
    sql: string,
    values: readonly SqlValue[],
  ): Promise<boolean> {
    return await this.#database.write(audit, async (tx) => {
      if ((await tx.run(sql, ...values)) === 0) return unchanged(false);
      const row = await tx.get('SELECT customer FROM token WHERE id = ?', token);
      await voidCodes(tx, String(row?.['customer']));
      return true;
    });
  }

  /** @returns false: no row was changed, so nothing goes into the audit */
  async #change(audit: AuditFacts | null, sql: string, values: readonly SqlValue[]): Promise<boolean> {
    return await this.#database.write(audit, async (tx) =>
      (await tx.run(sql, ...values)) > 0 ? true : unchanged(false),
    );
  }
}
