import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Central } from '../../core/central.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { startProxy } from '../../testing/proxies/http.ts';
import { alice, powerdnsCentral } from '../../testing/accounts/powerdns.ts';
import { runProgram } from '../../testing/servers/process.ts';
import { startPowerdns, type Powerdns } from '../../testing/servers/powerdns.ts';

const zone = zoneName('signed.example');

interface ShownKey {
  readonly dnskey: string;
  readonly ds: readonly string[];
}

describe('how PowerDNS signs a zone', () => {
  let server: Powerdns;
  let central: Central;
  before(async () => {
    server = await startPowerdns({ account: alice, zones: [{ zone, signed: true }] });
    central = powerdnsCentral(server);
  });
  after(async () => {
    await central.close();
    await server.dispose();
  });
  const keysOf = async (of: DnsName): Promise<readonly ShownKey[]> =>
    JSON.parse((await server.call('GET', `/zones/${of}/cryptokeys`)).text) as ShownKey[];
  const set = async (of: DnsName, kind: string, value: string): Promise<void> => {
    const { status } = await server.call('PUT', `/zones/${of}/metadata/${kind}`, {
      kind,
      metadata: [value],
    });
    assert.equal(status, 200);
  };

  it('is told by the DS data that the server itself has, SHA-256 only, and by CDS once it publishes them', async () => {
    const [key] = await keysOf(zone);
    const theirs = key?.ds.filter((one) => one.split(' ')[2] === '2');
    assert.deepEqual(await central.signing(zone, quietContext()), { signed: true, ds: theirs, cds: [] });
    await set(zone, 'PUBLISH-CDS', '2');
    assert.deepEqual((await central.signing(zone, quietContext()))?.cds, theirs);
  });

  it('leaves out a key that is not published', async () => {
    const own = zoneName('keys.example');
    await server.addZones([{ zone: own, signed: true }]);
    const published = await central.signing(own, quietContext());
    const body = { keytype: 'ksk', active: false, published: false, algorithm: 'ecdsa256' };
    assert.equal((await server.call('POST', `/zones/${own}/cryptokeys`, body)).status, 201);
    assert.equal((await keysOf(own)).length, 2);
    assert.deepEqual(await central.signing(own, quietContext()), published);
  });

  it('is told by its records where it comes signed', async () => {
    const [key] = await keysOf(zone);
    const own = zoneName('presigned.example');
    await server.addZones([{ zone: own, records: `@ DNSKEY ${key?.dnskey}` }]);
    await runProgram('pdnsutil', [`--config-dir=${server.folder}`, 'set-presigned', own]);
    // The running server has cached that the zone is not signed, so it is restarted.
    await server.stop();
    await server.start();
    const signing = await central.signing(own, quietContext());
    assert.deepEqual([signing?.signed, signing?.ds.length, signing?.cds], [true, 1, []]);
  });

  it('is told without DS data where the keys are not to be had', async () => {
    const proxy = await startProxy(server.url);
    const own = powerdnsCentral(server, { address: proxy.url });
    const answering = (status: number, body: string): void => {
      proxy.behaviour = async ({ path }, pass) => {
        if (!path.includes('/cryptokeys')) return undefined;
        return { ...(await pass()), status, body };
      };
    };
    const page = '<html><title>Not here</title></html>';
    const none = JSON.stringify([{ dnskey: '257 3 13 ???', published: true }]);
    for (const [status, body] of [
      [401, 'Unauthorized'],
      [403, page],
      [404, 'Not Found'],
      [404, page],
      [200, none],
    ] as const) {
      answering(status, body);
      const signing = await own.signing(zone, quietContext());
      assert.deepEqual(signing, { signed: true, ds: [], cds: [] }, `${status} ${body}`);
    }
    proxy.behaviour = async ({ path }) => (path.includes('/cryptokeys') ? 'cut' : undefined);
    await assert.rejects(own.signing(zone, quietContext()), { code: 'central.unreachable' });
    await own.close();
    await proxy.close();
  });
});
