/** Tests that all addresses of a server's name are tried, so that one dead address does not block it. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, describe, it, type TestContext } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { rcodes } from '../../dns/wire/codes.ts';
import { decodeMessage, encodeMessage, queryMessage, type DnsMessage } from '../../dns/wire/message.ts';
import { readTsigKey } from '../../dns/wire/tsig.ts';
import { addRecord, updateMessage } from '../../dns/wire/update.ts';
import { makeKey } from '../../testing/servers/name-server.ts';
import { startNamed, type Named } from '../../testing/servers/named.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { DnsClient, type DnsClientSettings } from './client.ts';

const zone = parseName('example.org.');
const quiet = new AbortController().signal;
const key = makeKey();

describe('issue 11.10: addresses of a name server', { skip: missingPrograms('named', 'openssl') }, () => {
  let server: Named;
  before(async () => {
    server = await startNamed({ keys: [key], zones: [{ zone }] });
  });
  after(async () => {
    await server.dispose();
  });

  function clientOf(
    t: TestContext,
    addresses: readonly string[],
    more: Partial<DnsClientSettings> = {},
    port = server.port,
  ): DnsClient {
    const client = new DnsClient({
      server: { host: 'ns1.example.net', port, resolve: async () => await Promise.resolve(addresses) },
      transport: 'udp',
      trust: { kind: 'public' },
      key: null,
      timeout: 30_000,
      ...more,
    });
    t.after(() => client.close());
    return client;
  }

  const soa = async (client: DnsClient): Promise<DnsMessage> =>
    await client.exchange(queryMessage(zone, 'SOA'), quiet);

  it('answers over UDP though the first address takes every datagram and says nothing', async (t) => {
    const silent = await silentAt(t, server.port);
    const answer = await soa(clientOf(t, ['127.0.0.2', '127.0.0.1']));
    assert.equal(answer.answers.length, 1);
    assert.ok(silent() > 0);
  });

  it('asks the address that answered first the next time, and sends an update there only', async (t) => {
    const silent = await silentAt(t, server.port);
    const signed = readTsigKey(key);
    const client = clientOf(t, ['127.0.0.2', '127.0.0.1'], { key: signed });
    await soa(client);
    const asked = silent();
    const name = parseName('new.example.org.');
    const update = updateMessage(zone, [], [addRecord({ name, type: 'A', rdata: '192.0.2.1' }, 60)]);
    assert.equal((await client.exchange(update, quiet)).rcode, rcodes.NOERROR);
    await soa(client);
    assert.equal(silent(), asked);
  });

  it('answers over UDP though nobody listens at the first address, of the one family or the other', async (t) => {
    assert.equal((await soa(clientOf(t, ['127.0.0.2', '127.0.0.1']))).answers.length, 1);
    assert.equal((await soa(clientOf(t, ['::1', '127.0.0.1']))).answers.length, 1);
  });

  it('tries the next address where one does not serve the zone, and gives its refusal where none does', async (t) => {
    await refusingAt(t, server.port);
    assert.equal((await soa(clientOf(t, ['127.0.0.2', '127.0.0.1']))).answers.length, 1);
    assert.equal((await soa(clientOf(t, ['127.0.0.2', '127.0.0.3']))).rcode, rcodes.REFUSED);
  });

  it('tells the first failure where no address answers', async (t) => {
    const client = clientOf(t, ['127.0.0.2', '127.0.0.3'], { timeout: 2_000 });
    await assert.rejects(soa(client), { name: 'DnsError', kind: 'unreachable' });
  });

  it('answers over TCP and TLS though the first address is dead', async (t) => {
    const tcp = clientOf(t, ['127.0.0.2', '127.0.0.1'], { transport: 'tcp' });
    assert.equal((await soa(tcp)).answers.length, 1);
    const { tlsPort, fingerprint: sha256 } = server;
    const trust = { kind: 'fingerprint', sha256 } as const;
    const tls = clientOf(t, ['127.0.0.2', '127.0.0.1'], { transport: 'tls', trust }, tlsPort);
    assert.equal((await soa(tls)).answers.length, 1);
  });

  it('asks over TCP what does not fit, though the first address is dead', async (t) => {
    const texts = Array.from({ length: 12 }, (_, at) => `big TXT "${at} ${'x'.repeat(200)}"`).join('\n');
    const big = parseName('big.example.com.');
    await server.addZones([{ zone: parseName('example.com.'), records: texts }]);
    await silentAt(t, server.port);
    const client = clientOf(t, ['127.0.0.2', '127.0.0.1']);
    assert.equal((await client.exchange(queryMessage(big, 'TXT'), quiet)).answers.length, 12);
  });
});

/** Takes datagrams at a port and answers none. @returns how many came */
async function silentAt(t: TestContext, port: number): Promise<() => number> {
  let count = 0;
  const socket = createSocket('udp4', () => (count += 1));
  socket.bind(port, '127.0.0.2');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return () => count;
}

async function refusingAt(t: TestContext, port: number): Promise<void> {
  const socket = createSocket('udp4', (octets, from) => {
    const query = decodeMessage(octets);
    const answer = { ...query, flags: { ...query.flags, qr: true }, rcode: rcodes.REFUSED };
    socket.send(encodeMessage(answer), from.port, from.address);
  });
  socket.bind(port, '127.0.0.2');
  await once(socket, 'listening');
  t.after(() => socket.close());
}
