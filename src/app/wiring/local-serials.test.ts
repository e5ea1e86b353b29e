import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { missingFor } from '../../testing/stage/server-registry.ts';
import { startKnot } from '../../testing/servers/knot.ts';
import { localSerials } from './local-serials.ts';

const zone = parseName('example.org.');

test('the serial of a zone, and none of others', { skip: missingFor('knot') }, async (t) => {
  const knot = await startKnot({ zones: [{ zone }] });
  t.after(async () => await knot.dispose());
  const reader = localSerials({ serialServer: { host: '127.0.0.1', port: knot.port } });
  t.after(() => reader.close());
  const { signal } = new AbortController();
  const serial = await reader.serial(zone, signal);
  assert.ok(serial !== null && Number.isInteger(serial));
  assert.equal(await reader.serial(parseName('www.example.org.'), signal), null);
  assert.equal(await reader.serial(parseName('example.net.'), signal), null);
  await knot.stop();
  assert.equal(await reader.serial(zone, signal), null);
});

test('a stopped engine ends the question', async () => {
  const reader = localSerials({ serialServer: { host: '127.0.0.1', port: 9 } });
  assert.equal(await reader.serial(zone, AbortSignal.abort()), null);
  reader.close();
});

test('a server that answers over UDP only is asked over UDP', { skip: missingFor('knot') }, async (t) => {
  const knot = await startKnot({ zones: [{ zone }] });
  t.after(async () => await knot.dispose());
  const front = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => front.close());
  await once(front, 'listening');
  front.on('message', (query, from) => {
    const back = createSocket('udp4');
    back.on('message', (answer) => {
      front.send(answer, from.port, from.address);
      back.close();
    });
    back.send(query, knot.port, '127.0.0.1');
  });
  const reader = localSerials({ serialServer: { host: '127.0.0.1', port: front.address().port } });
  t.after(() => reader.close());
  const { signal } = new AbortController();
  for (let times = 0; times < 2; times += 1) assert.ok(Number.isInteger(await reader.serial(zone, signal)));
});
