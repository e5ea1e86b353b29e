import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { zoneName, type DnsName } from '../../dns/name.ts';
import {
  type ChangeOutcome,
  type CheckedZone,
  type Storage,
  type UncheckedChange,
  usualLimits,
} from '../../gateway/storage/storage.ts';
import type { ZoneDrift } from '../../gateway/storage/zone-drift.ts';
import { auditFacts, sampleChange, sampleToken, type StorageSubject } from './gateway-storage.ts';

const zone = zoneName('example.org');
const snapshot = {
  form: 'records',
  rrsets: new Map([['www.example.org. A', '[[300,"192.0.2.1"]]']]),
} as const;
const drift: ZoneDrift = {
  state: 'records',
  firstSeen: 5,
  lastSeen: 9,
  rrsets: [{ name: zone, type: 'A', before: null, after: [{ ttl: 60, data: '192.0.2.9' }] }],
  more: 3,
};
const done: ChangeOutcome = { kind: 'done', removed: [], added: [] };

/** Tests what every {@link Storage} of a gateway has to do for drift. */
export function driftStorageContract(name: string, makeSubject: () => Promise<StorageSubject>): void {
  /** Runs a test with a new storage that has the customer `shop`. */
  const withStorage = async (body: (storage: Storage) => Promise<void>): Promise<void> => {
    const subject = await makeSubject();
    const storage = await subject.open();
    try {
      const shop = { id: 'shop', state: 'active', limits: usualLimits, createdAt: 1 } as const;
      await storage.addCustomer(shop, auditFacts('customer'));
      await body(storage);
    } finally {
      await storage.close();
      await subject.stop();
    }
  };
  const claim = async (storage: Storage, text: string, at = 0): Promise<void> => {
    const asked = { zone: zoneName(text), customer: 'shop', at, quarantine: 0 };
    await storage.claimZone(asked, auditFacts('claim'), null);
    await storage.confirmClaim(asked.zone, 'shop', auditFacts('confirm'), null);
  };
  const checked = (version: number, facts: Partial<CheckedZone> = {}): CheckedZone => {
    const read = { snapshot, serial: 7, readAt: 11, drift: null, contained: [], nextAt: 1_000_000 };
    return { zone, version, ...read, ...facts };
  };
  /** Stores a change of the zone that has ended. */
  const change = async (storage: Storage, key: string, of = zone): Promise<void> => {
    const lease = await storage.takeZone(of, 60_000);
    assert.ok(lease !== 'busy');
    await storage.countRecords(of, 0, lease);
    const asked = { ...sampleChange(key), zone: of };
    assert.equal(await storage.acceptChange(asked, auditFacts('accept'), lease), null);
    assert.equal(await storage.endChange(asked, done, auditFacts('end'), lease), true);
    await storage.leaveZone(lease);
  };
  const unchecked = async (storage: Storage, of: DnsName = zone): Promise<readonly UncheckedChange[]> =>
    (await storage.drift.knowledge(of))?.changes ?? [];
  const keys = async (storage: Storage): Promise<unknown> =>
    (await unchecked(storage)).map(({ change: { key }, position }) => [key, position]);

  describe(`drift in the storage: ${name}`, () => {
    test('zones are due a minute after their claim, then when the last check has said', async () => {
      await withStorage(async (storage) => {
        await claim(storage, 'example.org', 1_000);
        await claim(storage, 'b.example', 2_000);
        assert.deepEqual(await storage.drift.due(60_999, 9), []);
        assert.deepEqual(await storage.drift.due(62_000, 9), [zone, 'b.example.']);
        assert.deepEqual(await storage.drift.due(62_000, 1), [zone]);
        assert.equal(await storage.drift.store(checked(0), null, null), true);
        assert.deepEqual(await storage.drift.due(62_000, 9), ['b.example.']);
        await storage.drift.checkBy(zone, 70_000);
        await storage.drift.checkBy(zone, 80_000);
        await storage.drift.postpone(zoneName('b.example'), 75_000);
        assert.deepEqual(await storage.drift.due(80_000, 9), [zone, 'b.example.']);
        assert.equal((await storage.counts()).nextCheck, 70_000);
      });
    });

    test('what a check has found out is read as it was stored, unless something was stored since', async () => {
      await withStorage(async (storage) => {
        assert.equal(await storage.drift.knowledge(zone), null);
        await claim(storage, 'example.org');
        const none = { version: 0, snapshot: null, serial: null, readAt: 0, drift: null, changes: [] };
        const { owner, ...first } = (await storage.drift.knowledge(zone)) ?? {};
        assert.deepEqual([owner?.customer, first], ['shop', none]);
        assert.equal(await storage.drift.store(checked(0, { drift }), auditFacts('drift'), null), true);
        assert.equal(await storage.drift.store(checked(0), auditFacts('lost'), null), false);
        assert.equal(await storage.drift.store(checked(2), auditFacts('lost'), null), false);
        const { owner: _, ...second } = (await storage.drift.knowledge(zone)) ?? {};
        assert.deepEqual(second, { version: 1, snapshot, serial: 7, readAt: 11, drift, changes: [] });
        const listed = { zone, customer: 'shop', ...drift };
        assert.deepEqual(await storage.drift.list({ after: null, most: 9 }), [listed]);
        assert.deepEqual(await storage.drift.list({ after: zone, most: 9 }), []);
        assert.deepEqual(await storage.drift.of(zone), listed);
        assert.equal((await storage.counts()).driftedZones, 1);
        assert.equal(await storage.drift.accept(zone, auditFacts('accepted')), true);
        assert.equal(await storage.drift.accept(zone, auditFacts('accepted again')), false);
        assert.deepEqual(
          [await storage.drift.of(zone), await storage.drift.list({ after: null, most: 9 })],
          [null, []],
        );
        assert.equal(await storage.drift.store(checked(1, { drift }), null, null), false);
        const what = (await storage.audit(0, 100)).map((one) => one.what);
        assert.deepEqual(what.slice(-2), ['drift', 'accepted']);
      });
    });

    test('changes are told in their order, until a snapshot contains them', async () => {
      await withStorage(async (storage) => {
        await claim(storage, 'example.org');
        await claim(storage, 'b.example');
        await storage.addToken(sampleToken('token001'), auditFacts('token'));
        await change(storage, 'key00002');
        await change(storage, 'key00001');
        await change(storage, 'key00003', zoneName('b.example'));
        assert.deepEqual(await keys(storage), [
          ['key00002', 1],
          ['key00001', 2],
        ]);
        const [first] = await unchecked(storage);
        assert.deepEqual([first?.change.outcome, first?.endedAt], [done, 77]);
        const contained = first === undefined ? [] : [first];
        assert.equal(await storage.drift.store(checked(0, { contained }), null, null), true);
        assert.deepEqual(await keys(storage), [['key00001', 2]]);
        await change(storage, 'key00004');
        assert.deepEqual(await keys(storage), [
          ['key00001', 2],
          ['key00004', 3],
        ]);
        assert.equal(await storage.drift.store(checked(1, { contained: 'all' }), null, null), true);
        assert.deepEqual(await keys(storage), []);
        assert.equal((await unchecked(storage, zoneName('b.example'))).length, 1);
      });
    });

    test('a snapshot is forgotten with its zone, and with changes that it does not contain', async () => {
      await withStorage(async (storage) => {
        const known = async (): Promise<unknown> => {
          const now = await storage.drift.knowledge(zone);
          return now === null ? null : [now.snapshot !== null, now.drift !== null];
        };
        await claim(storage, 'example.org', 1);
        await storage.addToken(sampleToken('token001'), auditFacts('token'));
        await storage.drift.store(checked(0, { drift }), null, null);
        await change(storage, 'key00001');
        await storage.pruneChanges(77);
        assert.deepEqual(await known(), [true, true]);
        await storage.pruneChanges(78);
        assert.deepEqual(await known(), [false, true]);
        await storage.drift.store(checked(2), null, null);
        await storage.drift.forget(zone, null);
        assert.deepEqual(await known(), [false, false]);
        await storage.drift.store(checked(4, { drift }), null, null);
        await storage.drift.forgetAll();
        assert.deepEqual(await known(), [false, true]);
        await storage.drift.store(checked(6, { drift }), null, null);
        await storage.releaseZone(zone, 'shop', 0, auditFacts('release'), null);
        assert.deepEqual([await known(), await storage.drift.of(zone)], [null, null]);
        await claim(storage, 'example.org', 2);
        assert.deepEqual(await known(), [false, false]);
        assert.equal(await storage.drift.store(checked(0), null, null), true);
      });
    });

    test('who has lost a zone stores nothing of a read that others could disturb', async () => {
      await withStorage(async (storage) => {
        await claim(storage, 'example.org');
        const lease = await storage.takeZone(zone, 60_000);
        assert.ok(lease !== 'busy');
        await storage.leaveZone(lease);
        const next = await storage.takeZone(zone, 60_000);
        assert.ok(next !== 'busy');
        if (storage.isShared)
          await assert.rejects(storage.drift.store(checked(0), null, lease), { code: 'storage.lease-lost' });
        assert.equal(await storage.drift.store(checked(0), null, next), true);
      });
    });
  });
}
