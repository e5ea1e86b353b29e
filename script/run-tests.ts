/**
 * Runs the test files with `node:test`: all, the given ones, or with `--fast` those without servers. Prints
 * progress, failures, the ten slowest files, the ten that took most processor time, and the last line
 * `N passed, N failed, N skipped`. Exit status 1 means: a test failed, no test ran, or CI=true and a test was
 * skipped (docs/architecture.md, "Tests").
 */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { fastTests } from './fast-tests.ts';

const patterns = [
  'src/**/*.test.ts',
  'sandbox/**/*.test.ts',
  'bench/**/*.test.ts',
  'script/**/*.test.ts',
  'test/**/*.test.ts',
];

/**
 * Longest time (ms) for one test file. A test that hangs fails after that time. Alone on a machine, the
 * slowest file takes two minutes; under load, it takes twenty times as long.
 */
const fileTimeout = 2_400_000;

/** Number of files that run at once. End-to-end tests wait more than they work. */
const atOnce = 2 * availableParallelism() + 2;

/** Folder into which each test file writes its processor time (`processor-time.ts`). */
const times = mkdtempSync(join(tmpdir(), 'run-tests-times-'));
process.on('exit', () => rmSync(times, { recursive: true, force: true }));

/**
 * Folder in which Node.js keeps the compiled code of the test files and of what they import. Without it, each
 * of the hundreds of processes compiles the same TypeScript, for a third of a second of processor time.
 */
process.env['NODE_COMPILE_CACHE'] ??= resolve(import.meta.dirname, '../node_modules/.cache/compiled');

interface Slowest {
  readonly test: string;
  readonly ms: number;
}

interface Done {
  readonly file: string;
  readonly ms: number;
  /** Processor time in seconds, including the programs that it waited for. Agents are not included. */
  readonly processor: number;
  readonly slowest: Slowest;
}

const counts = { passed: 0, failed: 0, skipped: 0 };

/**
 * Beginnings of the paths of slow files, the slowest first. These files start first, so that no slow file
 * runs alone at the end.
 */
const longest = ['test/e2e/demo', 'src/testing/simulator/', 'test/', 'src/centrals/'];

function testFiles(): string[] {
  const named = process.argv.slice(2);
  const files = named[0] === '--fast' ? fastTests() : named.length > 0 ? named : globSync(patterns);
  return files.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function rank(file: string): number {
  const at = longest.findIndex((start) => file.startsWith(start));
  return at < 0 ? longest.length : at;
}

/**
 * Shortens the path of a file: `net/http` for `src/net/http.test.ts`, `e2e/demo` for `test/e2e/demo.test.ts`.
 */
function shortName(file: string): string {
  return relative('.', file)
    .replace(/^(?:src|test)\//u, '')
    .replace(/\.test\.ts$/u, '');
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

/**
 * Runs one file, counts its tests and prints failures.
 * @param number of the file in this run
 */
async function runFile(file: string, number: number): Promise<Done> {
  const started = performance.now();
  const name = shortName(file);
  const path = resolve(file);
  let slowest: Slowest = { test: '', ms: 0 };
  const time = join(times, String(number));
  const clock = new URL(`./processor-time.ts?to=${encodeURIComponent(time)}`, import.meta.url).href;
  const events = run({
    files: [path],
    concurrency: 1,
    timeout: fileTimeout,
    forceExit: false,
    execArgv: ['--import', clock],
  });
  events.on('test:pass', ({ details, skip, name: test }) => {
    if (details.type === 'suite') return;
    if (test === path) {
      // For the runner, a file without tests has passed. Here it counts as a failure.
      counts.failed += 1;
      console.log(`FAILED: ${name}: no test in it`);
      return;
    }
    if (skip !== undefined && skip !== false) {
      counts.skipped += 1;
      console.error(`SKIPPED: ${name}: ${test}${skip === true ? '' : ` (${skip})`}`);
      return;
    }
    counts.passed += 1;
    if (details.duration_ms > slowest.ms) slowest = { test, ms: details.duration_ms };
  });
  events.on('test:fail', (event) => {
    // If a test of a file failed, the runner reports the file as failed too, after the test.
    const { error } = event.details;
    if ('failureType' in error && error.failureType === 'subtestsFailed') return;
    counts.failed += 1;
    console.log(
      `FAILED: ${name}: ${event.name} (${seconds(event.details.duration_ms)} s)\n  ${event.file ?? ''}:${event.line ?? ''}`,
    );
    console.log(inspect(error.cause ?? error, { depth: 6 }).replaceAll(/^/gmu, '  '));
  });
  events.on('test:stderr', ({ message }) => process.stderr.write(message));
  await finished(events.resume());
  // A test file that was killed has not written its time.
  const processor = existsSync(time) ? Number(readFileSync(time, 'utf8')) : 0;
  return { file: name, ms: performance.now() - started, processor, slowest };
}

/** Runs all files, `atOnce` at a time, and prints the name of each when it starts. */
async function runAll(files: readonly string[]): Promise<Done[]> {
  const done: Done[] = [];
  const queue = files.entries();
  const worker = async (): Promise<void> => {
    for (const [at, file] of queue) {
      console.log(`${at + 1} of ${files.length}, ${shortName(file)}`);
      done.push(await runFile(file, at));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return done;
}

const started = performance.now();
const done = await runAll(testFiles());
for (const { file, ms, slowest } of done.toSorted((a, b) => b.ms - a.ms).slice(0, 10))
  console.log(`slow: ${seconds(ms)} s ${file} (${seconds(slowest.ms)} s: ${slowest.test})`);
for (const { file, processor } of done.toSorted((a, b) => b.processor - a.processor).slice(0, 10))
  console.log(`busy: ${processor.toFixed(1)} s ${file}`);
const processor = done.reduce((sum, one) => sum + one.processor, 0);
console.log(`${processor.toFixed(0)} s of processor time without that of agents`);
console.log(`${done.length} files in ${seconds(performance.now() - started)} s`);
const skippedInCi = process.env['CI'] === 'true' && counts.skipped > 0;
if (skippedInCi) console.error('CI=true: a skipped test is a failure.');
if (counts.passed + counts.failed === 0) console.error('No test ran.');
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 || skippedInCi || counts.passed === 0 ? 1 : 0;
