import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A test that imports one of these, also through others, starts panels or servers. */
const startsServers = /^(?:sandbox|demo|bench|test|src\/testing\/(?:servers|stage))\//u;

/** Tests that play thousands of histories. */
const playsLong = /^src\/testing\/(?:simulator|mutants|runs)\//u;

/** Finds the test files that need no server and play no long simulations, by what they import. */
export function fastTests(): string[] {
  const files = globSync(['src/**/*.test.ts', 'script/**/*.test.ts']).filter((file) => !playsLong.test(file));
  return files.filter((file) => ![...reached(file)].some((path) => startsServers.test(path)));
}

/** The file and all files of the repository that it imports, also through others. */
function reached(file: string, found: Set<string> = new Set()): ReadonlySet<string> {
  found.add(file);
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/gu)) {
    const imported = join(dirname(file), path);
    if (!found.has(imported) && existsSync(imported)) reached(imported, found);
  }
  return found;
}
