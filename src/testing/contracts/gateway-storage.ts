import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { isLinked, noHead } from '../../gateway/storage/audit-chain.ts';
import {
  newTokenFacts,
  usualLimits,
  type AuditFacts,
  type AuditLink,
  type ChangeOutcome,
  type Limits,
  type OperatorToken,
  type Storage,
  type StoredChange,
  type StoredToken,
  type TokenPosition,
  type Transferred,
  type ZoneLease,
} from '../../gateway/storage/storage.ts';

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
    ...newTokenFacts,
    id,
    customer: 'shop',
    hash: 'h',
    label: 'panel',
    networks: ['192.0.2.0/24'],
    rights: { rules: [rule], createZones: ['**'], deleteZones: [], protectedTypes: ['CAA'] },
    createdAt: 1,
  };
}

function sampleOperator(of: string): OperatorToken {
  const { id, hash, label, networks, createdAt, expiresAt, revokedAt, lastUsed } = sampleToken(of);
  return { id, hash, label, networks, createdAt, expiresAt, revokedAt, lastUsed };
}

/** Whether the entries are all that were stored, from the first one on, and as they were stored. */
function isWhole(links: readonly AuditLink[]): boolean {
  let before = noHead.hash;
  return links.every((link) => {
    const isNext = isLinked(before, link);
    before = link.hash;
    return isNext;
  });
}

/** The zone that changes of these tests are about, as each storage holds it. */
const leases = new WeakMap<Storage, ZoneLease>();

/** Takes the zone, unless this storage holds it already. */
async function held(storage: Storage): Promise<ZoneLease> {
  const now = leases.get(storage) ?? (await storage.takeZone(zone, day));
  assert.ok(now !== 'busy');
  leases.set(storage, now);
  return now;
}

async function release(storage: Storage): Promise<void> {
  await storage.leaveZone(await held(storage));
  leases.delete(storage);
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
          { id, state: 'active', limits: { ...usualLimits, zones: 3 }, createdAt: 1 },
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

  const move = async (storage: Storage, text: string, to: string, withBelow = false): Promise<Transferred> =>
    await storage.transferZone({ zone: zoneName(text), to, withBelow }, auditFacts('transfer'));

  const limit = async (storage: Storage, limits: Partial<Limits>): Promise<void> => {
    await storage.setCustomer('shop', { state: null, limits }, auditFacts('limits'));
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
        const changes = { state: 'suspended', limits: { tokens: 7 } } as const;
        assert.equal(await second.setCustomer('shop', changes, auditFacts('set')), true);
        assert.equal(await second.setCustomer('nobody', changes, auditFacts('set')), false);
        assert.equal(
          await second.addCustomer(
            { id: 'shop', state: 'active', limits: usualLimits, createdAt: 7 },
            auditFacts('add'),
          ),
          false,
        );
        await second.close();
        assert.deepEqual(await storage.customer('shop'), {
          id: 'shop',
          state: 'suspended',
          limits: { ...usualLimits, zones: 3, tokens: 7 },
          backend: '',
          createdAt: 1,
        });
        assert.equal(await storage.customer('nobody'), null);
        assert.equal(await storage.token('nobody'), null);
      });
    });

    test('lists are read in parts, of which each begins behind the one before', async () => {
      await withStorage(async (storage) => {
        await limit(storage, { zones: 9 });
        const ids = async (after: string | null, most: number): Promise<readonly string[]> =>
          (await storage.customers({ after, most })).map(({ id }) => id);
        assert.deepEqual([await ids(null, 1), await ids('other', 9)], [['other'], ['shop']]);
        assert.deepEqual([await ids('o', 9), await ids('shop', 9)], [['other', 'shop'], []]);
        for (const [id, createdAt] of [
          ['token00b', 2],
          ['token00c', 1],
          ['token00a', 2],
          ['token00d', 10],
        ] as const)
          await storage.addToken({ ...sampleToken(id), createdAt }, auditFacts('token'));
        const tokens = async (after: TokenPosition | null, most: number): Promise<string> =>
          (await storage.tokens('shop', { after, most })).map(({ id }) => id.slice(-1)).join('');
        assert.equal(await tokens(null, 2), 'ca');
        assert.equal(await tokens({ createdAt: 2, id: 'token00a' }, 9), 'bd');
        assert.equal(await tokens({ createdAt: 3, id: '' }, 9), 'd');
        assert.equal((await storage.tokens('shop')).length, 4);
        for (const text of ['c.example', 'a.example', 'gone.example', 'b.example'])
          assert.equal(await claim(storage, text), 'claimed');
        await claim(storage, 'aa.example', 'other');
        await storage.releaseZone(zoneName('gone.example'), 'shop', 1, auditFacts('release'), null);
        const half = { zone: zoneName('bb.example'), customer: 'shop', at: 0, quarantine: day };
        await storage.claimZone(half, auditFacts('claim'), null);
        const zones = async (after: string | null, most: number): Promise<readonly string[]> =>
          (await storage.ownedBy('shop', { after, most })).map((one) => one.zone);
        assert.deepEqual(await zones(null, 2), ['a.example.', 'b.example.']);
        assert.deepEqual(await zones('b.example.', 2), ['c.example.']);
        assert.deepEqual(await zones('a', 1), ['a.example.']);
        assert.equal((await storage.ownedBy('shop')).length, 3);
      });
    });

    test('large entries of the audit are read a few at a time, and none is left out', async () => {
      await withStorage(async (storage) => {
        const mebibyte = 1_048_576;
        for (const size of [9, 9, 1, 20, 1])
          await storage.note({ ...auditFacts('large'), detail: 'é'.repeat((size * mebibyte) / 2) });
        const parts: number[] = [];
        const seen: number[] = [];
        for (let last = 0; ;) {
          const part = await storage.audit(last, 100);
          if (part.length === 0) break;
          parts.push(part.length);
          seen.push(...part.map(({ number }) => number));
          last = seen.at(-1) ?? 0;
          assert.equal((await storage.auditLinks(seen.at(-1 - part.length) ?? 0, 100)).length, part.length);
        }
        assert.deepEqual(parts, [3, 2, 1, 1]);
        assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7]);
      });
    });

    test('rights of a token are replaced only if they are still those that were read', async () => {
      await withStorage(async (storage, subject) => {
        const token = sampleToken('token001');
        await storage.addToken(token, auditFacts('token'));
        await claim(storage, 'example.org');
        const code = { hash: 'h', zone, customer: 'shop', withBelow: false, expiresAt: 100 };
        await storage.addTransferCode(code, auditFacts('code'));
        const fewer = { ...token.rights, createZones: [] };
        const none = { ...fewer, rules: [] };
        const second = await subject.open();
        const done = await Promise.all([
          storage.replaceRights('token001', token.rights, fewer, auditFacts('fewer')),
          second.replaceRights('token001', token.rights, none, auditFacts('none')),
        ]);
        await second.close();
        assert.equal(done.filter(Boolean).length, 1);
        assert.deepEqual((await storage.token('token001'))?.rights, done[0] ? fewer : none);
        const taken = { hash: 'h', zone, to: 'other', at: 50 };
        assert.equal(
          await storage.takeTransferCode(taken, auditFacts('take')),
          'missing',
          'the code is void',
        );
        assert.equal(await storage.replaceRights('nobody', fewer, none, auditFacts('x')), false);
        await storage.revokeToken('token001', 8, auditFacts('revoke'));
        const now = (await storage.token('token001'))?.rights ?? fewer;
        assert.equal(await storage.replaceRights('token001', now, none, auditFacts('x')), false);
      });
    });

    test('a key is withdrawn without the zone, whose number of records stays', async () => {
      await withStorage(async (storage) => {
        await storage.addToken(sampleToken('token001'), auditFacts('token'));
        await claim(storage, 'example.org', 'other');
        await storage.countRecords(zone, 7, await held(storage));
        const none = { ...sampleChange('key00001'), add: [] };
        assert.equal(await storage.withdrawKey(none, auditFacts('withdrawn')), 'stored');
        const cut = { kind: 'interrupted' } as const;
        assert.equal(await storage.endChange(none, cut, auditFacts('withdrawn'), null), true);
        assert.equal((await storage.zone(zone))?.records, 7);
        const late = await storage.acceptChange(
          sampleChange('key00001'),
          auditFacts('accept'),
          await held(storage),
        );
        assert.deepEqual(late, { ...none, outcome: cut });
      });
    });

    test('no key is withdrawn without the turn of a zone that the customer has, or that he claims', async () => {
      await withStorage(async (storage) => {
        await storage.addToken(sampleToken('token001'), auditFacts('token'));
        const none = { ...sampleChange('key00001'), add: [] };
        const withdraw = async (): Promise<string> =>
          await storage.withdrawKey(none, auditFacts('withdrawn'));
        const lease = await held(storage);
        const asked = { zone, customer: 'shop', at: 1, quarantine: 0 };
        await storage.claimZone(asked, auditFacts('claim'), lease);
        assert.equal(await withdraw(), 'own');
        await storage.confirmClaim(zone, 'shop', auditFacts('created'), lease);
        assert.equal(await withdraw(), 'own');
        await storage.releaseZone(zone, 'shop', 2, auditFacts('deleted'), lease);
        assert.equal(await storage.claimZone(asked, auditFacts('claim'), lease), 'reclaimed');
        assert.equal(await withdraw(), 'own');
        assert.equal(await storage.change('token001', 'key00001'), null);
        await storage.dropClaim(zone, 'shop', auditFacts('dropped'), lease);
        assert.equal(await withdraw(), 'stored');
        assert.equal(await withdraw(), 'used');
      });
    });

    test('a zone is at the name server that the claim names, or at the customer’s, and stays there', async () => {
      await withStorage(async (storage) => {
        const place = async (text: string): Promise<string | undefined> =>
          (await storage.zone(zoneName(text)))?.backend;
        const moveTo = async (backend?: string): Promise<void> => {
          const changes = { state: null, limits: {}, backend };
          assert.equal(await storage.setCustomer('shop', changes, auditFacts('set')), true);
        };
        await claim(storage, 'plain.example');
        await moveTo('west');
        await claim(storage, 'west.example');
        const named = {
          zone: zoneName('east.example'),
          customer: 'shop',
          backend: 'east',
          at: 0,
          quarantine: 0,
        };
        assert.equal(await storage.claimZone(named, auditFacts('claim'), null), 'claimed');
        await moveTo();
        assert.equal((await storage.customer('shop'))?.backend, 'west');
        await moveTo('');
        assert.equal((await storage.customer('shop'))?.backend, '');
        const places = ['plain.example', 'west.example', 'east.example'].map(place);
        assert.deepEqual(await Promise.all(places), ['', 'west', 'east']);
        const west = zoneName('west.example');
        await storage.releaseZone(west, 'shop', 1, auditFacts('release'), null);
        assert.equal(await claim(storage, 'west.example', 'shop', 2), 'reclaimed');
        assert.equal(await place('west.example'), '');
      });
    });

    test('tokens of the operator are apart from those of customers', async () => {
      await withStorage(async (storage, subject) => {
        const token = sampleOperator('operator');
        await storage.addOperator(token, auditFacts('operator'));
        await storage.operatorUsed('operator', 9, '192.0.2.7');
        const used = { ...token, lastUsed: { at: 9, from: '192.0.2.7' } };
        const second = await subject.open();
        assert.deepEqual(await second.operator('operator'), used);
        assert.deepEqual([await second.token('operator'), await second.operator('token001')], [null, null]);
        assert.equal(await second.revokeOperator('operator', 12, auditFacts('revoke')), true);
        assert.equal(await second.revokeOperator('operator', 13, auditFacts('revoke')), false);
        await second.close();
        assert.deepEqual(await storage.operators(), [{ ...used, revokedAt: 12 }]);
        assert.deepEqual(
          (await storage.audit(0, 10)).map(({ what }) => what),
          ['customer', 'customer', 'operator', 'revoke'],
        );
      });
    });

    test('counts zones, claims and changes without an outcome', async () => {
      await withStorage(async (storage) => {
        const none = {
          customers: 2,
          zones: 0,
          claims: 0,
          openChanges: 0,
          oldestChange: null,
          driftedZones: 0,
          nextCheck: null,
        };
        assert.deepEqual(await storage.counts(), none);
        await claim(storage, 'example.org');
        await claim(storage, 'gone.example');
        await storage.releaseZone(zoneName('gone.example'), 'shop', 1, auditFacts('release'), null);
        const half = { zone: zoneName('half.example'), customer: 'other', at: 0, quarantine: day };
        await storage.claimZone(half, auditFacts('claim'), null);
        await storage.addToken(sampleToken('token001'), auditFacts('token'));
        await storage.countRecords(zone, 0, await held(storage));
        await storage.acceptChange(
          { ...sampleChange('key00001'), acceptedAt: 7 },
          auditFacts('accept'),
          await held(storage),
        );
        await storage.acceptChange(
          { ...sampleChange('key00002'), acceptedAt: 5 },
          auditFacts('accept'),
          await held(storage),
        );
        const some = {
          customers: 2,
          zones: 1,
          claims: 1,
          openChanges: 2,
          oldestChange: 5,
          driftedZones: 0,
          nextCheck: 60_000,
        };
        assert.deepEqual(await storage.counts(), some);
        const ended = { token: 'token001', key: 'key00002' };
        const cut = { kind: 'interrupted' } as const;
        await storage.endChange(ended, cut, auditFacts('end'), await held(storage));
        assert.deepEqual(await storage.counts(), { ...some, openChanges: 1, oldestChange: 7 });
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
        assert.deepEqual(await claim(storage, 'fourth.example', 'other'), { limit: 'zones' });
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
        assert.deepEqual(await move(storage, 'example.org', 'shop'), { moved: [zone] });
        assert.deepEqual(await storage.zonesOf('shop'), [zone]);
        await storage.releaseZone(zone, 'other', 9_000, auditFacts('release'), null);
        assert.deepEqual(await storage.zonesOf('shop'), [zone]);
      });
    });

    test('a deleted zone that is claimed again stays reserved if that claim is dropped', async () => {
      await withStorage(async (storage) => {
        await claim(storage, 'example.org');
        await storage.releaseZone(zone, 'shop', 1_000, auditFacts('release'), null);
        const again = { zone, customer: 'shop', at: 2_000, quarantine: day };
        assert.equal(await storage.claimZone(again, auditFacts('claim'), null), 'reclaimed');
        assert.deepEqual((await storage.zone(zone))?.leftAt, null);
        assert.equal((await storage.allZones()).length, 1);
        assert.deepEqual(await claim(storage, 'example.org', 'other', 2_000 + 2 * day), { foreign: zone });
        await storage.dropClaim(zone, 'shop', auditFacts('drop'), null);
        const { leftAt, isPending } = (await storage.zone(zone)) ?? {};
        assert.deepEqual([leftAt, isPending, await storage.pendingClaims()], [1_000, false, []]);
        assert.deepEqual(await claim(storage, 'example.org', 'other', 1_000 + day - 1), { foreign: zone });
        assert.equal(await claim(storage, 'example.org', 'shop', 3_000), 'reclaimed');
        assert.equal((await storage.zone(zone))?.leftAt, null);
        assert.deepEqual(await storage.zonesOf('shop'), [zone]);
      });
    });

    test('a claimed zone is nobody’s until it is confirmed, and cannot be claimed by others', async () => {
      await withStorage(async (storage) => {
        const asked = { zone, customer: 'shop', at: 0, quarantine: day };
        assert.equal(await storage.claimZone(asked, auditFacts('claim'), null), 'claimed');
        assert.deepEqual(await storage.zonesOf('shop'), []);
        assert.equal((await storage.zone(zone))?.isPending, true);
        assert.equal((await storage.zone(zone))?.createdAt, 0);
        const repeated = { ...asked, at: 1_000 };
        assert.equal(await storage.claimZone(repeated, auditFacts('claim'), null), 'pending');
        assert.equal((await storage.zone(zone))?.createdAt, 1_000);
        assert.deepEqual(await claim(storage, 'example.org', 'other'), { foreign: zone });
        assert.equal(await move(storage, 'example.org', 'other'), 'missing');
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
        assert.equal(
          await storage.acceptChange(sampleChange('key00001'), auditFacts('accept'), await held(storage)),
          null,
        );
        assert.deepEqual(
          await storage.acceptChange(sampleChange('key00001'), auditFacts('accept'), await held(storage)),
          sampleChange('key00001'),
        );
        const done = { kind: 'done', removed: [], added: sampleChange('key00001').add } as const;
        await storage.endChange(
          { token: 'token001', key: 'key00001' },
          done,
          auditFacts('end'),
          await held(storage),
        );
        await storage.acceptChange(sampleChange('key00002'), auditFacts('accept'), await held(storage));
        await release(storage);
        assert.deepEqual(await storage.interruptChanges(), [sampleChange('key00002')]);
        assert.deepEqual(await storage.interruptChanges(), []);
        const late = { token: 'token001', key: 'key00002' };
        assert.equal(await storage.endChange(late, done, auditFacts('end'), await held(storage)), false);
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
        await storage.note(auditFacts('noted'));
        const entries = await storage.audit(0, 10);
        assert.deepEqual(
          entries.map(({ what }) => what),
          ['customer', 'customer', 'claim', 'confirm', 'noted'],
        );
        assert.deepEqual(await storage.audit(0, 1), entries.slice(0, 1));
        assert.deepEqual(await storage.audit(entries[1]?.number ?? 0, 10), entries.slice(2));
      });
    });

    test('a rotated token has two texts for a while; a made one knows its maker', async () => {
      await withStorage(async (storage) => {
        await storage.addToken({ ...sampleToken('token001'), makesTokens: true }, auditFacts('token'));
        const made = { ...sampleToken('token002'), maker: 'token001', idle: day };
        await storage.addToken(made, auditFacts('token'));
        assert.deepEqual(await storage.token('token002'), made);
        for (const [hash, until] of [
          ['second', 50],
          ['third', 70],
        ] as const)
          assert.equal(await storage.rotateToken('token002', { hash, until }, auditFacts('rotate')), true);
        const previous = { hash: 'second', until: 70 };
        assert.deepEqual(await storage.token('token002'), { ...made, hash: 'third', previous });
        await storage.revokeToken('token002', 8, auditFacts('revoke'));
        const late = { hash: 'fourth', until: 90 };
        assert.equal(await storage.rotateToken('token002', late, auditFacts('rotate')), false);
        assert.equal(await storage.rotateToken('nobody', late, auditFacts('rotate')), false);
      });
    });

    test('a customer has no more tokens in use than his limit', async () => {
      await withStorage(async (storage) => {
        await limit(storage, { tokens: 2 });
        const add = async (id: string, facts: Partial<StoredToken> = {}): Promise<unknown> =>
          await storage.addToken({ ...sampleToken(id), createdAt: 10, ...facts }, auditFacts('token'));
        assert.equal(await add('token001'), null);
        assert.equal(await add('token002', { expiresAt: 20 }), null);
        assert.deepEqual(await add('token003'), { limit: 'tokens' });
        assert.equal(await storage.token('token003'), null);
        assert.equal(await add('token003', { createdAt: 20 }), null);
        await storage.revokeToken('token001', 21, auditFacts('revoke'));
        assert.equal(await add('token004', { createdAt: 20 }), null);
        assert.deepEqual(await add('token005', { createdAt: 20 }), { limit: 'tokens' });
        assert.equal(await add('token006', { customer: 'other' }), null);
        await limit(storage, { tokens: 4 });
        assert.equal(await add('token007', { maker: 'token003', createdAt: 20 }), null);
        assert.equal(await add('token008', { maker: 'token003', createdAt: 20 }), null);
        assert.deepEqual(await add('token009', { createdAt: 20 }), { limit: 'tokens' });
        await storage.revokeToken('token003', 22, auditFacts('revoke'));
        for (const id of ['token009', 'token010', 'token011'])
          assert.equal(await add(id, { createdAt: 20 }), null, 'those that it has made have ended too');
        assert.deepEqual(await add('token012', { createdAt: 20 }), { limit: 'tokens' });
      });
    });

    test('writes are counted by the minute and by the day, and only those', async () => {
      await withStorage(async (storage) => {
        await storage.addToken(sampleToken('token001'), auditFacts('token'));
        await limit(storage, { writesInMinute: 2, writesInDay: 3, zones: 9 });
        const accept = async (key: string, acceptedAt: number): Promise<unknown> =>
          await storage.acceptChange(
            { ...sampleChange(key), acceptedAt },
            auditFacts('accept'),
            await held(storage),
          );
        const nothing = { ...sampleChange('nothing1'), add: [], acceptedAt: 1 };
        await storage.acceptChange(nothing, auditFacts('withdrawn'), await held(storage));
        await storage.mayClaim({ zone, customer: 'shop', at: 1, quarantine: day });
        assert.equal(await claim(storage, 'example.org', 'shop', 1), 'claimed');
        await storage.countRecords(zone, 0, await held(storage));
        assert.equal(await accept('key00001', 59_999), null);
        assert.equal((await accept('key00001', 59_999)) !== null, true);
        assert.deepEqual(await accept('key00002', 59_999), { limit: 'writesInMinute' });
        assert.deepEqual(await claim(storage, 'more.example', 'shop', 59_999), { limit: 'writesInMinute' });
        assert.equal(await storage.zone(zoneName('more.example')), null);
        const remove = async (at: number): Promise<unknown> =>
          await storage.acceptDelete(zone, 'shop', at, auditFacts('delete'), null);
        assert.deepEqual(await remove(59_999), { limit: 'writesInMinute' });
        assert.equal(await remove(60_000), null);
        assert.deepEqual(await accept('key00002', 120_000), { limit: 'writesInDay' });
        assert.equal(await storage.change('token001', 'key00002'), null);
        assert.equal(await accept('key00002', day), null);
        assert.equal(await claim(storage, 'more.example', 'other', 59_999), 'claimed');
      });
    });

    test('the records of a zone are counted with every outcome', async () => {
      await withStorage(async (storage) => {
        await storage.addToken(sampleToken('token001'), auditFacts('token'));
        await limit(storage, { records: 2 });
        await claim(storage, 'example.org');
        const [one, two, three] = ['one', 'two', 'three'].map((at) =>
          makeRecord({ name: at, type: 'A', rdata: '192.0.2.1', ttl: 300 }, zone),
        );
        assert.ok(one && two && three);
        const accept = async (
          key: string,
          parts: Partial<Pick<StoredChange, 'remove' | 'add' | 'before'>>,
        ): Promise<unknown> =>
          await storage.acceptChange(
            { ...sampleChange(key), add: [], ...parts },
            auditFacts('accept'),
            await held(storage),
          );
        const end = async (key: string, outcome: ChangeOutcome): Promise<void> => {
          await storage.endChange(
            { token: 'token001', key: key },
            outcome,
            auditFacts('end'),
            await held(storage),
          );
        };
        const counted = async (): Promise<unknown> => (await storage.zone(zone))?.records;
        const failed = { kind: 'failed', code: 'x', params: {}, retry: 'later' } as const;
        assert.deepEqual(await accept('grow0001', { add: [one] }), { limit: 'records' }, 'not counted yet');
        assert.equal(await accept('shrink01', { remove: [one], before: [one] }), null);
        await end('shrink01', { kind: 'done', removed: [one], added: [] });
        assert.equal(await counted(), null);
        await storage.countRecords(zone, 1, await held(storage));
        assert.equal(await accept('grow0001', { add: [one] }), null);
        assert.equal(await counted(), 2);
        assert.deepEqual(await accept('grow0002', { add: [two] }), { limit: 'records' });
        const swap = { remove: [one], add: [two, two, three], before: [one, three] };
        assert.equal(await accept('swap0001', swap), null, 'as many as before');
        await end('swap0001', { ...failed, state: 'untouched' });
        await end('grow0001', { ...failed, state: 'untouched' });
        assert.equal(await counted(), 1);
        assert.equal(await accept('grow0002', { add: [two] }), null);
        await end('grow0002', { kind: 'done', removed: [], added: [] });
        assert.equal(await counted(), 1, 'it was there already');
        for (const [key, outcome] of [
          ['partial1', { ...failed, state: 'partial' }],
          ['unknown1', { ...failed, state: 'unknown' }],
        ] as const) {
          await storage.countRecords(zone, 1, await held(storage));
          assert.equal(await accept(key, { add: [two] }), null);
          await end(key, outcome);
          assert.equal(await counted(), null, key);
        }
        await storage.countRecords(zone, 0, await held(storage));
        await accept('cut00001', { add: [three] });
        await release(storage);
        await storage.interruptChanges();
        assert.equal(await counted(), null);
      });
    });

    test('with a grant, another customer has a zone below; without one, nobody gets a further one', async () => {
      await withStorage(async (storage) => {
        const [child, deeper] = [zoneName('a.example.org'), zoneName('b.a.example.org')];
        const grant = { parent: zone, child, customer: 'other' };
        const give = async (): Promise<boolean> =>
          await storage.addGrant({ ...grant, createdAt: 4 }, auditFacts('grant'));
        assert.equal(await give(), false, 'nobody has the parent');
        await claim(storage, 'example.org');
        assert.deepEqual(await claim(storage, 'a.example.org', 'other'), { foreign: zone });
        assert.equal(await give(), true);
        assert.deepEqual(await storage.grants(zone), [
          { ...grant, givenBy: 'shop', createdAt: 4, revokedAt: null },
        ]);
        for (const text of ['aa.example.org', 'x.example.org', 'example.org'])
          assert.deepEqual(await claim(storage, text, 'other'), { foreign: zone }, text);
        assert.equal(await claim(storage, 'b.a.example.org', 'other'), 'claimed');
        assert.equal(await claim(storage, 'a.example.org', 'other'), 'claimed');
        assert.deepEqual(await claim(storage, 'c.a.example.org'), { foreign: child });
        assert.equal(await storage.revokeGrant(grant, 5, auditFacts('revoke')), true);
        assert.equal(await storage.revokeGrant(grant, 5, auditFacts('revoke')), false);
        assert.deepEqual(await storage.zonesOf('other'), [child, deeper]);
        assert.equal(await claim(storage, 'd.a.example.org', 'other'), 'claimed', 'below his own zone');
        await storage.releaseZone(child, 'other', 1_000, auditFacts('release'), null);
        assert.deepEqual(await claim(storage, 'a.example.org', 'other', 2_000), { foreign: zone });
        await storage.releaseZone(zone, 'shop', 1_000, auditFacts('release'), null);
        assert.equal(await claim(storage, 'example.org', 'shop', 2_000), 'reclaimed', 'he had consented');
      });
    });

    test('a grant ends with the ownership of who has given it', async () => {
      await withStorage(async (storage) => {
        const child = zoneName('a.example.org');
        await storage.addCustomer(
          { id: 'third', state: 'active', limits: usualLimits, createdAt: 1 },
          auditFacts('customer'),
        );
        await claim(storage, 'example.org');
        const grant = { parent: zone, child, customer: 'other', createdAt: 4 };
        await storage.addGrant(grant, auditFacts('grant'));
        await storage.releaseZone(zone, 'shop', 0, auditFacts('release'), null);
        assert.equal(await claim(storage, 'example.org', 'third', 2 * day), 'claimed');
        assert.deepEqual(await claim(storage, 'a.example.org', 'other', 2 * day), { foreign: zone });
      });
    });

    test('a transfer leaves no zone below or above in other hands without a grant', async () => {
      await withStorage(async (storage) => {
        const [child, gone] = [zoneName('a.example.org'), zoneName('gone.example.org')];
        await claim(storage, 'example.org');
        await claim(storage, 'a.example.org');
        await claim(storage, 'gone.example.org');
        await storage.releaseZone(gone, 'shop', 1_000, auditFacts('release'), null);
        assert.equal(await move(storage, 'nowhere.example', 'other'), 'missing');
        assert.deepEqual(await move(storage, 'example.org', 'other'), { foreign: child });
        assert.deepEqual(await move(storage, 'a.example.org', 'other'), { foreign: zone });
        assert.deepEqual(await storage.zonesOf('shop'), [child, zone], 'nothing has moved');
        const { number: before } = await storage.auditHead();
        assert.deepEqual(await move(storage, 'example.org', 'other', true), { moved: [zone, child] });
        const entries = await storage.audit(before, 100);
        assert.deepEqual(
          entries.map((one) => [one.what, one.zone]),
          [
            ['transfer', zone],
            ['transfer', child],
          ],
        );
        assert.deepEqual(await claim(storage, 'gone.example.org', 'shop', 2_000), { foreign: gone });
        assert.equal(await claim(storage, 'gone.example.org', 'other', 2_000), 'reclaimed');
        const grant = { parent: zone, child, customer: 'shop', createdAt: 4 };
        await storage.addGrant(grant, auditFacts('grant'));
        assert.deepEqual(await move(storage, 'a.example.org', 'shop'), { moved: [child] });
        await storage.setCustomer('shop', { state: null, limits: { zones: 1 } }, auditFacts('set'));
        assert.deepEqual(await move(storage, 'gone.example.org', 'shop'), { foreign: zone });
        await claim(storage, 'apart.example', 'other');
        assert.deepEqual(await move(storage, 'apart.example', 'shop'), { limit: 'zones' });
      });
    });

    test('the receiver of a zone takes over its grants', async () => {
      await withStorage(async (storage) => {
        const child = zoneName('a.example.org');
        await claim(storage, 'example.org');
        const grant = { parent: zone, child, customer: 'shop', createdAt: 4 };
        await storage.addGrant(grant, auditFacts('grant'));
        await claim(storage, 'a.example.org');
        assert.deepEqual(await move(storage, 'example.org', 'other'), { moved: [zone] });
        assert.deepEqual(await storage.zonesOf('shop'), [child]);
        assert.equal((await storage.grants(zone))[0]?.givenBy, 'other');
      });
    });

    test('a code moves a zone once, in time, and only while its maker has the zone', async () => {
      await withStorage(async (storage) => {
        await claim(storage, 'example.org');
        const code = { zone, customer: 'shop', withBelow: false, expiresAt: 100 };
        const make = async (hash: string, customer = 'shop'): Promise<boolean> =>
          await storage.addTransferCode({ ...code, hash, customer }, auditFacts('code'));
        const take = async (hash: string, at: number): Promise<Transferred> =>
          await storage.takeTransferCode({ hash, zone, to: 'other', at }, auditFacts('take'));
        assert.equal(await make('stolen', 'other'), false);
        assert.equal(await make('first'), true);
        assert.equal(await make('second'), true);
        assert.equal(await take('first', 50), 'missing', 'replaced');
        assert.equal(await take('second', 100), 'missing', 'too late');
        const has = async (hash: string, at: number, which = zone): Promise<boolean> =>
          await storage.hasTransferCode({ hash, zone: which, at });
        assert.deepEqual(
          [await has('second', 99), await has('second', 100), await has('first', 50)],
          [true, false, false],
        );
        assert.equal(await has('second', 99, zoneName('other.example')), false);
        const other = { hash: 'second', zone: zoneName('other.example'), to: 'other', at: 99 };
        assert.equal(await storage.takeTransferCode(other, auditFacts('take')), 'missing', 'another zone');
        assert.deepEqual(await take('second', 99), { moved: [zone] });
        assert.deepEqual((await storage.audit(0, 100)).at(-1)?.detail, { from: 'shop' });
        assert.equal(await take('second', 99), 'missing', 'used up');
        await storage.addToken({ ...sampleToken('token009'), customer: 'other' }, auditFacts('token'));
        assert.equal(await make('revoked', 'other'), true);
        await storage.revokeToken('token009', 9, auditFacts('revoke'));
        assert.equal(await take('revoked', 50), 'missing', 'a token of the owner was revoked');
        assert.equal(await make('suspended', 'other'), true);
        await storage.setCustomer('other', { state: 'suspended', limits: {} }, auditFacts('state'));
        assert.equal(await take('suspended', 50), 'missing', 'the owner is suspended');
        await storage.setCustomer('other', { state: 'active', limits: {} }, auditFacts('state'));
        assert.equal(await make('third', 'other'), true);
        await move(storage, 'example.org', 'shop');
        await move(storage, 'example.org', 'other');
        assert.equal(await take('third', 50), 'missing', 'the zone was elsewhere meanwhile');
        assert.equal(await make('fourth', 'other'), true);
        await storage.releaseZone(zone, 'other', 60, auditFacts('release'), null);
        assert.equal(await claim(storage, 'example.org', 'other', 70), 'reclaimed');
        assert.equal(await take('fourth', 80), 'missing', 'the zone was deleted meanwhile');
      });
    });

    test('two processes at once: one parent or child, one write too many', async () => {
      await withStorage(async (storage, subject) => {
        const second = await subject.open();
        const both = await Promise.all([
          claim(storage, 'example.org', 'shop', 1),
          claim(second, 'a.example.org', 'other', 1),
        ]);
        assert.equal(both.filter((one) => one === 'claimed').length, 1, JSON.stringify(both));
        await limit(storage, { writesInMinute: 3, zones: 9 });
        const many = await Promise.all(
          Array.from({ length: 8 }, async (_, at) =>
            claim(at % 2 === 0 ? storage : second, `zone${at}.example`, 'shop', 120_000),
          ),
        );
        assert.equal(many.filter((one) => one === 'claimed').length, 3, JSON.stringify(many));
        await second.close();
      });
    });

    test('the audit forms a chain, also when addresses are erased; a changed entry breaks it', async () => {
      await withStorage(async (storage) => {
        await storage.addToken(sampleToken('token001'), auditFacts('token'));
        await storage.tokenUsed('token001', 9, '192.0.2.7');
        await storage.acceptChange(sampleChange('key00001'), auditFacts('accept'), await held(storage));
        for (const [from, customer] of [
          ['192.0.2.7', 'shop'],
          ['192.0.2.8', 'shop'],
          ['192.0.2.7', 'other'],
        ] as const)
          await storage.setCustomer(
            customer,
            { state: 'active', limits: {} },
            { ...auditFacts('seen'), customer, from },
          );
        const links = await storage.auditLinks(0, 100);
        const last = links.at(-1)!;
        assert.deepEqual(await storage.auditHead(), { number: last.number, hash: last.hash });
        assert.ok(isWhole(links));
        for (const change of [{ at: 1 }, { client: '192.0.2.9' }, { body: '{}' }, { clientHash: null }])
          assert.ok(!isWhole(links.with(1, { ...links[1]!, ...change })), JSON.stringify(change));
        assert.ok(!isWhole(links.toSpliced(2, 1)));
        const person = { before: null, client: '192.0.2.7', customer: 'shop' };
        assert.equal(await storage.eraseAddresses(person, auditFacts('erased')), 1);
        const shown = async (): Promise<readonly unknown[]> =>
          (await storage.audit(0, 100))
            .filter(({ what }) => what === 'seen')
            .map((one) => [one.from, one.isErased]);
        assert.deepEqual(await shown(), [
          ['', true],
          ['192.0.2.8', false],
          ['192.0.2.7', false],
        ]);
        assert.equal((await storage.token('token001'))?.lastUsed?.from, '');
        assert.equal((await storage.change('token001', 'key00001'))?.from, '');
        const token = sampleOperator('operator');
        await storage.addOperator(token, { ...auditFacts('operator'), from: '192.0.2.7' });
        await storage.operatorUsed('operator', 9, '192.0.2.7');
        const old = { before: Number.MAX_SAFE_INTEGER, client: null, customer: null };
        await storage.eraseAddresses(old, null);
        assert.equal((await storage.operator('operator'))?.lastUsed?.from, '');
        assert.deepEqual(await shown(), [
          ['', true],
          ['', true],
          ['', true],
        ]);
        const rest = await storage.auditLinks(0, 100);
        assert.ok(isWhole(rest) && rest.length === links.length + 2);
        assert.ok(!JSON.stringify(rest).includes('192.0.2.'));
      });
    });
  });
}
