/** What holds if several gateways use one database at the same time. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { zoneName } from '../../dns/name.ts';
import { auditFacts, sampleChange, sampleToken } from '../../testing/contracts/gateway-storage.ts';
import { missingPostgres, startPostgres, type Postgres } from '../../testing/servers/postgres.ts';
import { until } from '../../testing/servers/process.ts';
import { DatabaseGuard, databaseDoubtOf } from '../audit/database-guard.ts';
import { HeadsFile } from '../audit/heads-file.ts';
import { isLinked, noHead } from './audit-chain.ts';
import { openPostgres, type PostgresSettings } from './postgres.ts';
import {
  usualLimits,
  type AuditEntry,
  type AuditLink,
  type Claim,
  type LimitReached,
  type Storage,
  type StoredChange,
  type ZoneLease,
} from './storage.ts';

const zone = zoneName('example.org');
const long = 3_600_000;
const lost = { name: 'StorageError', code: 'storage.lease-lost' };
const done = { kind: 'done', removed: [], added: [] } as const;

async function taken(storage: Storage, ttl = long, which = zone): Promise<ZoneLease> {
  const lease = await storage.takeZone(which, ttl);
  assert.ok(lease !== 'busy');
  return lease;
}

/** Takes a zone again and again until the lease before has ended. */
async function takenLater(storage: Storage): Promise<ZoneLease> {
  let lease: ZoneLease | 'busy' = 'busy';
  await until(async () => {
    lease = await storage.takeZone(zone, long);
    return lease !== 'busy';
  });
  assert.ok(lease !== 'busy');
  return lease;
}

function assertChain(links: readonly AuditLink[], name: string): void {
  let last = noHead.hash;
  for (const link of links.filter(({ gateway }) => gateway === name)) {
    assert.ok(isLinked(last, link));
    last = link.hash;
  }
}

describe('several gateways at one PostgreSQL', { skip: missingPostgres() }, () => {
  let server: Postgres;
  let databases = 0;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.dispose());

  const open = async (settings: PostgresSettings, gateway: string): Promise<Storage> =>
    await openPostgres(settings, { wall: () => 77, gateway }, () => undefined);

  /** Opens the same new database by as many gateways as there are names. */
  async function withGateways(
    names: readonly string[],
    body: (storages: readonly Storage[], settings: PostgresSettings) => Promise<void>,
  ): Promise<void> {
    databases += 1;
    const settings = await server.database(`several_${databases}`);
    const storages = await Promise.all(names.map(async (name) => await open(settings, name)));
    try {
      for (const id of ['shop', 'other']) {
        const limits = { ...usualLimits, zones: 3, writesInMinute: 1_000 };
        const customer = { id, state: 'active', limits, createdAt: 1 } as const;
        await storages[0]?.addCustomer(customer, auditFacts('customer'));
      }
      await storages[0]?.addToken(sampleToken('token001'), auditFacts('token'));
      await body(storages, settings);
    } finally {
      await Promise.all(storages.map(async (storage) => await storage.close()));
    }
  }

  test('a zone is held by one; who comes later has a larger fence', async () => {
    await withGateways(['one', 'two'], async ([one, two]) => {
      assert.ok(one && two);
      const first = await taken(one);
      assert.equal(await two.takeZone(zone, long), 'busy');
      assert.equal(await one.takeZone(zone, long), 'busy');
      await taken(two, long, zoneName('example.com'));
      await one.leaveZone(first);
      const second = await taken(two);
      assert.ok(second.fence > first.fence);
      assert.equal(await one.takeZone(zone, long), 'busy');
      // A lease that is over ends nobody else's.
      await one.leaveZone(first);
      assert.equal(await one.takeZone(zone, long), 'busy');
    });
  });

  test('rows of leases that ended are deleted, and fences grow all the same', async () => {
    await withGateways(['one', 'two'], async ([one, two], settings) => {
      assert.ok(one && two);
      const rows = async (): Promise<unknown> =>
        (await server.query(settings, 'SELECT zone FROM lease ORDER BY zone')).map((row) => row['zone']);
      const other = zoneName('example.com');
      let highest = 0;
      for (let round = 0; round < 5; round += 1) {
        const lease = await taken(round % 2 === 0 ? one : two);
        assert.ok(lease.fence > highest);
        highest = lease.fence;
        await one.leaveZone(lease);
        await two.leaveZone(lease);
      }
      const held = await taken(one, long, other);
      await two.pruneLeases();
      assert.deepEqual(await rows(), [other], 'a lease that is held stays');
      const again = await taken(two);
      assert.ok(again.fence > highest && again.fence > held.fence);
      // A gateway of the previous release adds 1 to the fence of the row, also beyond the sequence.
      await two.leaveZone(again);
      await server.query(settings, `UPDATE lease SET fence = fence + 50 WHERE zone = '${zone}'`);
      await one.pruneLeases();
      assert.deepEqual(await rows(), [other, zone], 'its fence is larger than any that a new row would get');
      const later = await taken(one);
      assert.ok(later.fence > again.fence + 50);
      // A lease that has just ended by itself may still store what its gateway has done.
      await one.leaveZone(later);
      const ended = await taken(one, 1);
      await until(async () => {
        const sql =
          'SELECT 1 FROM lease WHERE until < extract(epoch FROM clock_timestamp()) * 1000 AND until > 0';
        return (await server.query(settings, sql)).length === 1;
      });
      await two.pruneLeases();
      await one.countRecords(zone, 1, ended);
    });
  });

  test('a zone that is taken while rows are deleted stays taken', async () => {
    await withGateways(['one', 'two'], async ([one, two]) => {
      assert.ok(one && two);
      const fences: number[] = [];
      for (let round = 0; round < 40; round += 1) {
        const [lease] = await Promise.all([taken(round % 2 === 0 ? one : two), one.pruneLeases()]);
        assert.equal(await two.takeZone(zone, long), 'busy');
        await two.countRecords(zone, round, lease);
        fences.push(lease.fence);
        await two.leaveZone(lease);
      }
      assert.deepEqual(
        fences,
        fences.toSorted((first, second) => first - second),
      );
      assert.equal(new Set(fences).size, fences.length);
    });
  });

  test('a gateway that was idle notices that entries of another one are lost', async () => {
    await withGateways(['one', 'two'], async ([one, two], settings) => {
      assert.ok(one && two);
      const folder = mkdtempSync(join(tmpdir(), 'heads-'));
      const heads = new HeadsFile(join(folder, 'audit-heads'));
      const guard = await DatabaseGuard.open({ storage: two, heads, log: () => undefined, wall: () => 1 });
      await one.note(auditFacts('lost'));
      await guard.export();
      assert.equal(await guard.doubt(), null);
      await server.query(settings, 'DELETE FROM audit WHERE number = (SELECT max(number) FROM audit)');
      await guard.export();
      assert.equal(await guard.doubt(), 'older');
      assert.equal(await databaseDoubtOf({ storage: two, heads }), 'older');
      rmSync(folder, { recursive: true });
    });
  });

  test('of many that ask at once, one gets the zone', async () => {
    await withGateways(['one', 'two'], async (storages) => {
      const asked = [...storages, ...storages, ...storages].map(
        async (storage) => await storage.takeZone(zone, long),
      );
      const got = (await Promise.all(asked)).filter((lease) => lease !== 'busy');
      assert.equal(got.length, 1);
    });
  });

  test('a lost lease stores nothing any more, and what it left open is interrupted', async () => {
    await withGateways(['one', 'two'], async ([one, two]) => {
      assert.ok(one && two);
      const claim = { zone, customer: 'shop', at: 0, quarantine: long };
      const first = await taken(one, 1);
      assert.equal(await one.acceptChange(sampleChange('key00001'), auditFacts('accept'), first), null);
      await takenLater(two);
      assert.deepEqual((await two.change('token001', 'key00001'))?.outcome, { kind: 'interrupted' });
      assert.equal(await one.endChange(sampleChange('key00001'), done, auditFacts('end'), first), false);
      assert.deepEqual((await one.change('token001', 'key00001'))?.outcome, { kind: 'interrupted' });
      const late = sampleChange('key00002');
      await assert.rejects(one.acceptChange(late, auditFacts('accept'), first), lost);
      await assert.rejects(one.claimZone(claim, auditFacts('claim'), first), lost);
      await assert.rejects(one.confirmClaim(zone, 'shop', auditFacts('confirm'), first), lost);
      await assert.rejects(one.dropClaim(zone, 'shop', auditFacts('drop'), first), lost);
      await assert.rejects(one.acceptDelete(zone, 'shop', 1, auditFacts('delete'), first), lost);
      await assert.rejects(one.releaseZone(zone, 'shop', 1, auditFacts('release'), first), lost);
      await assert.rejects(one.countRecords(zone, 9, first), lost);
      assert.equal(await one.change('token001', 'key00002'), null);
      assert.equal(await one.zone(zone), null);
      const said = (await two.audit(0, 99)).map(({ what }) => what);
      const expected = ['customer', 'customer', 'token', 'accept', 'change.interrupted', 'end.late'];
      assert.deepEqual(said, expected);
    });
  });

  test('only what no gateway works on is interrupted and settled', async () => {
    await withGateways(['one', 'two'], async ([one, two]) => {
      assert.ok(one && two);
      const lease = await taken(one);
      await one.claimZone({ zone, customer: 'shop', at: 0, quarantine: 0 }, auditFacts('claim'), lease);
      await one.countRecords(zone, 0, lease);
      assert.equal(await one.acceptChange(sampleChange('key00001'), auditFacts('accept'), lease), null);
      assert.deepEqual([await two.interruptChanges(), await two.pendingClaims()], [[], []]);
      assert.equal((await two.change('token001', 'key00001'))?.outcome, null);
      await one.leaveZone(lease);
      assert.equal((await two.pendingClaims()).length, 1);
      const both = await Promise.all([one.interruptChanges(), two.interruptChanges()]);
      assert.equal(both.flat().length, 1);
    });
  });

  test('one key at two gateways at once is accepted once', async () => {
    await withGateways(['one', 'two'], async ([one, two]) => {
      assert.ok(one && two);
      const leases = [await taken(one), await taken(two, long, zoneName('example.com'))];
      for (let round = 0; round < 20; round += 1) {
        const change = sampleChange(`key-${round}-0001`);
        const answers: readonly (StoredChange | LimitReached | null)[] = await Promise.all(
          [one, two].map(async (storage, at) => {
            const lease = leases[at];
            assert.ok(lease);
            return await storage.acceptChange({ ...change, from: String(at) }, auditFacts('accept'), lease);
          }),
        );
        const [stored] = answers.filter((answer) => answer !== null);
        assert.equal(answers.filter((answer) => answer === null).length, 1);
        assert.ok(stored && 'from' in stored);
        assert.equal(stored.from, answers[0] === null ? '0' : '1');
      }
    });
  });

  test('parent and child, claimed at once by two customers at two gateways: one gets it', async () => {
    await withGateways(['one', 'two'], async ([one, two]) => {
      assert.ok(one && two);
      for (let round = 0; round < 20; round += 1) {
        const names = [`r${round}.example`, `a.b.r${round}.example`].map((text) => zoneName(text));
        const [above = zone, below = zone] = round % 2 === 0 ? names : names.toReversed();
        const claims: readonly Claim[] = await Promise.all([
          one.claimZone({ zone: above, customer: 'shop', at: 0, quarantine: 0 }, auditFacts('claim'), null),
          two.claimZone({ zone: below, customer: 'other', at: 0, quarantine: 0 }, auditFacts('claim'), null),
        ]);
        assert.equal(claims.filter((claim) => claim === 'claimed').length, 1, JSON.stringify(claims));
        await one.dropClaim(above, 'shop', auditFacts('drop'), null);
        await two.dropClaim(below, 'other', auditFacts('drop'), null);
      }
    });
  });

  test('many claims at once: not one more than the customer may have', async () => {
    await withGateways(['one', 'two'], async (storages) => {
      const claims = Array.from({ length: 16 }, async (_, at) => {
        const claim = { zone: zoneName(`z${at}.example`), customer: 'shop', at: 0, quarantine: 0 };
        return await storages[at % 2]?.claimZone(claim, auditFacts('claim'), null);
      });
      const got = await Promise.all(claims);
      assert.equal(got.filter((claim) => claim === 'claimed').length, 3);
      assert.equal(got.filter((claim) => typeof claim === 'object' && 'limit' in claim).length, 13);
    });
  });

  test('many writes and tokens at once: not one more than the customer may have', async () => {
    await withGateways(['one', 'two'], async (storages) => {
      const [first] = storages;
      const limits = { writesInMinute: 5, tokens: 3 };
      await first?.setCustomer('shop', { state: null, limits }, auditFacts('limits'));
      const names = Array.from({ length: 16 }, (_, at) => zoneName(`z${at}.example`));
      const writes = names.map(async (name, at) => {
        const storage = storages[at % 2];
        assert.ok(storage);
        const change = { ...sampleChange(`key-${at}-0001`), zone: name };
        return await storage.acceptChange(change, auditFacts('accept'), await taken(storage, long, name));
      });
      assert.equal((await Promise.all(writes)).filter((answer) => answer === null).length, 5);
      const tokens = names.map(async (_, at) =>
        storages[at % 2]?.addToken(sampleToken(`token1${at}`), auditFacts('token')),
      );
      // The customer has a token already, so the limit leaves room for two.
      assert.equal((await Promise.all(tokens)).filter((answer) => answer === null).length, 2);
    });
  });

  test('who reads the audit waits for an entry that has a number but is not committed', async () => {
    await withGateways(['one', 'two'], async ([one, two], settings) => {
      assert.ok(one && two);
      const lease = await taken(one);
      for (const key of ['key00001', 'key00002'])
        await one.acceptChange(sampleChange(key), auditFacts('accept'), lease);
      await one.leaveZone(lease);
      const blocker = new pg.Client({ ...settings, ssl: false });
      await blocker.connect();
      await blocker.query("BEGIN; SELECT 1 FROM change WHERE key = 'key00002' FOR UPDATE");
      // Adds an entry for the first change, then waits for the row of the second.
      const slow = one.interruptChanges();
      await until(async () => {
        const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'transactionid'";
        return (await blocker.query(waiting)).rowCount === 1;
      });
      const { customer: _none, rights: _all, ...token } = sampleToken('operator');
      await two.addOperator(token, auditFacts('later'));
      const reading = two.audit(0, 99);
      await blocker.query('COMMIT');
      await blocker.end();
      const said = (await reading).map(({ what }) => what);
      await slow;
      const end = ['change.interrupted', 'later', 'change.interrupted'];
      assert.deepEqual(said.slice(-3), end);
    });
  });

  test('the audit of each gateway is a chain, and who reads it while it grows misses nothing', async () => {
    await withGateways(['one', 'one', 'two'], async (storages) => {
      const [reader] = storages;
      assert.ok(reader);
      let isWriting = true;
      const writing = Promise.all(
        Array.from({ length: 90 }, async (_, at) => {
          // Only the lock of the chain makes these calls wait for each other.
          const { customer: _none, rights: _all, ...token } = sampleToken(`operator${at}`);
          await storages[at % 3]?.addOperator(token, auditFacts(`add ${at}`));
        }),
      ).finally(() => {
        isWriting = false;
      });
      const seen: AuditEntry[] = [];
      for (let isLast = false; ; isLast = !isWriting) {
        const next = await reader.audit(seen.at(-1)?.number ?? 0, 5);
        seen.push(...next);
        if (isLast && next.length === 0) break;
      }
      await writing;
      const all = await reader.audit(0, 999);
      assert.equal(all.length, 93);
      assert.deepEqual(seen, all);
      const links = await reader.auditLinks(0, 999);
      for (const name of ['one', 'two']) assertChain(links, name);
    });
  });

  test('gateways of two releases share the database, unless the later one has changed too much', async () => {
    databases += 1;
    const settings = await server.database(`several_${databases}`);
    const opened = await Promise.all(['a', 'b', 'c', 'd'].map(async (name) => await open(settings, name)));
    await Promise.all(opened.map(async (storage) => await storage.close()));
    await server.query(settings, 'UPDATE gateway_schema SET version = version + 1');
    await (await open(settings, 'one')).close();
    await server.query(settings, 'UPDATE gateway_schema SET oldest = version');
    await assert.rejects(open(settings, 'one'), { name: 'StorageError', code: 'storage.newer' });
  });

  test('the server is stopped and comes back: each call fails as a whole, and later ones work', async () => {
    await withGateways(['one'], async ([one]) => {
      assert.ok(one);
      await server.stop();
      const failed = { name: 'StorageError', code: 'storage.failed' };
      for (let round = 0; round < 12; round += 1) await assert.rejects(one.customers(), failed);
      await assert.rejects(one.addToken(sampleToken('token002'), auditFacts('token')), failed);
      await server.start();
      assert.equal((await one.customers()).length, 2);
      assert.equal(await one.token('token002'), null);
      await one.addToken(sampleToken('token002'), auditFacts('token'));
      assert.equal((await one.tokens('shop')).length, 2);
    });
  });
});
