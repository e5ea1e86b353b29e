/**
 * Runs the test files with `node:test`, shows what failed, and ends with one line `N passed, N failed, N skipped`. Exits 1 when a
 * test failed, when none ran, or when one was skipped although CI=true (docs/architecture.md, "Tests").
 */
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { finished } from 'node:stream/promises';
import { inspect } from 'node:util';

const patterns = ['src/**/*.test.ts', 'sandbox/**/*.test.ts', 'bench/**/*.test.ts', 'test/**/*.test.ts'];

/** Longest time one test file may take, milliseconds: a hang must end as a failure. */
const fileTimeout = 600_000;

function testFiles(): string[] {
  const named = process.argv.slice(2);
  const files = named.length > 0 ? named : patterns.flatMap((pattern) => globSync(pattern));
  return files.toSorted().map((file) => join(process.cwd(), file));
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const files = testFiles();
const started = performance.now();
const slowest: { name: string; ms: number }[] = [];

const events = run({
  files,
  concurrency: Math.max(2, availableParallelism()),
  timeout: fileTimeout,
  forceExit: false,
});
events.on('test:pass', (event) => {
  if (event.details.type === 'suite') return;
  if (event.skip !== undefined && event.skip !== false) {
    counts.skipped += 1;
    console.error(`SKIPPED: ${event.name}${event.skip === true ? '' : ` (${event.skip})`}`);
    return;
  }
  counts.passed += 1;
  if (event.nesting === 0) slowest.push({ name: event.name, ms: event.details.duration_ms });
});
events.on('test:fail', (event) => {
  // A file with a failed test is itself told as failed; the test has said it already.
  const { error } = event.details;
  if ('failureType' in error && error.failureType === 'subtestsFailed') return;
  counts.failed += 1;
  console.log(`FAILED: ${event.name}\n  ${event.file ?? ''}:${event.line ?? ''}`);
  console.log(inspect(error.cause ?? error, { depth: 6 }).replaceAll(/^/gmu, '  '));
});
events.on('test:stderr', ({ message }) => process.stderr.write(message));
await finished(events.resume());
slowest.sort((a, b) => b.ms - a.ms);
for (const { name, ms } of slowest.slice(0, 5)) console.log(`slow: ${(ms / 1000).toFixed(1)} s ${name}`);
console.log(`${files.length} files in ${((performance.now() - started) / 1000).toFixed(0)} s`);
const skippedInCi = process.env['CI'] === 'true' && counts.skipped > 0;
if (skippedInCi) console.error('CI=true: a skipped test is a failure.');
if (counts.passed + counts.failed === 0) console.error('No test ran.');
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 || skippedInCi || counts.passed === 0 ? 1 : 0;
