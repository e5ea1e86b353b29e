import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

const program = join(import.meta.dirname, '../script/run-tests.ts');

/**
 * Writes test files with these texts and runs the test runner on them.
 * @returns its output and exit status
 */
function runTests(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  ci = 'false',
): { lines: string[]; status: number | null } {
  const folder = mkdtempSync(join(tmpdir(), 'run-tests-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), `import { describe, test } from 'node:test';\n${text}\n`);
  // With this variable, the runner would take itself for a part of this test.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, status } = spawnSync(process.execPath, [program, ...Object.keys(files)], {
    cwd: folder,
    env: { ...env, CI: ci },
    encoding: 'utf8',
  });
  return { lines: stdout.trimEnd().split('\n'), status };
}

test('issue 11.0: the runner says what runs, the ten slowest and busiest, and what failed with its file', (t) => {
  const pass = (ms: number): string =>
    `test('waits ${ms}', async () => await new Promise((end) => setTimeout(end, ${ms})));`;
  const files = Object.fromEntries(
    Array.from({ length: 11 }, (_, at) => [`f${String(at).padStart(2, '0')}.test.ts`, pass(1)]),
  );
  const { lines, status } = runTests(t, {
    ...files,
    'f05.test.ts': `describe('whole', () => { ${pass(400)} test('odd', () => { throw new Error('why') }) });`,
    'f06.test.ts': 'process.exit(3);',
    'f07.test.ts': `import { execFileSync } from 'node:child_process';
      const work = 'while (process.cpuUsage().user < 2_000_000);';
      test('waits for a program', () => execFileSync(process.execPath, ['-e', work]));`,
  });
  assert.equal(status, 1);
  assert.equal(lines.at(-1), '10 passed, 2 failed, 0 skipped');
  assert.deepEqual(
    lines.filter((line) => / of 11, /u.test(line)),
    Object.keys(files).map((name, at) => `${at + 1} of 11, ${name.replace('.test.ts', '')}`),
  );
  const slow = lines.filter((line) => line.startsWith('slow: '));
  assert.equal(slow.length, 10);
  assert.ok(
    slow.some((line) => / s f05 \(\d+\.\d s: waits 400\)$/u.test(line)),
    slow.join('\n'),
  );
  const busy = lines.filter((line) => line.startsWith('busy: '));
  assert.equal(busy.length, 10);
  assert.ok(Number(/^busy: (\d+\.\d) s f07$/u.exec(busy[0] ?? '')?.[1]) >= 2, busy.join('\n'));
  const failed = lines.filter((line) => line.startsWith('FAILED: ')).toSorted();
  assert.equal(failed.length, 2);
  assert.match(failed[0] ?? '', /^FAILED: f05: odd /u);
  assert.match(failed[1] ?? '', /^FAILED: f06: .*f06\.test\.ts /u);
  assert.ok(lines.some((line) => /^ {2}Error: why/u.test(line)));
});

test('a skipped test is a failure with CI=true only; a file without any fails', (t) => {
  const skips = { 'a.test.ts': `test('one', () => {}); test('two', { skip: 'no server' }, () => {});` };
  assert.deepEqual(
    [runTests(t, skips).status, runTests(t, skips, 'true').status, runTests(t, { 'b.test.ts': '' }).status],
    [0, 1, 1],
  );
});
