import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import * as net from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { parseName } from '../../dns/name.ts';
import {
  decodeMessage,
  encodeMessage,
  noFlags,
  queryMessage,
  type DnsMessage,
  type ReceivedMessage,
} from '../../dns/wire/message.ts';
import type { WireRecord } from '../../dns/wire/records.ts';
import { readTsigKey, signMessage } from '../../dns/wire/tsig.ts';
import { addRecord, updateMessage } from '../../dns/wire/update.ts';
import { DnsClient, type DnsClientSettings } from './client.ts';
import { DnsError } from './dns-error.ts';
import { patience } from '../../testing/patience.ts';

const zone = parseName('example.org.');
const quiet = new AbortController().signal;
const query = queryMessage(zone, 'A');
const update = updateMessage(zone, [], [addRecord({ name: zone, type: 'A', rdata: '192.0.2.1' }, 60)]);
const key = readTsigKey({ name: 'k', algorithm: 'hmac-sha256', secret: 'c2VjcmV0' });

function clientOf(t: TestContext, port: number, more: Partial<DnsClientSettings> = {}): DnsClient {
  const client = new DnsClient({
    server: { host: '127.0.0.1', port },
    transport: 'tcp',
    trust: { kind: 'public' },
    key: null,
    timeout: patience,
    ...more,
  });
  t.after(() => client.close());
  return client;
}

async function failure(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof DnsError, String(error));
    return [error.kind, error.sent, error.params['code']].filter((part) => part !== undefined).join(' ');
  }
  assert.fail('the exchange was to fail');
}

/** The answer of a correct server, with the fields in `more` replaced. */
function answerTo(request: ReceivedMessage, more: Partial<DnsMessage> = {}): Buffer {
  return encodeMessage({
    ...request,
    flags: { ...noFlags, qr: true },
    answers: [],
    authority: [],
    additional: [],
    udpSize: null,
    ...more,
  });
}

function framed(...messages: readonly Buffer[]): Buffer {
  return Buffer.concat(
    messages.flatMap((octets) => [Buffer.from([octets.length >> 8, octets.length & 255]), octets]),
  );
}

interface Peer {
  readonly port: number;
  /** Messages that came, over all connections. */
  readonly seen: ReceivedMessage[];
  /** Connections that were opened. */
  readonly sockets: net.Socket[];
}

type Answering = (request: ReceivedMessage, socket: net.Socket, raw: Buffer) => void;

/** Starts a TCP server that handles each message as the test wants. */
async function listen(t: TestContext, answering: Answering): Promise<Peer> {
  const peer = { port: 0, seen: [] as ReceivedMessage[], sockets: [] as net.Socket[] };
  const server = net.createServer((socket) => {
    peer.sockets.push(socket);
    let buffered = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (part) => {
      buffered = Buffer.concat([buffered, part]);
      while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
        const raw = buffered.subarray(2, 2 + buffered.readUInt16BE(0));
        buffered = buffered.subarray(2 + raw.length);
        const request = decodeMessage(raw);
        peer.seen.push(request);
        answering(request, socket, raw);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of peer.sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  peer.port = typeof address === 'object' && address !== null ? address.port : 0;
  return peer;
}

async function closed(socket: net.Socket): Promise<void> {
  if (!socket.closed) await once(socket, 'close');
}

describe('DNS client over TCP', () => {
  it('takes answers in any order, over a few connections', async (t) => {
    const held = new Map<net.Socket, Buffer[]>();
    const peer = await listen(t, (request, socket) => {
      const answers = [framed(answerTo(request)), ...(held.get(socket) ?? [])];
      held.set(socket, answers);
      // The pieces do not begin or end where the messages do.
      if (answers.length === 3)
        for (const octet of Buffer.concat(answers)) socket.write(Buffer.from([octet]));
    });
    const client = clientOf(t, peer.port);
    const names = Array.from({ length: 12 }, (_, at) => parseName(`n${at}.`));
    const found = await Promise.all(names.map((name) => client.exchange(queryMessage(name, 'A'), quiet)));
    assert.deepEqual(
      found.map(({ questions }) => questions[0]?.name),
      names,
    );
    assert.equal(peer.sockets.length, 4);
  });

  it('waits for the right id, and does not take another question, opcode or garbage for an answer', async (t) => {
    let make: (request: ReceivedMessage) => Buffer = (request) => answerTo(request);
    const peer = await listen(t, (request, socket) => socket.write(make(request)));
    const client = clientOf(t, peer.port);
    make = (request) => framed(answerTo(request, { id: request.id ^ 1, rcode: 5 }), answerTo(request));
    assert.equal((await client.exchange(query, quiet)).rcode, 0);
    const wrong: ((request: ReceivedMessage) => Buffer)[] = [
      (request) => framed(answerTo(request, { questions: queryMessage(zone, 'AAAA').questions })),
      (request) => framed(answerTo(request, { questions: [] })),
      (request) => framed(answerTo(request, { opcode: 'notify' })),
      (request) => framed(answerTo(request, { flags: noFlags })),
      (request) => framed(Buffer.concat([answerTo(request), Buffer.from('x')])),
      () => Buffer.from([0, 3, 1, 2, 3]),
    ];
    for (const one of wrong) {
      make = one;
      assert.equal(await failure(client.exchange(query, quiet)), 'garbled maybe');
    }
    make = (request) => framed(answerTo(request, { questions: [], rcode: 1 }));
    assert.equal((await client.exchange(query, quiet)).rcode, 1);
  });

  it('says when the connection is cut in the middle of an answer', async (t) => {
    const peer = await listen(t, (request, socket) => socket.end(framed(answerTo(request)).subarray(0, 20)));
    for (const message of [query, update])
      assert.equal(await failure(clientOf(t, peer.port).exchange(message, quiet)), 'unreachable maybe');
    assert.equal(peer.seen.length, 2);
  });

  it('repeats a query that met a closed kept connection, never an update', async (t) => {
    let cut = false;
    const peer = await listen(t, (request, socket) => {
      if (cut) {
        cut = false;
        socket.destroy();
      } else socket.write(framed(answerTo(request)));
    });
    const client = clientOf(t, peer.port);
    await client.exchange(query, quiet);
    cut = true;
    await client.exchange(query, quiet);
    assert.deepEqual([peer.seen.length, peer.sockets.length], [3, 2]);
    cut = true;
    assert.equal(await failure(client.exchange(update, quiet)), 'unreachable maybe');
    assert.deepEqual([peer.seen.length, peer.sockets.length], [4, 2]);
    await client.exchange(update, quiet);
    assert.deepEqual([peer.seen.length, peer.sockets.length], [5, 3]);
  });

  it('gives up a query when every connection is closed', async (t) => {
    const peer = await listen(t, (_request, socket) => socket.destroy());
    const client = clientOf(t, peer.port);
    assert.equal(await failure(client.exchange(query, quiet)), 'unreachable maybe');
    const many = Array.from({ length: 20 }, () => failure(client.exchange(query, quiet)));
    for (const said of await Promise.all(many)) assert.match(said, /^unreachable/);
    assert.ok(peer.sockets.length <= 5, String(peer.sockets.length));
  });

  it('sends an update on a connection that was silent for long never, a query does not mind', async (t) => {
    const peer = await listen(t, (request, socket) => socket.write(framed(answerTo(request))));
    const client = clientOf(t, peer.port);
    const began = performance.now();
    let ahead = 0;
    t.mock.method(performance, 'now', () => began + ahead);
    await client.exchange(query, quiet);
    await client.exchange(update, quiet);
    assert.equal(peer.sockets.length, 1);
    ahead = 2_100;
    await client.exchange(query, quiet);
    assert.equal(peer.sockets.length, 1);
    ahead = 4_200;
    await client.exchange(update, quiet);
    assert.equal(peer.sockets.length, 2);
    await closed(peer.sockets[0]!);
  });

  it('gives up at the deadline, at the caller’s word, and when closed; the next exchange has a new connection', async (t) => {
    let mute = true;
    const peer = await listen(t, (request, socket) => {
      if (!mute) socket.write(framed(answerTo(request)));
    });
    const client = clientOf(t, peer.port, { timeout: 2_000 });
    assert.equal(await failure(client.exchange(update, quiet)), 'unreachable maybe');
    mute = false;
    await client.exchange(update, quiet);
    assert.equal(peer.sockets.length, 2);
    mute = true;
    const patient = clientOf(t, peer.port);
    const caller = new AbortController();
    const asked = failure(patient.exchange(query, caller.signal));
    while (peer.seen.length < 3) await wait(1);
    caller.abort();
    assert.equal(await asked, 'unreachable maybe');
    assert.equal(await failure(patient.exchange(query, caller.signal)), 'unreachable no');
    const last = failure(patient.exchange(query, quiet));
    while (peer.seen.length < 4) await wait(1);
    patient.close();
    assert.equal(await last, 'unreachable maybe');
    assert.equal(await failure(patient.exchange(query, quiet)), 'unreachable no');
    assert.equal(await failure(patient.transfer(zone, quiet)), 'unreachable no');
    const opening = clientOf(t, peer.port);
    const early = failure(opening.exchange(query, quiet));
    opening.close();
    assert.equal(await early, 'unreachable no');
  });

  it('lets the others go on when one is given up', async (t) => {
    const held: (() => void)[] = [];
    const peer = await listen(t, (request, socket) => {
      held.push(() => socket.write(framed(answerTo(request))));
    });
    const client = clientOf(t, peer.port);
    const caller = new AbortController();
    const lost = failure(client.exchange(query, caller.signal));
    const other = client.exchange(queryMessage(zone, 'MX'), quiet);
    while (held.length < 2) await wait(1);
    caller.abort();
    assert.equal(await lost, 'unreachable maybe');
    for (const answer of held) answer();
    assert.equal((await other).questions[0]?.type, 'MX');
    await closed(peer.sockets[0]!);
  });

  it('takes an unsigned or wrongly signed answer for none', async (t) => {
    let make: (request: ReceivedMessage) => Buffer = (request) => answerTo(request);
    const peer = await listen(t, (request, socket) => socket.write(framed(make(request))));
    const client = clientOf(t, peer.port, { key });
    const seconds = Math.floor(Date.now() / 1000);
    assert.equal(await failure(client.exchange(update, quiet)), 'tsig maybe tsig.missing');
    make = (request) => signMessage(answerTo(request), key, seconds, Buffer.alloc(32)).octets;
    assert.equal(await failure(client.exchange(update, quiet)), 'tsig maybe tsig.wrong-mac');
    make = (request) => signMessage(answerTo(request), key, seconds - 900, request.tsig?.mac).octets;
    assert.equal(await failure(client.exchange(update, quiet)), 'tsig maybe tsig.old');
    make = (request) => signMessage(answerTo(request), key, seconds, request.tsig?.mac).octets;
    assert.equal((await client.exchange(update, quiet)).rcode, 0);
  });
});

const soa = (serial: number): WireRecord => ({
  name: zone,
  type: 'SOA',
  class: 1,
  ttl: 1,
  rdata: `ns. host. ${serial} 1 1 1 1`,
});
const address: WireRecord = { name: zone, type: 'A', class: 1, ttl: 1, rdata: '192.0.2.1' };

describe('zone transfer', () => {
  it('is whole or an error', async (t) => {
    let parts: readonly (Partial<DnsMessage> | 'end')[] = [];
    const peer = await listen(t, (request, socket) => {
      for (const part of parts) {
        if (part === 'end') socket.end();
        else socket.write(framed(answerTo(request, part)));
      }
    });
    const client = clientOf(t, peer.port, { timeout: 2_000 });
    const transfer = (...given: typeof parts): Promise<readonly WireRecord[]> => {
      parts = given;
      return client.transfer(zone, quiet);
    };
    const [first, middle, last] = [
      { answers: [soa(1), address] },
      { answers: [address], questions: [] },
      { answers: [address, soa(1)] },
    ];
    assert.deepEqual(await transfer(first, middle, last), [soa(1), address, address, address]);
    const broken: [string, typeof parts][] = [
      ['unreachable maybe', [first, middle, 'end']],
      ['unreachable maybe', [first, middle]],
      ['garbled maybe', [first, { answers: [soa(2)] }]],
      ['garbled maybe', [first, { answers: [soa(1), address] }]],
      ['garbled maybe', [middle]],
      ['garbled maybe', [last]],
      ['garbled maybe', [first, { answers: [] }]],
      ['garbled maybe', [{ ...first, flags: { ...noFlags, qr: true, tc: true } }]],
      ['garbled maybe', [{ ...first, questions: queryMessage(zone, 'A').questions }]],
      ['refused maybe', [{ rcode: 5 }]],
      ['refused maybe', [first, { rcode: 2, questions: [] }]],
    ];
    for (const [said, given] of broken) assert.equal(await failure(transfer(...given)), said);
  });

  it('is signed from first to last', async (t) => {
    let unsignedAt = -1;
    const peer = await listen(t, (request, socket) => {
      const parts = [{ answers: [soa(1)] }, { answers: [address] }, { answers: [soa(1)] }];
      const seconds = Math.floor(Date.now() / 1000);
      for (const [at, part] of parts.entries()) {
        const octets = answerTo(request, part);
        // Each later message is signed as if it were the first, which the client must refuse.
        const signed = signMessage(octets, key, seconds, request.tsig?.mac).octets;
        socket.write(framed(at === unsignedAt || (unsignedAt === 1 && at > 0) ? octets : signed));
      }
    });
    const client = clientOf(t, peer.port, { key });
    assert.equal(await failure(client.transfer(zone, quiet)), 'tsig maybe tsig.wrong-mac');
    unsignedAt = 0;
    assert.equal(await failure(client.transfer(zone, quiet)), 'tsig maybe tsig.missing');
    unsignedAt = 1;
    assert.equal(await failure(client.transfer(zone, quiet)), 'tsig maybe tsig.missing');
  });
});

type Datagrams = (request: ReceivedMessage, reply: (octets: Buffer) => void, from: RemoteInfo) => void;

/** Starts a UDP server; `seen` has the datagrams that came. */
async function datagrams(t: TestContext, answering: Datagrams): Promise<{ port: number; seen: Buffer[] }> {
  const socket = createSocket('udp4');
  const seen: Buffer[] = [];
  socket.on('message', (raw, from) => {
    seen.push(raw);
    answering(decodeMessage(raw), (octets) => socket.send(octets, from.port, from.address), from);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { port: socket.address().port, seen };
}

describe('DNS client over UDP', () => {
  it('takes only the answer to its question from its server', async (t) => {
    const stranger = createSocket('udp4');
    t.after(() => stranger.close());
    const peer = await datagrams(t, (request, reply, from) => {
      const forged = answerTo(request, { rcode: 5 });
      stranger.send(forged, from.port, from.address, () => {
        reply(answerTo(request, { rcode: 5, id: request.id ^ 1 }));
        reply(answerTo(request, { rcode: 5, questions: queryMessage(zone, 'MX').questions }));
        reply(answerTo(request, { rcode: 5, flags: noFlags }));
        reply(Buffer.from('garbage'));
        reply(Buffer.alloc(0));
        reply(answerTo(request));
      });
    });
    const client = clientOf(t, peer.port, { transport: 'udp' });
    assert.equal((await client.exchange(query, quiet)).rcode, 0);
    assert.equal(decodeMessage(peer.seen[0]!).udpSize, 1_232);
  });

  it('waits for the signed answer when a forged one comes first, and says so when none comes', async (t) => {
    let honest = true;
    const peer = await datagrams(t, (request, reply) => {
      reply(answerTo(request, { rcode: 5 }));
      const seconds = Math.floor(Date.now() / 1000);
      if (honest) reply(signMessage(answerTo(request), key, seconds, request.tsig?.mac).octets);
    });
    const client = clientOf(t, peer.port, { transport: 'udp', key });
    assert.equal((await client.exchange(update, quiet)).rcode, 0);
    honest = false;
    assert.equal(await failure(client.exchange(update, quiet)), 'tsig maybe tsig.missing');
  });

  it('repeats a lost query, never an update', async (t) => {
    let lost = 1;
    const peer = await datagrams(t, (request, reply) => {
      if (lost > 0) lost -= 1;
      else reply(answerTo(request));
    });
    const client = clientOf(t, peer.port, { transport: 'udp', timeout: 3_000 });
    await client.exchange(query, quiet);
    assert.equal(peer.seen.length, 2);
    assert.deepEqual(peer.seen[0], peer.seen[1]);
    lost = 9;
    assert.equal(await failure(client.exchange(update, quiet)), 'unreachable maybe');
    assert.equal(peer.seen.length, 3);
  });

  it('has another port and id each time', async (t) => {
    const ports = new Set<number>();
    const ids = new Set<number>();
    const peer = await datagrams(t, (request, reply, from) => {
      ports.add(from.port);
      ids.add(request.id);
      reply(answerTo(request));
    });
    const client = clientOf(t, peer.port, { transport: 'udp' });
    await Promise.all(Array.from({ length: 20 }, () => client.exchange(query, quiet)));
    assert.deepEqual([ports.size, ids.size >= 18], [20, true]);
  });

  it('finds a server by host name; an unknown one is unreachable', async (t) => {
    const peer = await datagrams(t, (request, reply) => reply(answerTo(request)));
    const named = (host: string): DnsClient =>
      clientOf(t, peer.port, { transport: 'udp', server: { host, port: peer.port } });
    assert.equal((await named('localhost').exchange(query, quiet)).rcode, 0);
    assert.equal(await failure(named('no.such.host.invalid').exchange(query, quiet)), 'unreachable no');
  });
});
