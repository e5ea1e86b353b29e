/**
 * Issue 11.6: tests that the agent's systemd unit confines its process, and that the agent can still do its
 * work.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { missingPrograms } from '../../testing/servers/process.ts';
import { makeHost } from '../../testing/install-host.ts';
import { install } from './install.ts';
import { putSystemFiles } from './system-files.ts';

const run = promisify(execFile);

/** The path and text of the unit as it is installed. */
async function unitOf(t: TestContext, socket?: string): Promise<{ path: string; text: string }> {
  const host = makeHost(t);
  const { folder, root, from } = host;
  install({ root, from, socket: host.socket });
  const etc = join(folder, 'etc');
  mkdirSync(join(etc, 'systemd/system'), { recursive: true });
  const [path = ''] = await putSystemFiles({ root, socket: socket ?? host.socket, etc });
  return { path, text: readFileSync(path, 'utf8') };
}

function values(text: string, name: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}=`))
    .flatMap((line) => line.slice(name.length + 1).split(' '));
}

test('its exposure is below 4', { skip: missingPrograms('systemd-analyze') }, async (t) => {
  const { path } = await unitOf(t);
  const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', path]);
  const [, level = ''] = /Overall exposure level for \S+: ([\d.]+)/u.exec(stdout) ?? [];
  assert.ok(Number(level) > 0 && Number(level) < 4, stdout);
});

test('systemd understands every line of it', { skip: missingPrograms('systemd-analyze') }, async (t) => {
  const { path } = await unitOf(t);
  const { stderr } = await run('systemd-analyze', ['verify', path]).catch((error: unknown) => {
    assert.ok(error instanceof Error && 'stderr' in error);
    return { stderr: String(error.stderr) };
  });
  // `systemd-analyze` prints each line of the unit that it ignores.
  const about = stderr
    .split('\n')
    .filter((line) => line.includes('domainsync-agent') && /\.service:\d+:/u.test(line));
  assert.deepEqual(about, []);
});

test('the folder of the socket is made at each boot, or may be written', async (t) => {
  const { text } = await unitOf(t, '/run/domainsync/0123.sock');
  assert.deepEqual(values(text, 'RuntimeDirectory'), ['domainsync']);
  assert.deepEqual(values(text, 'RuntimeDirectoryPreserve'), ['yes']);
  const other = await unitOf(t, '/srv/somewhere/agent.sock');
  assert.deepEqual(values(other.text, 'RuntimeDirectory'), []);
  assert.ok(values(other.text, 'ReadWritePaths').includes('-/srv/somewhere'));
});

test(
  'with its capabilities the agent reads hooks of root, and not without CAP_SYS_PTRACE',
  { skip: process.getuid?.() === 0 ? missingPrograms('setpriv') : 'only root may keep some capabilities' },
  async (t) => {
    const { text } = await unitOf(t);
    const kept = values(text, 'CapabilityBoundingSet').map((one) => one.slice('CAP_'.length).toLowerCase());
    assert.ok(kept.includes('sys_ptrace'));
    const hook = spawn('/bin/sleep', ['600'], { env: { HANDLER_STAGE: 'before' }, stdio: 'ignore' });
    t.after(() => hook.kill('SIGKILL'));
    const caller = JSON.stringify(new URL('../../agent/process-environment.ts', import.meta.url).href);
    const program = `import os from 'node:os';
      const { variablesOf } = await import(${caller});
      console.log(JSON.stringify(variablesOf(${hook.pid}, os.uptime())?.environment ?? null));`;
    const read = async (capabilities: readonly string[]): Promise<unknown> => {
      const set = ['-all', ...capabilities.map((one) => `+${one}`)].join(',');
      const words = [`--bounding-set=${set}`, `--inh-caps=${set}`, '--no-new-privs', process.execPath];
      const { stdout } = await run('setpriv', [...words, '--input-type=module', '-e', program]);
      return JSON.parse(stdout);
    };
    assert.deepEqual(await read(kept), { HANDLER_STAGE: 'before' });
    assert.equal(await read(kept.filter((one) => one !== 'sys_ptrace')), null);
  },
);
