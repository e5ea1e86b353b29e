import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { chained } from '../../gateway/storage/audit-chain.ts';
import type { AuditFacts, Storage, StoredChange, StoredToken } from '../../gateway/storage/storage.ts';

/** A storage under test, which can be opened several times, and the time that it reads, milliseconds. */
export interface StorageSubject {
  open(): Promise<Storage>;
  stop(): Promise<void>;
}

const zone = zoneName('example.org');
const day = 86_400_000;

/** Facts of an audit entry; `what` tells the entries of a test apart. */
export function auditFacts(what: string): AuditFacts {
  return { what, customer: 'shop', token: '', from: '', zone: '', detail: { reason: 'test' } };
}

/** A change of one record, without an outcome. */
export function sampleChange(key: string): StoredChange {
  const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1', ttl: 300 }, zone);
  return {
    customer: 'shop',
    key,
    token: 'token001',
    from: '192.0.2.7',
    zone,
    fingerprint: 'f',
    remove: [],
    add: [record],
    before: [],
    acceptedAt: 5,
    outcome: null,
  };
}

/** A token of the customer `shop`. */
export function sampleToken(id: string): StoredToken {
  const rule = { zone: '**', name: '@', types: '*', allow: ['read'] } as const;
  return {
    id,
    customer: 'shop',
    hash: 'h',
    label: 'panel',
    networks: ['192.0.2.0/24'],
    rights: { rules: [rule], createZones: ['**'], deleteZones: [], protectedTypes: ['CAA'] },
    createdAt: 1,
    expiresAt: null,
    revokedAt: null,
    lastUsed: null,
  };
}

/** Tests what every {@link Storage} of a gateway has to do. */
export function storageContract(name: string, makeSubject: () => Promise<StorageSubject>): void {
  const withStorage = async (
    body: (storage: Storage, subject: StorageSubject) => Promise<void>,
  ): Promise<void> => {
    const subject = await makeSubject();
    const storage = await subject.open();
    try {
      for (const id of ['shop', 'other'])
        await storage.addCustomer(
          { id, state: 'active', mostZones: 3, createdAt: 1 },
          auditFacts('customer'),
        );
      await body(storage, subject);
    } finally {
      await storage.close();
      await subject.stop();
    }
  };
  const claim = async (storage: Storage, text: string, customer = 'shop', at = 0): Promise<unknown> => {
    const asked = { zone: zoneName(text), customer, at, quarantine: day };
    const made = await storage.claimZone(asked, auditFacts('claim'), null);
    if (made === 'claimed' || made === 'reclaimed')
      await storage.confirmClaim(asked.zone, customer, auditFacts('confirm'), null);
    return made;
  };

  describe(`gateway storage: ${name}`, () => {
    test('customers and tokens are read as they were stored, also by another process', async () => {
      await withStorage(async (storage, subject) => {
        await storage.addToken(sampleToken('token001'), auditFacts('token'));
        await storage.tokenUsed('token001', 9, '192.0.2.7');
        const used = { ...sampleToken('token001'), lastUsed: { at: 9, from: '192.0.2.7' } };
        const second = await subject.open();
        assert.deepEqual(await second.token('token001'), used);
        assert.equal(await second.revokeToken('token001', 12, auditFacts('revoke')), true);
        assert.equal(await second.revokeToken('token001', 13, auditFacts('revoke')), false);
        assert.deepEqual(await storage.tokens('shop'), [{ ...used, revokedAt: 12 }]);
        const changes = { state: 'suspended', mostZones: null } as const;
        assert.equal(await second.setCustomer('shop', changes, auditFacts('set')), true);
        assert.equal(await second.setCustomer('nobody', changes, auditFacts('set')), false);
        assert.equal(
          await second.addCustomer(
            { id: 'shop', state: 'active', mostZones: 9, createdAt: 7 },
            auditFacts('add'),
          ),
          false,
        );
        await second.close();
        assert.deepEqual(await storage.customer('shop'), {
          id: 'shop',
          state: 'suspended',
          mostZones: 3,
          createdAt: 1,
        });
        assert.equal(await storage.customer('nobody'), null);
        assert.equal(await storage.token('nobody'), null);
      });
    });

    test('a zone has one owner; zones above and below it are not for others', async () => {
      await withStorage(async (storage) => {
        assert.equal(await claim(storage, 'www.example.org'), 'claimed');
        assert.equal(await claim(storage, 'www.example.org'), 'ours');
        for (const text of ['www.example.org', 'example.org', 'a.b.www.example.org'])
          assert.deepEqual(
            await claim(storage, text, 'other'),
            { foreign: zoneName('www.example.org') },
            text,
          );
        for (const text of ['example.com', 'ww.example.org', 'xwww.example.org'])
          assert.equal(await claim(storage, text, 'other'), 'claimed', text);
        assert.equal(await claim(storage, 'a.www.example.org'), 'claimed');
        assert.deepEqual(await storage.zonesOf('shop'), ['a.www.example.org.', 'www.example.org.']);
        assert.equal(await claim(storage, 'fourth.example', 'other'), 'limit');
      });
    });

    test('a name with a dot in a label, or beside the range of a zone, is not below it', async () => {
      await withStorage(async (storage) => {
        assert.equal(await claim(storage, 'example.org'), 'claimed');
        for (const text of [String.raw`a\.example.org`, 'example.org-x.net', 'example.orgx'])
          assert.equal(await claim(storage, text, 'other'), 'claimed', text);
      });
    });

    test('a deleted zone stays its last owner’s for a while', async () => {
      await withStorage(async (storage) => {
        await claim(storage, 'example.org');
        await storage.releaseZone(zone, 'shop', 1_000, auditFacts('release'), null);
        assert.deepEqual(await storage.zonesOf('shop'), []);
        assert.deepEqual(await claim(storage, 'example.org', 'other', 1_000 + day - 1), { foreign: zone });
        assert.equal(await claim(storage, 'example.org', 'shop', 2_000), 'reclaimed');
        await storage.releaseZone(zone, 'shop', 3_000, auditFacts('release'), null);
        assert.equal(await claim(storage, 'example.org', 'other', 3_000 + day), 'claimed');
        assert.equal(await storage.transferZone(zone, 'shop', auditFacts('transfer')), true);
        assert.deepEqual(await storage.zonesOf('shop'), [zone]);
        await storage.releaseZone(zone, 'other', 9_000, auditFacts('release'), null);
        assert.deepEqual(await storage.zonesOf('shop'), [zone]);
      });
    });

    test('a claimed zone is nobody’s until it is confirmed, and cannot be claimed by others', async () => {
      await withStorage(async (storage) => {
        const asked = { zone, customer: 'shop', at: 0, quarantine: day };
        assert.equal(await storage.claimZone(asked, auditFacts('claim'), null), 'claimed');
        assert.deepEqual(await storage.zonesOf('shop'), []);
        assert.equal((await storage.zone(zone))?.isPending, true);
        assert.equal(await storage.claimZone(asked, auditFacts('claim'), null), 'pending');
        assert.deepEqual(await claim(storage, 'example.org', 'other'), { foreign: zone });
        assert.equal(await storage.transferZone(zone, 'other', auditFacts('transfer')), false);
        assert.deepEqual(
          (await storage.pendingClaims()).map((one) => one.zone),
          [zone],
        );
        await storage.dropClaim(zone, 'other', auditFacts('drop'), null);
        assert.equal((await storage.zone(zone))?.customer, 'shop');
        await storage.dropClaim(zone, 'shop', auditFacts('drop'), null);
        assert.equal(await storage.zone(zone), null);
        assert.equal(await claim(storage, 'example.org', 'other'), 'claimed');
        await storage.dropClaim(zone, 'other', auditFacts('drop'), null);
        assert.deepEqual(await storage.zonesOf('other'), [zone]);
      });
    });

    test('what only asks changes nothing', async () => {
      await withStorage(async (storage) => {
        const asked = { zone, customer: 'shop', at: 0, quarantine: day };
        assert.equal(await storage.mayClaim(asked), 'claimed');
        assert.equal(await storage.zone(zone), null);
      });
    });

    test('a key is accepted once; what has no outcome is marked as interrupted', async () => {
      await withStorage(async (storage) => {
        for (const id of ['token001', 'token002'])
          await storage.addToken(sampleToken(id), auditFacts('token'));
        const lease = await storage.takeZone(zone, day);
        assert.ok(lease !== 'busy');
        assert.equal(await storage.acceptChange(sampleChange('key00001'), auditFacts('accept'), lease), null);
        assert.deepEqual(
          await storage.acceptChange(sampleChange('key00001'), auditFacts('accept'), lease),
          sampleChange('key00001'),
        );
        const done = { kind: 'done', removed: [], added: sampleChange('key00001').add } as const;
        const ended = sampleChange('key00001');
        assert.equal(await storage.endChange(ended, done, auditFacts('end'), lease), true);
        await storage.acceptChange(sampleChange('key00002'), auditFacts('accept'), lease);
        await storage.leaveZone(lease);
        assert.deepEqual(await storage.interruptChanges(), [sampleChange('key00002')]);
        assert.deepEqual(await storage.interruptChanges(), []);
        assert.equal(
          await storage.endChange(sampleChange('key00002'), done, auditFacts('end'), lease),
          false,
        );
        assert.deepEqual(await storage.change('token001', 'key00001'), {
          ...sampleChange('key00001'),
          outcome: done,
        });
        const cut = { ...sampleChange('key00002'), outcome: { kind: 'interrupted' } };
        assert.deepEqual(await storage.change('token001', 'key00002'), cut);
        assert.equal(await storage.change('token002', 'key00001'), null);
        await storage.pruneChanges(Number.MAX_SAFE_INTEGER);
        assert.equal(await storage.change('token001', 'key00001'), null);
      });
    });

    test('the audit has an entry for each change and none for what changed nothing; its hashes form a chain', async () => {
      await withStorage(async (storage) => {
        await claim(storage, 'example.org');
        await claim(storage, 'example.org');
        const entries = await storage.audit(0, 10);
        assert.deepEqual(
          entries.map(({ what }) => what),
          ['customer', 'customer', 'claim', 'confirm'],
        );
        let before = '0'.repeat(64);
        for (const { hash, number: _number, gateway: _gateway, at, ...facts } of entries) {
          assert.equal(hash, chained(before, at, JSON.stringify(facts)));
          before = hash;
        }
        assert.deepEqual(await storage.audit(entries[1]?.number ?? 0, 10), entries.slice(2));
      });
    });
  });
}
