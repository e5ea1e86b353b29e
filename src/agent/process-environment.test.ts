import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { missingPrograms } from '../testing/servers/process.ts';
import { variablesOf } from './process-environment.ts';

const run = promisify(execFile);

/** Starts a process that stands for a hook and lasts until the test ends. @returns its pid */
function startHook(t: TestContext): number {
  const hook = spawn('/bin/sleep', ['600'], { env: { HANDLER_STAGE: 'before' }, stdio: 'ignore' });
  t.after(() => hook.kill('SIGKILL'));
  assert.ok(hook.pid !== undefined);
  return hook.pid;
}

test('only a process that is older than the request is read', (t) => {
  const pid = startHook(t);
  assert.deepEqual(variablesOf(pid, uptime() + 1)?.environment, { HANDLER_STAGE: 'before' });
  assert.equal(variablesOf(pid, uptime() - 60), null);
  assert.equal(variablesOf(2 ** 30, uptime()), null);
});

// A mount namespace takes the place of an LXC container, whose uptime is shorter than that of its host.
test(
  'in a container whose /proc/uptime is not that of the start times, hooks are read all the same',
  { skip: process.getuid?.() === 0 ? missingPrograms('unshare', 'mount') : 'only root may mount' },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'uptime-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const shown = uptime() / 2;
    writeFileSync(join(folder, 'uptime'), `${shown.toFixed(2)} 1.00\n`);
    const program = `import os from 'node:os';
      const { variablesOf } = await import(${JSON.stringify(new URL('process-environment.ts', import.meta.url).href)});
      const of = (before) => variablesOf(${startHook(t)}, os.uptime() + before)?.environment ?? null;
      console.log(JSON.stringify([os.uptime(), of(0), of(-60)]));`;
    const script = 'mount --bind "$1" /proc/uptime && exec "$2" --input-type=module -e "$3"';
    const words = ['-m', '/bin/sh', '-c', script, 'sh', join(folder, 'uptime'), process.execPath, program];
    const { stdout } = await run('unshare', words);
    assert.deepEqual(JSON.parse(stdout), [Number(shown.toFixed(2)), { HANDLER_STAGE: 'before' }, null]);
  },
);

test('an environment is read whole, however long it is', (t) => {
  const env = Object.fromEntries(
    Array.from({ length: 30 }, (_, at) => [`LONG_${at}`, 'x'.repeat(4_000 + at)]),
  );
  const hook = spawn('/bin/sleep', ['600'], { env, stdio: 'ignore' });
  t.after(() => hook.kill('SIGKILL'));
  assert.ok(hook.pid !== undefined);
  assert.deepEqual(variablesOf(hook.pid, uptime() + 1)?.environment, env);
});
