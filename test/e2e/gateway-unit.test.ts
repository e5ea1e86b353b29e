/** Tests that the systemd unit of the gateway confines it, and that the gateway works so confined. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { pageOf } from '../../src/testing/docs-examples.ts';
import { dist } from '../../src/testing/stage/command-line.ts';
import { demandPrograms } from '../../src/testing/stage/stage.ts';
import { missingPrograms } from '../../src/testing/servers/process.ts';
import { rootMissing } from './clean-root.ts';

const run = promisify(execFile);
const unit = join(import.meta.dirname, '../../packaging/domainsync-gateway.service');
const text = readFileSync(unit, 'utf8');

function value(name: string): string | undefined {
  return text
    .split('\n')
    .find((line) => line.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

test('issue 20, unit: it runs as its own user, without any capability', () => {
  assert.equal(value('User'), 'domainsync-gateway');
  assert.equal(value('CapabilityBoundingSet'), '');
  assert.equal(value('ProtectSystem'), 'strict');
  assert.equal(value('StateDirectory'), 'domainsync-gateway');
  assert.equal(value('Restart'), 'always');
});

test('issue 20, unit: its exposure is below 2', { skip: missingPrograms('systemd-analyze') }, async () => {
  const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', unit]);
  const [, level = ''] = /Overall exposure level for \S+: ([\d.]+)/u.exec(stdout) ?? [];
  assert.ok(Number(level) > 0 && Number(level) < 2, stdout);
});

test(
  'issue 20, unit: systemd understands every line',
  { skip: missingPrograms('systemd-analyze') },
  async (t) => {
    const faults = async (path: string): Promise<readonly string[]> => {
      const { stderr } = await run('systemd-analyze', ['verify', path]).catch((error: unknown) => {
        assert.ok(error instanceof Error && 'stderr' in error);
        return { stderr: String(error.stderr) };
      });
      return stderr.split('\n').filter((line) => /domainsync-gateway\.service:\d+:/u.test(line));
    };
    assert.deepEqual(await faults(unit), []);
    const folder = mkdtempSync(join(tmpdir(), 'unit-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    const other = join(folder, 'domainsync-gateway.service');
    writeFileSync(other, text.replace('ProtectClock=yes', 'ProtectClocks=yes'));
    assert.equal((await faults(other)).length, 1);
  },
);

test('issue 20, unit: the settings of gateway.md name the credentials of the page', () => {
  const shown = pageOf('gateway.md');
  const given = [...shown.matchAll(/LoadCredential=([^:]+):/gu)];
  const used = [...shown.matchAll(/= \/run\/credentials\/domainsync-gateway\.service\/(\S+)$/gmu)];
  const names = (found: readonly RegExpExecArray[]): readonly string[] =>
    found.map(([, name = '']) => name).toSorted();
  assert.equal(given.length, 3);
  assert.deepEqual(names(used), names(given));
});

test(
  'issue 20, unit: the gateway serves without capabilities, with only its own processes in /proc',
  { skip: rootMissing() || missingPrograms('setpriv') },
  async (t) => {
    demandPrograms(dist);
    const folder = mkdtempSync(join(tmpdir(), 'unit-'));
    t.after(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const config = join(folder, 'gateway.ini');
    mkdirSync(join(folder, 'state'), { mode: 0o700 });
    const backend = 'kind = powerdns\nhost = http://127.0.0.1:9\nusername = gateway\npassword = none\n';
    const own = `[gateway]\nlisten = 127.0.0.1:0\nstate = ${join(folder, 'state')}\n[backend]\n${backend}`;
    writeFileSync(config, own, { mode: 0o600 });
    const program = [process.execPath, join(dist, 'domainsync.cjs'), 'gateway', '--config', config, 'serve'];
    const bare = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs', ...program];
    const script = 'mount -t proc -o subset=pid,hidepid=invisible proc /proc && exec "$@"';
    const words = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-ec', script, 'sh', ...bare];
    const child = spawn('unshare', words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    const lines = createInterface({ input: child.stdout });
    const [line] = (await Promise.race([once(lines, 'line'), ended])) as [unknown];
    child.kill('SIGKILL');
    await ended;
    assert.match(String(line), /"event":"gateway\.listening"/u);
  },
);
