/**
 * Issue 12.15: tests that only a running agent, and no content of the lock file, keeps another agent from
 * starting.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathsOf } from '../app/paths.ts';
import { takeLock } from './lock.ts';

function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'state', 'agent.lock');
}

test('one agent at a time', (t) => {
  const path = place(t);
  const release = takeLock(path);
  assert.ok(release);
  assert.equal(takeLock(path), null);
  release();
  const again = takeLock(path);
  assert.ok(again);
  again();
});

for (const [what, garbage] of Object.entries({
  text: 'this is no database'.repeat(100),
  octets: Buffer.alloc(8_192, 0xa5),
  'a torn header': 'SQLite format 3\0',
}))
  test(`${what} in the file: the agent starts and holds it`, (t) => {
    const path = place(t);
    mkdirSync(join(path, '..'));
    writeFileSync(path, garbage);
    const release = takeLock(path);
    assert.ok(release);
    assert.equal(takeLock(path), null);
    release();
  });

test('what cannot be a lock says which file it is', (t) => {
  const path = place(t);
  mkdirSync(path, { recursive: true });
  assert.throws(() => takeLock(path), { message: new RegExp(`${path} cannot be locked`) });
  rmSync(path, { recursive: true });
  symlinkSync('/proc/missing/x', path);
  assert.throws(() => takeLock(path), { message: new RegExp(`${path} cannot be locked`) });
});

test('the log says why an agent cannot start', (t) => {
  const root = join(place(t), '..');
  const paths = pathsOf(root);
  mkdirSync(paths.lock, { recursive: true });
  mkdirSync(join(paths.log, '..'), { recursive: true });
  const program = join(import.meta.dirname, 'main.ts');
  const ended = spawnSync(process.execPath, [...process.execArgv, program, '--root', root], {
    env: { ...process.env, NODE_TEST_CONTEXT: '' },
  });
  assert.equal(ended.status, 1);
  assert.match(readFileSync(paths.log, 'utf8'), /error agent\.failed error=".*agent\.lock cannot be locked/);
});
