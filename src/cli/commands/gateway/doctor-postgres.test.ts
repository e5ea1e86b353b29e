import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newestTables } from '../../../gateway/storage/postgres-migrations.ts';
import { openPostgres } from '../../../gateway/storage/postgres.ts';
import type { PostgresCondition } from '../../../gateway/storage/postgres-condition.ts';
import { missingPostgres, startPostgres } from '../../../testing/servers/postgres.ts';
import { checkPostgres, postgresFindings } from './doctor-postgres.ts';

const well: PostgresCondition = {
  release: '15.14',
  major: 15,
  encoding: 'UTF8',
  isStandby: false,
  ahead: 3,
  exactness: 1,
  octets: 8_000_000,
  connections: { used: 4, most: 100 },
  tables: { version: newestTables, oldest: 1 },
};

function bad(condition: Partial<PostgresCondition>): readonly string[] {
  return postgresFindings({ ...well, ...condition })
    .filter(({ state }) => state !== 'ok')
    .map(({ check, state, wayOut }) => `${check} ${state}${wayOut === null ? '' : ' *'}`);
}

test('doctor: what is wrong with a PostgreSQL, each with its way out', () => {
  assert.deepEqual(bad({}), []);
  assert.deepEqual(bad({ major: 12 }), ['database warning *']);
  assert.deepEqual(bad({ encoding: 'SQL_ASCII' }), ['database problem *']);
  assert.deepEqual(bad({ isStandby: true }), ['database problem *']);
  assert.deepEqual(bad({ tables: null }), ['database note']);
  assert.deepEqual(bad({ tables: { version: 1, oldest: 1 } }), ['database note']);
  assert.deepEqual(bad({ tables: { version: 99, oldest: 2 } }), ['database note']);
  assert.deepEqual(bad({ tables: { version: 99, oldest: 98 } }), ['database problem *']);
  for (const ahead of [-2_500, 2_500]) assert.deepEqual(bad({ ahead }), ['clock warning *']);
  assert.deepEqual(bad({ ahead: 2_500, exactness: 600 }), []);
  assert.deepEqual(bad({ connections: { used: 91, most: 100 } }), ['room warning *']);
});

test('doctor: a PostgreSQL that runs, and one that does not', { skip: missingPostgres() }, async (t) => {
  const server = await startPostgres();
  t.after(() => server.dispose());
  const settings = await server.database('doctor');
  const texts = async (): Promise<readonly string[]> =>
    (await checkPostgres(settings)).map(({ check, state, text }) => `${check} ${state}: ${text}`);
  const before = await texts();
  assert.match(before[0] ?? '', /^database ok: PostgreSQL \d+/u);
  assert.match(before[1] ?? '', /^database note: it has no tables yet/u);
  assert.match(before[2] ?? '', /^clock ok: /u);
  assert.match(before[3] ?? '', /^room ok: \d+ MiB in the database; \d+ of \d+ connections are used$/u);
  await (await openPostgres(settings, { wall: Date.now, gateway: 'one' }, () => undefined)).close();
  assert.match((await texts())[1] ?? '', /^database ok: tables of version (\d+) of \1$/u);
  await server.stop();
  assert.match((await texts()).join(), /^database problem: The database of the gateway cannot be read/u);
});
