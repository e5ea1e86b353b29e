/** Runs the commands of docs/gateway.md about PostgreSQL exactly as they are written there. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exampleIn } from '../../src/testing/docs-examples.ts';
import { missingPostgres, startPostgres } from '../../src/testing/servers/postgres.ts';
import { missingPrograms } from '../../src/testing/servers/process.ts';

const page = 'gateway.md';
const program = join(import.meta.dirname, '../../src/cli/main.ts');

test(
  'the page on the gateway: database, settings, commands, backup and putting it back',
  { skip: missingPostgres() || missingPrograms('psql', 'pg_dump', 'pg_restore') },
  async (t) => {
    const server = await startPostgres();
    t.after(() => server.dispose());
    const { port } = await server.database('other');
    const folder = server.folder;
    const environment = { ...process.env, PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'gateway' };
    const run = (command: string): string =>
      execFileSync('sh', ['-ec', command], {
        cwd: folder,
        env: { ...environment, PGDATABASE: 'postgres', PGPASSWORD: 'a-long-random-word' },
        encoding: 'utf8',
      });
    run(exampleIn(page, 'CREATE ROLE'));
    const password = join(folder, 'database-password');
    writeFileSync(password, 'a-long-random-word\n', { mode: 0o600 });
    const config = join(folder, 'gateway.ini');
    const example = exampleIn(page, 'kind = postgresql')
      .replace('/etc/domainsync-gateway/database-password', password)
      .replace('db.example.net', `127.0.0.1:${port}`)
      .replace(/^authorities.*$/mu, '');
    writeFileSync(config, example);
    const operator = (...words: readonly string[]): unknown => {
      const all = [program, '--json', 'gateway', '--config', config, ...words];
      return JSON.parse(execFileSync(process.execPath, all, { encoding: 'utf8' }));
    };
    operator('customer', 'add', 'shop-17');
    operator('zone', 'assign', 'example.org', 'shop-17');
    run(exampleIn(page, 'pg_dump'));
    operator('zone', 'assign', 'late.example', 'shop-17');
    run('dropdb domainsync_gateway');
    run('createdb --owner=domainsync_gateway --template=template0 domainsync_gateway');
    run(exampleIn(page, 'pg_restore'));
    assert.deepEqual(operator('zone', 'list', 'shop-17'), ['example.org.']);
    operator('zone', 'assign', 'again.example', 'shop-17');
    rmSync(join(folder, 'gateway.dump'));
  },
);
