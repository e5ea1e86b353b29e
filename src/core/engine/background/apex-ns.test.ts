import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRecord } from '../../../dns/record.ts';
import { sampleCreate } from '../../../testing/contracts/journal.ts';
import { engineBench } from '../../../testing/engine-bench.ts';
import { a, apex, zone } from '../../../testing/simulator/given.ts';
import { lackingApexNs, withNameServers } from './apex-ns.ts';

const second = makeRecord({ name: '@', type: 'NS', rdata: 'ns2.example.net.' }, zone);
const below = makeRecord({ name: 'sub', type: 'NS', rdata: 'ns3.example.net.' }, zone);
const names = ['ns1.example.net.', 'ns2.example.net.'];

test('a create names the name servers of the panel’s zone, and keeps the rest of its seed', () => {
  const seed = { addresses: ['192.0.2.1'], nameServers: ['old.example.net.'], mailServers: ['mx.example.'] };
  const asked = sampleCreate('a', { seed });
  const panel = [a('www', 1), apex, below, second];
  assert.deepEqual(withNameServers(asked, panel), { ...asked, seed: { ...seed, nameServers: names } });
  const bare = sampleCreate('a', { seed: null });
  const none = { addresses: [], nameServers: names, mailServers: [] };
  assert.deepEqual(withNameServers(bare, panel), { ...bare, seed: none });
});

test('a create keeps what was asked for where the panel’s zone names no name server', () => {
  const seed = { addresses: [], nameServers: ['old.example.net.'], mailServers: [] };
  for (const asked of [sampleCreate('a', { seed }), sampleCreate('a', { seed: null })])
    assert.deepEqual(withNameServers(asked, [a('www', 1), below]), asked);
});

test('only a zone that we made with its content, and that has no NS of its own, gets the panel’s', () => {
  const { runtime } = engineBench({ traits: { createsWithContent: true } });
  const made = sampleCreate('a', { created: true });
  const panel = [{ ...apex, key: 'k' }, a('www', 1), below, second];
  assert.deepEqual(lackingApexNs(runtime, made, panel, [a('www', 1), below]), [apex, second]);
  assert.deepEqual(lackingApexNs(runtime, made, panel, [second]), []);
  assert.deepEqual(lackingApexNs(runtime, { ...made, created: false }, panel, []), []);
  assert.deepEqual(lackingApexNs(engineBench().runtime, made, panel, []), []);
});
