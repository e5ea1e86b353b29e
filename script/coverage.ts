/**
 * Measures which part of the product the tests of `npm run test:fast` run. Prints it as one line, after the
 * ten files that are covered least. A file that no such test imports is not counted. Exit status 1: a test
 * failed.
 *
 * Usage: coverage.ts [--json]
 */
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { relative } from 'node:path';
import { fastTests } from './fast-tests.ts';

interface Share {
  readonly lines: number;
  readonly branches: number;
  readonly functions: number;
}

interface Covered extends Share {
  readonly file: string;
}

const files: Covered[] = [];
let totals: Share | null = null;
let failed = 0;

const events = run({
  // Code runs more slowly while its coverage is measured, so tests of processor time would fail.
  files: fastTests().filter((file) => !file.startsWith('src/testing/decoders/')),
  concurrency: true,
  coverage: true,
  coverageIncludeGlobs: ['src/**/*.ts'],
  coverageExcludeGlobs: ['src/**/*.test.ts', 'src/testing/**'],
});
events.on('test:fail', ({ name }) => {
  failed += 1;
  console.error(`FAILED: ${name}`);
});
events.on('test:coverage', ({ summary }) => {
  totals = share(summary.totals);
  for (const one of summary.files) files.push({ file: relative('.', one.path), ...share(one) });
});
await finished(events.resume());

function share(counted: {
  readonly coveredLinePercent: number;
  readonly coveredBranchPercent: number;
  readonly coveredFunctionPercent: number;
}): Share {
  const rounded = (percent: number): number => Math.round(percent * 10) / 10;
  return {
    lines: rounded(counted.coveredLinePercent),
    branches: rounded(counted.coveredBranchPercent),
    functions: rounded(counted.coveredFunctionPercent),
  };
}

function told({ lines, branches, functions }: Share): string {
  return `${lines} % of lines, ${branches} % of branches, ${functions} % of functions`;
}

const least = files.toSorted((a, b) => a.lines - b.lines).slice(0, 10);
if (process.argv.includes('--json')) console.log(JSON.stringify({ failed, totals, least }));
else {
  for (const one of least) console.log(`${one.file}: ${told(one)}`);
  console.log(totals === null ? 'nothing was measured' : `covered: ${told(totals)}, ${files.length} files`);
}
process.exitCode = failed > 0 || totals === null ? 1 : 0;
