/** Issue 17: tests how zones' delegations are found, with a real resolver and with servers that misbehave. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import type { ZonePlan } from '../../core/zone-plan.ts';
import { parseName } from '../../dns/name.ts';
import { patience } from '../../testing/patience.ts';
import { startKnot } from '../../testing/servers/knot.ts';
import { startNamed } from '../../testing/servers/named.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { makeDelegations } from './resolvers.ts';

const skip = missingPrograms('named', 'knotd', 'knotc');

/** Asks a resolver on this port about the delegation of a zone that has these name servers at the central. */
async function found(
  t: TestContext,
  ports: readonly number[],
  zone: string,
  servers: readonly string[],
  limit = patience,
): Promise<unknown> {
  const resolvers = ports.map((port) => ({ host: '127.0.0.1', port }));
  const made = makeDelegations({ resolvers, newZones: { nameServers: [], kind: 'native' } }, limit);
  assert.ok(made !== null);
  t.after(() => made.close());
  const plan: ZonePlan = {
    zone: parseName(zone),
    direction: 'push',
    removes: false,
    whole: null,
    steps: [],
    left: [],
    hindrance: null,
    limit: null,
    signed: false,
    nameServers: servers.map((name) => parseName(name)),
  };
  return await made.of(plan);
}

const ours = ['ns1.example.net.', 'ns2.example.net.'];

test('issue 17, delegation: asked of a resolver, and of a name server of the parent', { skip }, async (t) => {
  const parent = [
    'moved NS ns.old.example.',
    'moved NS ns.older.example.',
    ...Array.from({ length: 60 }, (_, at) => `huge NS ns${at}.a-rather-long-name-of-a-name-server.example.`),
  ].join('\n');
  const knot = await startKnot({
    zones: [
      { zone: parseName('example.'), records: parent },
      { zone: parseName('here.example.') },
      { zone: parseName('partly.example.'), records: '@ NS ns.old.example.' },
    ],
  });
  t.after(async () => await knot.dispose());
  // A resolver that passes every query on to the Knot server.
  const extra = `forward only; forwarders { 127.0.0.1 port ${knot.port}; };`;
  const named = await startNamed({ recursion: true, extra });
  t.after(async () => await named.dispose());
  for (const { port } of [named, knot]) {
    assert.deepEqual(await found(t, [port], 'here.example.', ours), { kind: 'here' });
    assert.deepEqual(await found(t, [port], 'here.example.', ['ns.else.example.']), {
      kind: 'elsewhere',
      to: ours,
    });
    assert.deepEqual(await found(t, [port], 'partly.example.', ours), {
      kind: 'partly',
      to: ['ns.old.example.'],
    });
    assert.deepEqual(await found(t, [port], 'nowhere.example.', ours), { kind: 'none' });
  }
  assert.deepEqual(await found(t, [knot.port], 'moved.example.', ours), {
    kind: 'elsewhere',
    to: ['ns.old.example.', 'ns.older.example.'],
  });
  // The referral does not fit into a datagram.
  const huge = await found(t, [knot.port], 'huge.example.', ours);
  assert.match(JSON.stringify(huge), /elsewhere.*ns0\./u);
  assert.deepEqual(await found(t, [knot.port], 'other.test.', ours), { kind: 'failed', text: 'REFUSED' });
});

test('issue 17, delegation: what is no answer, or comes to another question, is none', async (t) => {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.on('message', (query, { port }) => {
    const other = Buffer.from(query);
    other[0] = (other[0] ?? 0) ^ 0xff;
    for (const octets of [Buffer.from('garbage'), Buffer.alloc(0), other, query]) socket.send(octets, port);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const asked = await found(t, [socket.address().port], 'example.org.', ours, 500);
  assert.deepEqual(asked, { kind: 'unanswered' });
});
