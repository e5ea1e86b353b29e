import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseName, type DnsName } from '../../dns/name.ts';
import { rcodeName } from '../../dns/wire/codes.ts';
import { queryMessage, type DnsMessage } from '../../dns/wire/message.ts';
import { readTsigKey, type TsigKey } from '../../dns/wire/tsig.ts';
import {
  addRecord,
  deleteRecord,
  nameInUse,
  nameNotInUse,
  rrsetAbsent,
  rrsetExists,
  rrsetHas,
  updateMessage,
} from '../../dns/wire/update.ts';
import { deleteRrset } from '../../testing/delete-rrset.ts';
import { startKnot } from '../../testing/servers/knot.ts';
import {
  makeKey,
  type NameServer,
  type NameServerOptions,
  type ServerKey,
} from '../../testing/servers/name-server.ts';
import { startNamed } from '../../testing/servers/named.ts';
import { freePort, missingPrograms, runProgram } from '../../testing/servers/process.ts';
import { DnsClient, type DnsClientSettings } from './client.ts';
import { DnsError } from './dns-error.ts';
import { patience } from '../../testing/patience.ts';

const zone = parseName('example.org.');
const quiet = new AbortController().signal;

const starters: Readonly<
  Record<
    string,
    readonly [
      string,
      (options: NameServerOptions) => Promise<NameServer & { readonly kind: 'bind' | 'knot' }>,
    ]
  >
> = {
  bind: ['named', startNamed],
  knot: ['knotd', startKnot],
};

function clientOf(
  t: TestContext,
  port: number,
  key: ServerKey | null,
  more: Partial<DnsClientSettings> = {},
): DnsClient {
  const client = new DnsClient({
    server: { host: '127.0.0.1', port },
    transport: 'tcp',
    trust: { kind: 'public' },
    key: key === null ? null : keyOf(key),
    timeout: patience,
    ...more,
  });
  t.after(() => client.close());
  return client;
}

function keyOf(key: ServerKey): TsigKey {
  return readTsigKey(key);
}

function named(label: string): DnsName {
  return parseName(label, zone);
}

async function failure(call: Promise<unknown>): Promise<DnsError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof DnsError, String(error));
    return error;
  }
  assert.fail('the exchange was to fail');
}

async function rcodeOf(client: DnsClient, message: DnsMessage): Promise<string> {
  return rcodeName((await client.exchange(message, quiet)).rcode);
}

async function texts(client: DnsClient, name: DnsName, type: string): Promise<(string | null)[]> {
  const { answers } = await client.exchange(queryMessage(name, type), quiet);
  return answers.map(({ rdata }) => rdata).toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1));
}

for (const [kind, [program, start]] of Object.entries(starters)) {
  const skip = missingPrograms(program);

  test(`${kind}: a hundred queries at once over one connection`, { skip }, async (t) => {
    const records = Array.from({ length: 100 }, (_, at) => `h${at} A 192.0.2.${at}`).join('\n');
    const server = await start({ zones: [{ zone, records }] });
    t.after(() => server.dispose());
    const client = clientOf(t, server.port, null);
    const asked = Array.from({ length: 100 }, (_, at) => texts(client, named(`h${at}`), 'A'));
    const found = await Promise.all(asked);
    assert.deepEqual(
      found,
      found.map((_, at) => [`192.0.2.${at}`]),
    );
  });

  test(`${kind}: over UDP; what is cut comes over TCP`, { skip }, async (t) => {
    const big = Array.from({ length: 30 }, (_, at) => `big TXT "${String(at).padStart(200, 'x')}"`);
    const key = makeKey();
    const records = ['www A 192.0.2.1', ...big].join('\n');
    const server = await start({ keys: [key], zones: [{ zone, records }] });
    t.after(() => server.dispose());
    for (const signed of [null, key]) {
      const client = clientOf(t, server.port, signed, { transport: 'udp' });
      assert.deepEqual(await texts(client, named('www'), 'A'), ['192.0.2.1']);
      assert.equal((await texts(client, named('big'), 'TXT')).length, 30);
    }
    const client = clientOf(t, server.port, key, { transport: 'udp' });
    const small = [addRecord({ name: named('small'), type: 'A', rdata: '192.0.2.9' }, 60)];
    assert.equal(await rcodeOf(client, updateMessage(zone, [], small)), 'NOERROR');
    const many = Array.from({ length: 90 }, (_, at) =>
      addRecord({ name: named(`m${at}`), type: 'A', rdata: '192.0.2.9' }, 60),
    );
    assert.equal(await rcodeOf(client, updateMessage(zone, [], many)), 'NOERROR');
    assert.deepEqual(await texts(client, named('m89'), 'A'), ['192.0.2.9']);
  });

  test(`${kind}: updates signed with each algorithm`, { skip }, async (t) => {
    const keys = (['hmac-md5', 'hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const).map(
      (algorithm) => makeKey(`key-${algorithm}`, algorithm),
    );
    const server = await start({ keys, zones: [{ zone, keys: keys.map(({ name }) => name) }] });
    t.after(() => server.dispose());
    for (const key of keys) {
      const client = clientOf(t, server.port, key);
      const update = addRecord({ name: named('www'), type: 'TXT', rdata: `"${key.name}"` }, 60);
      assert.equal(await rcodeOf(client, updateMessage(zone, [], [update])), 'NOERROR', key.name);
      assert.ok((await texts(client, named('www'), 'TXT')).includes(`"${key.name}"`));
    }
  });

  test(`${kind}: prerequisites and updates of every form`, { skip }, async (t) => {
    const key = makeKey();
    const records = 'www A 192.0.2.1\nwww A 192.0.2.2\nwww TXT "a" "b"\nold A 192.0.2.3\nold MX 5 Mail';
    const server = await start({ keys: [key], zones: [{ zone, records }] });
    t.after(() => server.dispose());
    const client = clientOf(t, server.port, key);
    const [www, old, none] = [named('www'), named('old'), named('none')];
    const a = (rdata: string) => ({ name: www, type: 'A', rdata });
    const expectations = [
      ['NOERROR', rrsetExists(www, 'A')],
      ['NXRRSET', rrsetExists(www, 'AAAA')],
      ['NOERROR', rrsetAbsent(www, 'AAAA')],
      ['YXRRSET', rrsetAbsent(www, 'A')],
      ['NOERROR', nameInUse(www)],
      ['NXDOMAIN', nameInUse(none)],
      ['NOERROR', nameNotInUse(none)],
      ['YXDOMAIN', nameNotInUse(www)],
      ['NXRRSET', rrsetHas(a('192.0.2.1'))],
      ['NOTZONE', nameInUse(parseName('www.example.net.'))],
    ] as const;
    for (const [rcode, prerequisite] of expectations)
      assert.equal(await rcodeOf(client, updateMessage(zone, [prerequisite], [])), rcode);
    const both = [rrsetHas(a('192.0.2.2')), rrsetHas(a('192.0.2.1'))];
    const change = [
      deleteRecord(a('192.0.2.1')),
      addRecord(a('192.0.2.7'), 60),
      deleteRrset(old, 'A'),
      addRecord({ name: none, type: 'MX', rdata: '10 www.example.org.' }, 60),
    ];
    assert.equal(await rcodeOf(client, updateMessage(zone, both, change)), 'NOERROR');
    assert.deepEqual(await texts(client, www, 'A'), ['192.0.2.2', '192.0.2.7']);
    assert.deepEqual(await texts(client, old, 'A'), []);
    assert.deepEqual(await texts(client, none, 'MX'), ['10 www.example.org.']);
    assert.equal(await rcodeOf(client, updateMessage(zone, [], [deleteRrset(old, 'ANY')])), 'NOERROR');
    assert.deepEqual(await texts(client, old, 'MX'), []);
  });

  test(
    `${kind}: a text cut in its own way is deleted with the octets it was read with`,
    { skip },
    async (t) => {
      const key = makeKey();
      const server = await start({ keys: [key], zones: [{ zone, records: 'www TXT "a" "b"' }] });
      t.after(() => server.dispose());
      const client = clientOf(t, server.port, key);
      const { answers } = await client.exchange(queryMessage(named('www'), 'TXT'), quiet);
      const [record] = answers;
      assert.ok(record !== undefined && record.rdata === '"ab"' && record.octets !== undefined);
      const canonical = { name: record.name, type: 'TXT', rdata: '"ab"' };
      assert.equal(await rcodeOf(client, updateMessage(zone, [], [deleteRecord(canonical)])), 'NOERROR');
      assert.deepEqual(await texts(client, named('www'), 'TXT'), ['"ab"']);
      const exact = deleteRecord({ ...canonical, octets: record.octets });
      assert.equal(await rcodeOf(client, updateMessage(zone, [], [exact])), 'NOERROR');
      assert.deepEqual(await texts(client, named('www'), 'TXT'), []);
    },
  );

  test(`${kind}: a wrong key, secret, algorithm or clock is told apart`, { skip }, async (t) => {
    const key = makeKey();
    const server = await start({ keys: [key], zones: [{ zone }] });
    t.after(() => server.dispose());
    const wrong = [
      ['tsig.bad-key', makeKey('bob-key'), 0],
      ['tsig.bad-key', { ...key, algorithm: 'hmac-sha512' }, 0],
      ['tsig.bad-signature', makeKey(), 0],
      ['tsig.bad-time', key, 3_600_000],
      ['tsig.bad-time', key, -3_600_000],
    ] as const;
    const tries = (['tcp', 'udp'] as const).flatMap((transport) =>
      wrong.map(async ([code, used, ahead]) => {
        const wall = (): number => Date.now() + ahead;
        const client = clientOf(t, server.port, used, { wall, transport });
        const update = addRecord({ name: named('www'), type: 'A', rdata: '192.0.2.1' }, 60);
        const error = await failure(client.exchange(updateMessage(zone, [], [update]), quiet));
        assert.deepEqual([error.kind, error.sent, error.params['code']], ['tsig', 'maybe', code]);
        assert.ok(!JSON.stringify([error, error.message]).includes(used.secret));
        if (code === 'tsig.bad-time') {
          const off = Math.abs(Number(error.params['serverTime']) - Date.now() / 1000);
          assert.ok(off < 60, String(error.params['serverTime']));
        }
      }),
    );
    await Promise.all(tries);
  });

  test(
    `${kind}: a zone of many messages is transferred, signed; nobody else gets it`,
    { skip },
    async (t) => {
      const key = makeKey('transfer-key');
      const lines = Array.from({ length: 6_000 }, (_, at) => `h${at} TXT "${String(at).padStart(40, '.')}"`);
      const server = await start({ keys: [key], zones: [{ zone, keys: [], records: lines.join('\n') }] });
      t.after(() => server.dispose());
      const records = await clientOf(t, server.port, key).transfer(zone, quiet);
      assert.equal(records.length, 6_000 + 3);
      assert.equal(records.filter(({ type }) => type === 'SOA').length, 1);
      assert.equal(records.filter(({ type }) => type === 'TXT').length, 6_000);
      const stranger = await failure(clientOf(t, server.port, null).transfer(zone, quiet));
      assert.equal(stranger.kind, 'refused');
      const error = await failure(clientOf(t, server.port, makeKey('transfer-key')).transfer(zone, quiet));
      assert.deepEqual([error.kind, error.params['code']], ['tsig', 'tsig.bad-signature']);
      const other = await failure(clientOf(t, server.port, key).transfer(parseName('example.net.'), quiet));
      // Knot does not sign an answer about a zone that it does not have.
      const kinds = { bind: 'refused', knot: 'tsig' };
      assert.deepEqual([other.kind, other.params['rcode']], [kinds[server.kind], 'NOTAUTH']);
    },
  );

  test(
    `${kind}: a server that was started anew is found again; one that is gone is told`,
    { skip },
    async (t) => {
      const key = makeKey();
      const server = await start({ keys: [key], zones: [{ zone, records: 'www A 192.0.2.1' }] });
      t.after(() => server.dispose());
      const client = clientOf(t, server.port, key);
      assert.deepEqual(await texts(client, named('www'), 'A'), ['192.0.2.1']);
      await server.stop();
      await server.start();
      const update = addRecord({ name: named('www'), type: 'A', rdata: '192.0.2.2' }, 60);
      assert.equal(await rcodeOf(client, updateMessage(zone, [], [update])), 'NOERROR');
      await server.stop('SIGKILL');
      await server.start();
      assert.deepEqual(await texts(client, named('www'), 'A'), ['192.0.2.1', '192.0.2.2']);
      await server.stop();
      const gone = await failure(client.exchange(updateMessage(zone, [], [update]), quiet));
      assert.deepEqual([gone.kind, gone.sent], ['unreachable', 'no']);
    },
  );

  test(`${kind}: a server that is halted is given up at the deadline`, { skip }, async (t) => {
    const key = makeKey();
    const server = await start({ keys: [key], zones: [{ zone }] });
    t.after(() => server.dispose());
    const client = clientOf(t, server.port, key, { timeout: 3_000 });
    assert.equal(await rcodeOf(client, queryMessage(zone, 'SOA')), 'NOERROR');
    await server.halt();
    const update = addRecord({ name: named('www'), type: 'A', rdata: '192.0.2.2' }, 60);
    const silent = await failure(client.exchange(updateMessage(zone, [], [update]), quiet));
    assert.deepEqual([silent.kind, silent.sent], ['unreachable', 'maybe']);
    server.resume();
  });
}

const skip = missingPrograms('named');

test('TLS: a pinned certificate, an authority, and strangers', { skip }, async (t) => {
  const key = makeKey('transfer-key');
  const server = await startNamed({ keys: [key], zones: [{ zone, records: 'www A 192.0.2.1' }] });
  t.after(() => server.dispose());
  const tls = (trust: DnsClientSettings['trust']): DnsClient =>
    clientOf(t, server.tlsPort, key, { transport: 'tls', trust });
  const client = tls({ kind: 'fingerprint', sha256: server.fingerprint });
  const update = addRecord({ name: named('www'), type: 'A', rdata: '192.0.2.2' }, 60);
  assert.equal(await rcodeOf(client, updateMessage(zone, [], [update])), 'NOERROR');
  const asked = Array.from({ length: 50 }, () => texts(client, named('www'), 'A'));
  for (const found of await Promise.all(asked)) assert.deepEqual(found, ['192.0.2.1', '192.0.2.2']);
  assert.equal((await client.transfer(zone, quiet)).length, 5);
  for (const trust of [{ kind: 'public' }, { kind: 'fingerprint', sha256: '0'.repeat(64) }] as const) {
    const error = await failure(tls(trust).exchange(queryMessage(zone, 'SOA'), quiet));
    assert.deepEqual([error.kind, error.sent], ['certificate', 'no']);
  }
  const plain = clientOf(t, server.port, key, { transport: 'tls', timeout: 300 });
  const error = await failure(plain.exchange(queryMessage(zone, 'SOA'), quiet));
  assert.deepEqual([error.kind, error.sent], ['unreachable', 'no']);
});

test(
  'dig and nsupdate see what the client wrote, and the client what they wrote',
  {
    skip: missingPrograms('named', 'dig', 'nsupdate'),
  },
  async (t) => {
    const key = makeKey();
    // BIND refuses an MX whose host in the same zone has no address.
    const server = await startNamed({ keys: [key], zones: [{ zone, records: 'mail A 192.0.2.1' }] });
    t.after(() => server.dispose());
    const client = clientOf(t, server.port, key);
    const data: [string, string][] = [
      ['MX', '10 mail.example.org.'],
      ['SRV', '1 2 3 sip.example.org.'],
      ['CAA', '0 issue "ca.example"'],
      ['TXT', `"${'x'.repeat(600)}"`],
      ['TYPE65400', '\\# 3 010203'],
    ];
    const updates = data.map(([type, rdata]) => addRecord({ name: named('www'), type, rdata }, 60));
    assert.equal(await rcodeOf(client, updateMessage(zone, [], updates)), 'NOERROR');
    for (const [type, rdata] of data) {
      const words = ['+short', '+tcp', '-p', String(server.port), '@127.0.0.1', 'www.example.org', type];
      const shown = await runProgram('dig', words);
      const plain = type === 'TXT' ? shown.replaceAll('" "', '') : shown.toLowerCase();
      assert.equal(plain.trim(), rdata);
      assert.deepEqual(await texts(client, named('www'), type), [rdata]);
    }
    const commands = [
      `server 127.0.0.1 ${server.port}`,
      'zone example.org.',
      'update delete www.example.org. TXT',
      String.raw`update add Other.example.org. 60 TXT "one" "t\"o\200"`,
      'send',
    ];
    const [file, keyFile] = [join(server.folder, 'commands'), join(server.folder, 'alice.key')];
    writeFileSync(file, `${commands.join('\n')}\n`);
    writeFileSync(keyFile, `key "${key.name}" { algorithm ${key.algorithm}; secret "${key.secret}"; };`);
    await runProgram('nsupdate', ['-v', '-k', keyFile, file]);
    assert.deepEqual(await texts(client, named('www'), 'TXT'), []);
    assert.deepEqual(await texts(client, named('other'), 'TXT'), [String.raw`"onet\"o\200"`]);
  },
);

test('nobody listens', async (t) => {
  const port = await freePort();
  for (const transport of ['tcp', 'tls', 'udp'] as const) {
    const client = clientOf(t, port, null, { transport });
    const error = await failure(client.exchange(queryMessage(zone, 'SOA'), quiet));
    assert.deepEqual([error.kind, error.sent], ['unreachable', transport === 'udp' ? 'maybe' : 'no']);
  }
});
