import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../../dns/name.ts';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { startGatewayBench, type GatewayBench } from '../../testing/accounts/gateway.ts';
import { auditFacts } from '../../testing/contracts/gateway-storage.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { openStorage } from '../serve.ts';
import type { Storage } from '../storage/storage.ts';
import { acceptDatabase } from './accept-database.ts';
import { DatabaseGuard, databaseDoubtOf } from './database-guard.ts';
import { HeadsFile, HeadsUnreadable } from './heads-file.ts';
import { checkAudit, sinceAcceptance } from './verify.ts';

function onDatabase(path: string, ...statements: readonly string[]): void {
  const database = new DatabaseSync(path);
  for (const sql of statements) database.exec(sql);
  database.close();
}

/** Gives a database the content of another one, as if its file had been put back. */
function putBack(path: string, copy: string): void {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  database.exec(`ATTACH '${copy}' AS old; BEGIN`);
  for (const { name } of database.prepare("SELECT name FROM old.sqlite_schema WHERE type = 'table'").all())
    database.exec(
      `DELETE FROM main.${String(name)}; INSERT INTO main.${String(name)} SELECT * FROM old.${String(name)}`,
    );
  database.exec('COMMIT');
  database.close();
}

describe('a database of a gateway that was put back', { skip: missingPrograms('pdns_server') }, () => {
  let bench: GatewayBench;
  let token: string;
  before(async () => {
    bench = await startGatewayBench();
    token = await bench.token('shop');
  });
  after(() => bench.stop());

  const ask = async (method: string, path: string, body?: unknown): Promise<Said> =>
    await askGateway(bench.url(), token, method, path, body);
  const create = async (zone: string): Promise<number> =>
    (await ask('POST', '/v1/zones', { zone, check: false, nameServers: ['ns.test'], records: [] })).status;
  const change = async (key: string): Promise<Said> => {
    const add = [{ name: `${key}.old.test.`, type: 'A', ttl: 60, data: '192.0.2.1' }];
    return await ask('POST', '/v1/zones/old.test/changes', { key, remove: [], add });
  };
  const withdraw = async (key: string): Promise<readonly unknown[]> => {
    const said = await ask('POST', '/v1/zones/old.test/changes/withdraw', { key });
    return [said.status, said.body['outcome'] ?? said.body['state']];
  };
  const withStorage = async <T>(work: (storage: Storage) => Promise<T>): Promise<T> => {
    const storage = await openStorage(bench.settings);
    try {
      return await work(storage);
    } finally {
      await storage.close();
    }
  };
  const heads = (): HeadsFile => new HeadsFile(bench.settings.auditHeads);

  test('it is noticed; until it is accepted, nothing is written and no lost change is denied', async () => {
    assert.equal(await create('old.test'), 201);
    const path = join(bench.settings.state, 'gateway.db');
    const copy = join(bench.settings.state, 'copy.db');
    await bench.claim(zoneName('half.test'), 'shop');
    onDatabase(path, `VACUUM INTO '${copy}'`);
    assert.equal((await change('lost-key-1')).status, 200);
    assert.equal(await create('new.test'), 201);
    await bench.restart(() => {
      putBack(path, copy);
    });
    assert.equal(await withStorage(async (storage) => databaseDoubtOf({ storage, heads: heads() })), 'older');
    const refused = await change('later-key-1');
    assert.deepEqual(
      [refused.status, refused.body['code'], refused.body['state'], refused.body['retry']],
      [503, 'central.unreachable', 'untouched', 'later'],
    );
    assert.equal(await create('third.test'), 503);
    assert.equal((await ask('DELETE', '/v1/zones/old.test')).status, 503);
    assert.deepEqual(await withdraw('lost-key-1'), [503, 'unknown']);
    assert.equal((await ask('GET', '/v1/zones/old.test/records')).status, 200);
    const lines = readFileSync(bench.settings.auditHeads, 'utf8');
    await bench.restart();
    assert.equal(readFileSync(bench.settings.auditHeads, 'utf8'), lines, 'no head hides the doubt');
    await withStorage(async (storage) =>
      acceptDatabase(storage, heads(), Date.now(), auditFacts('accepted')),
    );
    assert.deepEqual(await withdraw('lost-key-1'), [200, 'interrupted'], 'still nobody knows');
    assert.equal(await withStorage(async (storage) => storage.zone(zoneName('half.test'))), null);
    assert.equal((await change('lost-key-1')).status, 503, 'the key has ended');
    assert.equal((await change('later-key-2')).status, 200);
    await bench.restart();
    assert.equal((await change('later-key-3')).status, 200);
    assert.deepEqual(await withdraw('later-key-4'), [200, 'interrupted']);
    await withStorage(async (storage) => {
      const checked = await checkAudit(storage, sinceAcceptance(await heads().all()));
      assert.deepEqual([checked.broken, checked.missing], [[], []]);
      assert.ok(checked.heads > 0 && checked.entries > 5);
    });
  });

  test('it is noticed too if it was put back while the gateway ran', async () => {
    const path = join(bench.settings.state, 'gateway.db');
    const copy = join(bench.settings.state, 'copy-2.db');
    onDatabase(path, `VACUUM INTO '${copy}'`);
    assert.equal((await change('while-key-1')).status, 200);
    await withStorage(async (storage) => {
      const parts = { storage, heads: heads(), log: () => undefined, wall: Date.now };
      const guard = await DatabaseGuard.open(parts);
      await guard.export();
      putBack(path, copy);
      const lines = readFileSync(bench.settings.auditHeads, 'utf8');
      await guard.export();
      assert.equal(await guard.doubt(), 'older');
      assert.equal(readFileSync(bench.settings.auditHeads, 'utf8'), lines, 'no head hides the doubt');
      await acceptDatabase(storage, heads(), Date.now(), auditFacts('accepted'));
      assert.equal(await guard.doubt(), null);
      await guard.export();
      assert.equal(await guard.doubt(), null);
      await storage.note(auditFacts('later'));
      await guard.export();
      assert.deepEqual(heads().last().at(-1)?.number, (await storage.auditHead()).number);
    });
    assert.equal((await change('while-key-2')).status, 200);
  });

  test('a missing file of heads, and one that somebody has changed, are doubts too', async () => {
    const { auditHeads } = bench.settings;
    const kept = readFileSync(auditHeads, 'utf8');
    await bench.restart(() => {
      rmSync(auditHeads);
    });
    assert.equal((await change('none-key-1')).status, 503);
    await bench.restart(() => {
      writeFileSync(auditHeads, 'nonsense\n');
    });
    assert.equal((await change('none-key-2')).status, 503);
    await bench.restart(() => {
      writeFileSync(auditHeads, kept);
    });
    assert.equal((await change('none-key-3')).status, 200);
    await bench.restart(() => {
      appendFileSync(auditHeads, '{"at":1,"number":99');
    });
    assert.equal((await change('none-key-4')).status, 200, 'a line that a crash has cut off says nothing');
    assert.equal(heads().last().length > 0, true);
    assert.throws(() => new HeadsFile(bench.settings.state).last(), HeadsUnreadable);
  });

  test('a changed or removed entry of the audit is found', async () => {
    const path = join(bench.settings.state, 'gateway.db');
    const found = async (): Promise<readonly number[]> =>
      await withStorage(async (storage) => {
        const { broken, missing } = await checkAudit(storage, sinceAcceptance(await heads().all()));
        return [broken.length, missing.length];
      });
    assert.deepEqual(await found(), [0, 0]);
    const database = new DatabaseSync(path);
    const [row] = database.prepare('SELECT number, body FROM audit ORDER BY number LIMIT 1 OFFSET 3').all();
    const number = Number(row?.['number']);
    database.prepare("UPDATE audit SET body = replace(body, 'shop', 'shop2') WHERE number = ?").run(number);
    assert.deepEqual(await found(), [1, 0]);
    database.prepare('UPDATE audit SET body = ? WHERE number = ?').run(String(row?.['body']), number);
    assert.deepEqual(await found(), [0, 0]);
    // Without its salt, an address that somebody has put in cannot be checked.
    const forge = 'UPDATE audit SET client = ?, salt = ? WHERE number = ?';
    const [told] = database.prepare('SELECT client, salt FROM audit WHERE number = ?').all(number);
    database.prepare(forge).run('203.0.113.66', null, number);
    assert.deepEqual(await found(), [1, 0]);
    database.prepare(forge).run(null, null, number);
    assert.deepEqual(await found(), [0, 0], 'an address that was erased');
    database.prepare(forge).run(String(told?.['client']), String(told?.['salt']), number);
    assert.deepEqual(await found(), [0, 0]);
    const last = heads().last().at(-1)?.number ?? 0;
    database.prepare('DELETE FROM audit WHERE number >= ?').run(last);
    assert.deepEqual(await found(), [0, 1]);
    database.close();
  });
});
