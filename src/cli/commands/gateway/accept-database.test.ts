import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { zoneName } from '../../../dns/name.ts';
import { HeadsFile } from '../../../gateway/audit/heads-file.ts';
import { pathsOf } from '../../../app/paths.ts';
import { alice } from '../../../testing/accounts/powerdns.ts';
import { missingPrograms } from '../../../testing/servers/process.ts';
import { startPowerdns, type Powerdns } from '../../../testing/servers/powerdns.ts';
import { gatewayCommand } from './index.ts';

describe('gateway accept-database', { skip: missingPrograms('pdns_server') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-accept-'));
  const config = join(folder, 'gateway.ini');
  const heads = new HeadsFile(join(folder, 'audit-heads'));
  let server: Powerdns;
  before(async () => {
    const zones = ['owned.example', 'lost.example'].map((text) => ({ zone: zoneName(text) }));
    server = await startPowerdns({ account: alice, zones });
    const lines = [`[gateway]`, `state = ${folder}`, `[backend]`, `host = ${server.url}`];
    const login = [`username = ${alice}`, `password = ${server.apiKey}`];
    writeFileSync(config, [...lines, ...login, ''].join('\n'), { mode: 0o600 });
    await run('customer', 'add', 'shop');
    for (const zone of ['owned.example', 'gone.example']) await run('zone', 'assign', zone, 'shop');
  });
  after(async () => {
    await server.dispose();
    rmSync(folder, { recursive: true });
  });

  /** @returns what the command prints, and whether it ended as wrong usage */
  const run = async (...words: readonly string[]): Promise<readonly [said: string, isUsage: boolean]> => {
    const printed = mock.method(console, 'log', () => undefined);
    const globals = { paths: pathsOf(folder), isRootGiven: true, socket: undefined, json: false };
    const command = gatewayCommand(() => globals);
    for (const one of [command, ...command.commands])
      one.exitOverride().configureOutput({ writeErr: () => undefined });
    const said = (): string => printed.mock.calls.map(({ arguments: [text] }) => String(text)).join('\n');
    try {
      await command.parseAsync(['--config', config, ...words], { from: 'user' });
      return [said(), false];
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error;
      return [said(), error.code === 'commander.error'];
    } finally {
      printed.mock.restore();
    }
  };

  test('lists what differs, and accepts only when it is told so', async () => {
    assert.deepEqual(await run('accept-database'), ['There is nothing to accept.', false]);
    heads.append({ at: 1, number: 999, hash: 'f'.repeat(64) });
    const [shown, isUsage] = await run('accept-database');
    assert.ok(isUsage);
    assert.match(shown, /an older copy was put back/u);
    assert.match(shown, /lost\.example +at the name server, without an owner/u);
    assert.match(shown, /gone\.example +shop +not at the name server/u);
    assert.ok(!shown.includes('owned.example'));
    assert.match((await run('accept-database', '--yes'))[0], /Accepted/u);
    assert.deepEqual(await run('accept-database', '--yes'), ['There is nothing to accept.', false]);
    assert.equal(heads.last().at(-1)?.accepted, true);
    assert.match((await run('audit'))[0], /database\.accepted/u);
    assert.match((await run('audit', '--verify'))[0], /1 exported heads agree/u);
  });
});
