/** Tests that an exchange ends, whatever a DNS server does instead of answering. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { queryMessage } from '../../dns/wire/message.ts';
import { addRecord, updateMessage } from '../../dns/wire/update.ts';
import { fullBacklog } from '../../testing/full-backlog.ts';
import { DnsClient, type DnsClientSettings } from './client.ts';
import { DnsError } from './dns-error.ts';

/** Milliseconds after which an exchange counts as hung; every case ends much sooner. */
const patience = 60_000;
const zone = parseName('example.org.');
const update = updateMessage(zone, [], [addRecord({ name: zone, type: 'A', rdata: '192.0.2.1' }, 60)]);

function clientOf(t: TestContext, port: number, transport: DnsClientSettings['transport']): DnsClient {
  const server = { host: '127.0.0.1', port };
  const client = new DnsClient({
    server,
    transport,
    trust: { kind: 'public' },
    key: null,
    timeout: patience,
  });
  t.after(() => {
    client.close();
  });
  return client;
}

async function listen(t: TestContext, answer: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('error', () => socket.destroy()));
    socket.once('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

async function failure(call: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await call.then(
    () => assert.fail('the exchange was to fail'),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof DnsError, String(error));
  return [error.kind, error.sent];
}

describe('issue 11.5: every exchange settles', () => {
  for (const transport of ['tcp', 'tls'] as const) {
    it(
      `${transport}: a connection that never comes about: nothing was sent`,
      { timeout: patience },
      async (t) => {
        const client = clientOf(t, await fullBacklog(t), transport);
        assert.deepEqual(await failure(client.exchange(update, AbortSignal.timeout(300))), [
          'unreachable',
          'no',
        ]);
        assert.deepEqual(await failure(client.transfer(zone, AbortSignal.timeout(300))), [
          'unreachable',
          'no',
        ]);
      },
    );
  }

  const faults: Readonly<Record<string, (socket: net.Socket) => void>> = {
    'a close': (socket) => socket.destroy(),
    'an end of its side only': (socket) => socket.end(),
    'a close within the length': (socket) => socket.end('\0'),
    'a close within a message': (socket) => socket.end('\0\xffabc', 'latin1'),
  };
  for (const [name, fault] of Object.entries(faults)) {
    it(
      `${name} instead of an answer: not known whether it was carried out`,
      { timeout: patience },
      async (t) => {
        const client = clientOf(t, await listen(t, fault), 'tcp');
        const quiet = new AbortController().signal;
        assert.deepEqual(await failure(client.exchange(update, quiet)), ['unreachable', 'maybe']);
        assert.deepEqual(await failure(client.transfer(zone, quiet)), ['unreachable', 'maybe']);
        assert.deepEqual(await failure(client.exchange(queryMessage(zone, 'A'), quiet)), [
          'unreachable',
          'maybe',
        ]);
      },
    );
  }

  it('answers to other questions without an end, until the deadline', { timeout: patience }, async (t) => {
    const port = await listen(t, (socket) => {
      const other = Buffer.concat([Buffer.from([0, 12, 0, 0]), Buffer.alloc(10)]);
      const more = (): void => {
        while (!socket.destroyed && socket.write(other));
      };
      socket.on('drain', more);
      more();
    });
    const client = clientOf(t, port, 'tcp');
    const [kind, sent] = await failure(client.exchange(update, AbortSignal.timeout(2_000)));
    assert.equal(sent, 'maybe');
    assert.ok(kind === 'unreachable' || kind === 'garbled', kind);
  });
});
