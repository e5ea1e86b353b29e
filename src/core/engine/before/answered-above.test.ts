/** Tests whether a zone of ours above a new zone answers for names in the new zone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namesAbove, parseName, type DnsName } from '../../../dns/name.ts';
import { makeRecord } from '../../../dns/record.ts';
import { sampleOperation } from '../../../testing/contracts/journal.ts';
import { engineBench } from '../../../testing/engine-bench.ts';
import { zone } from '../../../testing/simulator/given.ts';
import { isAnsweredAbove } from './answered-above.ts';

const child = parseName('a.b', zone);

function names(...hosts: readonly string[]): DnsName[] {
  return hosts.map((host) => parseName(host, zone));
}

async function isAnswered(
  hosts: readonly string[],
  listed: readonly DnsName[] = [zone],
  wholeZones = true,
): Promise<boolean> {
  const { runtime, run, central } = engineBench({ traits: { wholeZones } });
  const records = hosts.map((name) => makeRecord({ name, type: 'A', rdata: '192.0.2.1' }, zone));
  for (const name of listed) central.store.putZone(name, name === zone ? records : []);
  return await run(runtime.timers.step('-', (ctx) => isAnsweredAbove(runtime, child, listed, ctx)));
}

test('names above a name end below the top-level domain', () => {
  assert.deepEqual(namesAbove(child), [...names('b'), zone]);
  assert.deepEqual(namesAbove(zone), []);
  assert.deepEqual(namesAbove(parseName('org.')), []);
});

test('a record at the new zone’s name, or below it, answers', async () => {
  assert.equal(await isAnswered(['a.b']), true);
  assert.equal(await isAnswered(['www', 'x.y.a.b']), true);
  assert.equal(await isAnswered(['b', 'www', 'xa.b', 'c.b']), false);
  assert.equal(await isAnswered([]), false);
});

test('so does a wildcard over it', async () => {
  assert.equal(await isAnswered(['*.b']), true);
  assert.equal(await isAnswered(['*']), true);
  assert.equal(await isAnswered(['*.c']), false);
});

test('only the nearest zone of the account above counts', async () => {
  assert.equal(await isAnswered(['a.b'], []), false);
  assert.equal(await isAnswered(['a.b'], [zone, ...names('b')]), false);
  assert.equal(await isAnswered(['a.b'], [zone, ...names('c')]), true);
});

test('issue 14, new zones: what an open edit took away may come back, so it still answers', async () => {
  const [covering, other] = ['*', 'www'].map((name) =>
    makeRecord({ name, type: 'A', rdata: '192.0.2.1' }, zone),
  );
  assert.ok(covering !== undefined && other !== undefined);
  for (const [removed, state, answers] of [
    [covering, 'applied', true],
    [covering, 'reverting', true],
    [covering, 'confirmed', false],
    [other, 'applied', false],
  ] as const) {
    const { runtime, run, central, journal } = engineBench();
    central.store.putZone(zone, []);
    await journal.commit({ operations: [sampleOperation('0', { state, removed: [removed], added: [] })] });
    const found = runtime.timers.step('-', (ctx) => isAnsweredAbove(runtime, child, [zone], ctx));
    assert.equal(await run(found), answers, state);
  }
});

test('where the central cannot list a zone’s names, one may be there', async () => {
  assert.equal(await isAnswered([], [zone], false), true);
  assert.equal(await isAnswered([], [], false), false);
});
