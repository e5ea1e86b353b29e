import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CentralError, type CentralTraits } from '../../core/central.ts';
import { parseName, zoneName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { centralContract } from '../contracts/central/index.ts';
import type { ContractSubject } from '../contracts/central/zone-bench.ts';
import { quietContext } from '../quiet-context.ts';
import { MemoryCentral } from './index.ts';

const exampleDs = `60485 13 2 ${'0a'.repeat(32)}`;

function subject(traits: Partial<CentralTraits>, conditional = false): ContractSubject {
  const central = new MemoryCentral({ traits, conditional });
  const { store } = central;
  const others = new Set<string>();
  return {
    central,
    otherWriter: {
      add: async (zone, record) => {
        store.add(zone, record);
        await Promise.resolve();
      },
      remove: async (zone, record) => {
        store.remove(zone, record);
        await Promise.resolve();
      },
      makeZone: async (zone) => {
        store.putZone(zone);
        await Promise.resolve();
      },
      makeSignedZone: async (zone) => {
        store.putZone(zone);
        store.signings.set(zone, { signed: true, ds: [exampleDs], cds: [exampleDs] });
        await Promise.resolve();
      },
      createZone: async (zone) => {
        store.foreign.add(zone);
        others.add(zone);
        await Promise.resolve();
      },
      records: async (zone) => await Promise.resolve(others.has(zone) ? [] : store.records(zone)),
    },
    stop: async () => {
      await Promise.resolve();
    },
  };
}

centralContract('memory', async () => await Promise.resolve(subject({})));
centralContract('memory with TTLs', async () => await Promise.resolve(subject({ carriesTtl: true })));
centralContract('memory that takes expectations', async () => {
  return await Promise.resolve(subject({ carriesTtl: true }, true));
});
centralContract('memory, zones made with content', async () => {
  return await Promise.resolve(subject({ createsWithContent: true, carriesTtl: true }));
});
centralContract('memory, zones of the provider, read by names', async () => {
  const traits = { managesZones: false, listsZones: false, wholeZones: false };
  return await Promise.resolve(subject(traits));
});

const zone = zoneName('example.org');
const seed = { addresses: [], nameServers: [], mailServers: [] };

function address(name: string, rdata: string, ttl: number | null = null) {
  return makeRecord({ name, type: 'A', rdata, ttl }, zone);
}

function lost(): CentralError {
  return new CentralError('central.unreachable', { state: 'unknown', retry: 'later' });
}

describe('memory central', () => {
  it('does what was asked when only the answer is lost, and says unknown', async () => {
    const central = new MemoryCentral();
    central.store.putZone(zone);
    central.faults.after = ({ method }) => {
      if (method === 'add') throw lost();
    };
    const change = { zone, remove: [], add: [address('www', '192.0.2.1')] };
    await assert.rejects(central.apply(change, [], quietContext()), {
      code: 'central.unreachable',
      state: 'unknown',
    });
    assert.equal(central.store.records(zone)?.length, 1);
  });

  it('says partial when the connection fails before the second write, unknown when it fails before the read-back', async () => {
    const central = new MemoryCentral();
    central.store.putZone(zone);
    let writes = 0;
    central.faults.before = ({ method }) => {
      if (method === 'add') writes += 1;
      if (writes === 2) throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
    };
    const change = { zone, remove: [], add: [address('a', '192.0.2.1'), address('b', '192.0.2.1')] };
    await assert.rejects(central.apply(change, [], quietContext()), { state: 'partial' });
    central.faults.before = ({ method }) => {
      if (method === 'read')
        throw new CentralError('central.unreachable', { state: 'untouched', retry: 'later' });
    };
    await assert.rejects(central.apply(change, [], quietContext()), { state: 'unknown' });
    central.faults.before = undefined;
    assert.equal((await central.readZone(zone, [], quietContext()))?.length, 2);
  });

  it('does not fight somebody who takes our record away at once', async () => {
    const central = new MemoryCentral();
    central.store.putZone(zone);
    const record = address('www', '192.0.2.1');
    let writes = 0;
    central.faults.after = ({ method }) => {
      if (method !== 'add') return;
      writes += 1;
      central.store.remove(zone, record);
    };
    const change = { zone, remove: [], add: [record] };
    await assert.rejects(central.apply(change, [], quietContext()), {
      code: 'central.no-effect',
      state: 'unknown',
    });
    assert.equal(writes, 1);
  });

  it('alters a TTL alone where records have TTLs, and only there', async () => {
    const [old, next] = [address('www', '192.0.2.1', 300), address('www', '192.0.2.1', 600)];
    for (const carriesTtl of [true, false]) {
      const central = new MemoryCentral({ traits: { carriesTtl } });
      central.store.putZone(zone, [old]);
      const change = { zone, remove: [old], add: [next] };
      const present = (await central.readZone(zone, [], quietContext())) ?? [];
      const altered = await central.apply(change, present, quietContext());
      assert.equal(altered.added.length, carriesTtl ? 1 : 0);
      const [now] = (await central.readZone(zone, [], quietContext())) ?? [];
      assert.equal(now?.ttl, carriesTtl ? 600 : null);
    }
  });

  it('honours limit, defaults, snapshot and restore', async () => {
    const defaults = () => [makeRecord({ name: '@', type: 'NS', rdata: 'ns1.example.net.' }, zone)];
    const central = new MemoryCentral({ zoneLimit: 1, defaults });
    const empty = central.store.snapshot();
    assert.equal(await central.createZone(zone, seed, quietContext()), 'created');
    assert.equal(central.store.records(zone)?.length, 1);
    await assert.rejects(central.createZone(parseName('b.example.'), seed, quietContext()), {
      code: 'central.limit',
    });
    central.store.restore(empty);
    assert.equal(central.store.records(zone), null);
  });
});
