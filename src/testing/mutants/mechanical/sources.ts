import { globSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { root, sourceOf } from '../patch.ts';
import { mutantsOf, type Mutant } from './mutations.ts';

/** Patterns of the engine's and the journal's source files. */
const patterns = [
  'src/core/engine/**/*.ts',
  'src/core/several.ts',
  'src/core/operation.ts',
  'src/core/ledger.ts',
  'src/journal/*.ts',
];
const testPatterns = ['src/core/**/*.test.ts', 'src/journal/*.test.ts'];
/** The file that plays histories. Every file that it imports is used by every history. */
const simulator = 'src/testing/simulator/history.ts';

/** Paths of the files in which mutants are made, from the root of the repository. */
export function mutatedFiles(): string[] {
  return filesOf(patterns).filter((file) => !file.endsWith('.test.ts'));
}

/**
 * Makes every mechanical mutant of engine and journal.
 * @param only a part of the file's path; empty: every file
 */
export function everyMutant(only: string): Mutant[] {
  const files = mutatedFiles().filter((file) => file.includes(only));
  return files.flatMap((file) => mutantsOf(file, sourceOf(file)));
}

function filesOf(globs: readonly string[]): string[] {
  return globs
    .flatMap((glob) => globSync(glob, { cwd: root }))
    .sort()
    .map((file) => file.replaceAll('\\', '/'));
}

/** Tests that take longer than all others together, so they are run last. */
export const slowTests: readonly string[] = [
  'src/core/engine/failing-journal.test.ts',
  'src/core/engine/storm.test.ts',
];

/** Quick unit tests of engine and journal that load a file. Those that import it directly come first. */
export function testsOf(file: string): string[] {
  const all = testsThatLoad(file).filter((test) => !slowTests.includes(test));
  const direct = all.filter((test) => directImports(test).includes(file));
  return [...direct, ...all.filter((test) => !direct.includes(test))];
}

/** Slow unit tests of engine and journal that load a file. */
export function slowTestsOf(file: string): string[] {
  return testsThatLoad(file).filter((test) => slowTests.includes(test));
}

function testsThatLoad(file: string): string[] {
  return filesOf(testPatterns).filter((test) => importsOf(test).has(file));
}

/** Whether histories load a file. */
export function isSimulated(file: string): boolean {
  return importsOf(simulator).has(file);
}

const closures = new Map<string, ReadonlySet<string>>();

/** All files that a file imports, directly or through other files. */
function importsOf(file: string): ReadonlySet<string> {
  const known = closures.get(file);
  if (known !== undefined) return known;
  const found = new Set<string>();
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const one of directImports(next)) {
      if (found.has(one)) continue;
      found.add(one);
      waiting.push(one);
    }
  }
  closures.set(file, found);
  return found;
}

const imports = new Map<string, readonly string[]>();

function directImports(file: string): readonly string[] {
  const known = imports.get(file) ?? readImports(file);
  imports.set(file, known);
  return known;
}

/** Finds the imports in a file. Imports of types are left out, because they load nothing. */
function readImports(file: string): string[] {
  const statements = sourceOf(file).matchAll(/^(?:import|export) (?!type )[^;]*? from '(\.[^']+)';/gmu);
  return [...statements].map(([, path]) => relative(root, resolve(root, join(dirname(file), path ?? ''))));
}
