import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../dns/name.ts';
import { makeKey, type NameServer } from './name-server.ts';
import { startKnot } from './knot.ts';
import { startNamed } from './named.ts';
import { startPowerdns } from './powerdns.ts';
import { missingPrograms, runProgram } from './process.ts';

const zone = parseName('first.example.');
const other = parseName('second.example.');
const served = [{ zone, records: 'www A 192.0.2.1' }];

async function ask(server: NameServer, name: string): Promise<string> {
  return await runProgram('dig', ['+short', '+tcp', '-p', String(server.port), '@127.0.0.1', name, 'A']);
}

const starters: Readonly<Record<string, readonly [readonly string[], () => Promise<NameServer>]>> = {
  bind: [['named', 'rndc'], () => startNamed({ keys: [makeKey()], zones: served })],
  knot: [['knotd', 'knotc'], () => startKnot({ keys: [makeKey()], zones: served })],
  'powerdns, sqlite3': [['pdns_server'], () => startPowerdns({ zones: served })],
  'powerdns, lmdb': [['pdns_server'], () => startPowerdns({ zones: served, backend: 'lmdb' })],
};

for (const [name, [programs, start]] of Object.entries(starters)) {
  test(
    `${name}: serves, takes and drops zones, survives a kill`,
    { skip: missingPrograms('dig', ...programs) },
    async (t) => {
      const server = await start();
      t.after(() => server.dispose());
      assert.equal(await ask(server, 'www.first.example'), '192.0.2.1\n');
      await server.addZones([{ zone: other, records: 'www A 192.0.2.2' }]);
      assert.equal(await ask(server, 'www.second.example'), '192.0.2.2\n');
      await server.stop('SIGKILL');
      await server.start();
      assert.equal(await ask(server, 'www.second.example'), '192.0.2.2\n');
      await server.dropZone(other);
      assert.equal(await ask(server, 'www.second.example'), '');
      assert.equal(await ask(server, 'www.first.example'), '192.0.2.1\n');
    },
  );
}
