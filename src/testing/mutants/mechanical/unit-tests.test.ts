/** Tests that no process is left if a patched file crashes its tests or makes them hang. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { hasEnded } from '../../servers/process.ts';
import { until } from '../../stage/stage.ts';
import { failingTest } from './unit-tests.ts';

/** A patch that changes nothing. */
const nothing = { file: 'src/core/ledger.ts', start: 0, end: 0, text: '' };

/**
 * Writes a test file with this body.
 * @returns the file, and the pids that its process and its child process have written
 */
function testFile(t: TestContext, body: string): { readonly file: string; readonly pids: () => number[] } {
  const folder = mkdtempSync(join(tmpdir(), 'mutant-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [file, noted] = [join(folder, 'a.test.mjs'), join(folder, 'pids')];
  const source = `
    import { spawn } from 'node:child_process';
    import { renameSync, writeFileSync } from 'node:fs';
    import { test } from 'node:test';
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    writeFileSync(${JSON.stringify(`${noted}.new`)}, process.pid + ' ' + child.pid);
    renameSync(${JSON.stringify(`${noted}.new`)}, ${JSON.stringify(noted)});
    test('first', () => {});
    test('second', () => { ${body} });`;
  writeFileSync(file, source);
  const pids = (): number[] => (existsSync(noted) ? readFileSync(noted, 'utf8').split(' ').map(Number) : []);
  return { file, pids };
}

async function allEnd(pids: readonly number[]): Promise<void> {
  assert.equal(pids.length, 2);
  await until('the processes to end', () => pids.every(hasEnded));
}

test('mechanical mutation: tests that crash leave no child process', async (t) => {
  const { file, pids } = testFile(t, "process.kill(process.pid, 'SIGKILL');");
  assert.equal(await failingTest(nothing, [file]), 'the test process ended with an error');
  await allEnd(pids());
});

test('mechanical mutation: tests that fail leave no child process', async (t) => {
  const { file, pids } = testFile(t, "throw new Error('found');");
  assert.equal(await failingTest(nothing, [file]), 'second');
  await allEnd(pids());
});

test('mechanical mutation: tests that hang are ended', async (t) => {
  const { file, pids } = testFile(t, 'for (;;);');
  // The time limit leaves enough time for the test process and its child process to start.
  assert.equal(await failingTest(nothing, [file], 12_000), 'hang');
  await allEnd(pids());
});

test('mechanical mutation: tests end when whoever runs them is killed', async (t) => {
  const { file, pids } = testFile(t, 'for (;;);');
  const program = `
    import { failingTest } from ${JSON.stringify(join(import.meta.dirname, 'unit-tests.ts'))};
    await failingTest(${JSON.stringify(nothing)}, [${JSON.stringify(file)}]);`;
  const runner = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
  const ended = once(runner, 'exit');
  await until('the tests to begin', () => pids().length === 2);
  runner.kill('SIGKILL');
  await ended;
  await allEnd(pids());
});
