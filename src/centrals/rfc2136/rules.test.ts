/** Issue 12.4, 12.5, 12.8: what BIND (and Knot) decide by rules of their own: limits of TTLs, DNAME, wildcards, delegations, who may query. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { CentralError, type Altered, type Central } from '../../core/central.ts';
import { parseName, zoneName, type DnsName } from '../../dns/name.ts';
import { formatRecord, makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { changeNames } from '../../dns/zone.ts';
import { quietContext } from '../../testing/central-contract.ts';
import { centralAt } from '../../testing/name-server-account.ts';
import { makeKey, type NameServer } from '../../testing/servers/name-server.ts';
import { startNamed, type NamedOptions } from '../../testing/servers/named.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

const zone = zoneName('rules.example');
const bindMissing = missingPrograms('named', 'rndc');

interface Scene {
  readonly server: NameServer;
  readonly central: Central;
  readonly read: (name: string) => Promise<string[]>;
  readonly apply: (remove: readonly ResourceRecord[], add: readonly ResourceRecord[]) => Promise<Altered>;
}

function record(name: string, type: string, rdata: string, ttl: number | null = null): ResourceRecord {
  return { ...makeRecord({ name, type, rdata }, zone), ttl };
}

async function scene(
  t: TestContext,
  start: (options: NamedOptions) => Promise<NameServer>,
  records: string,
  options: NamedOptions = {},
): Promise<Scene> {
  const key = makeKey();
  const server = await start({ keys: [key], zones: [{ zone, records }], ...options });
  const central = centralAt(server, key);
  t.after(async () => {
    await central.close();
    await server.dispose();
  });
  const present = async (names: readonly DnsName[]) =>
    (await central.readNames(zone, names, quietContext())) ?? [];
  return {
    server,
    central,
    read: async (name) =>
      (await present([parseName(name, zone)])).map((one) => `${formatRecord(one)} ${one.ttl ?? '-'}`).sort(),
    apply: async (remove, add) => {
      const change = { zone, remove, add };
      return await central.apply(change, await present(changeNames(change)), quietContext());
    },
  };
}

async function refused(call: Promise<unknown>): Promise<CentralError> {
  const error: unknown = await call.then(
    (value) => value,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof CentralError, JSON.stringify(error));
  return error;
}

describe('issue 12.8: REFUSED to queries is not absence', { skip: bindMissing }, () => {
  it('BIND with allow-query for others: the zone is there, and nobody says that it is missing', async (t) => {
    const { central, server, apply } = await scene(t, startNamed, 'www A 192.0.2.1', {
      extra: 'allow-query { 127.0.0.9; };',
    });
    const name = parseName('www', zone);
    const seed = { addresses: [], nameServers: [], mailServers: [] };
    const calls: readonly (() => Promise<unknown>)[] = [
      () => central.listZones([zone], quietContext()),
      () => central.readZone(zone, [{ name, type: 'A' }], quietContext()),
      () => central.readNames(zone, [name], quietContext()),
      () => central.mayCreateZone(zone, seed, quietContext()),
      () => central.createZone(zone, seed, quietContext()),
      () => central.deleteZone(zone, quietContext()),
      () => central.signing(zone, quietContext()),
      () => apply([], [record('new', 'A', '192.0.2.2')]),
    ];
    for (const call of calls) {
      const error = await refused(call());
      assert.deepEqual(
        [error.code, error.state, error.retry, error.params['name']],
        ['central.query-refused', 'untouched', 'later', 'rules.example'],
      );
    }
    // What the server does not have is missing all the same.
    const absent = zoneName('absent.example');
    assert.equal(await central.readNames(absent, [absent], quietContext()), null);
    const error = await refused(central.createZone(absent, seed, quietContext()));
    assert.equal(error.code, 'zone.create-there-first');
    assert.match(server.log(), /denied/u);
  });

  it('BIND that shuts queries out later: a zone that was ours is not gone', async (t) => {
    const { central, server } = await scene(t, startNamed, 'www A 192.0.2.1', {
      extra: 'allow-query { any; };',
    });
    const name = parseName('www', zone);
    assert.equal((await central.readNames(zone, [name], quietContext()))?.length, 1);
    await allowQueries(server, '127.0.0.9');
    for (const call of [
      () => central.readNames(zone, [name], quietContext()),
      () => central.readZone(zone, [{ name, type: 'A' }], quietContext()),
      () => central.listZones([zone], quietContext()),
    ])
      assert.equal((await refused(call())).code, 'central.query-refused');
    await allowQueries(server, 'any');
    assert.equal((await central.readNames(zone, [name], quietContext()))?.length, 1);
  });

  it('one zone that may not be queried holds up no other', async (t) => {
    const { central, server } = await scene(t, startNamed, '');
    const shut = zoneName('shut.example');
    await server.addZones([{ zone: shut, options: 'allow-query { 127.0.0.9; };' }]);
    assert.deepEqual(await central.listZones([shut, zone], quietContext()), [zone]);
  });
});

/** As an administrator does: in the configuration, then `rndc reconfig`. */
async function allowQueries(server: NameServer, from: string): Promise<void> {
  const file = join(server.folder, 'named.conf');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/allow-query \{ [^;]+; \}/u, `allow-query { ${from}; }`));
  if ('rndc' in server && typeof server.rndc === 'function') await server.rndc('reconfig');
}
