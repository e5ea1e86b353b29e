/**
 * Prints each name that two files of one program export (exit status 1). Programs are the product and the
 * sandbox. Files with the same file name do the same job in two adapters. They may share a name
 * (`auditChange` in `audit.ts`).
 */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const top = join(import.meta.dirname, '..');
const declaration = /^export (?:abstract )?(?:async )?(?:function\*?|const|class|interface|type) (\w+)/gmu;
const programs: Readonly<Record<string, string>> = {
  'the product': 'src/**/*.ts',
  'the sandbox': 'sandbox/**/*.ts',
};
const exclude = ['src/testing/**', '**/*.test.ts'];

/** Every exported name, with the files that export it. */
function exportedNames(pattern: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const file of globSync(pattern, { cwd: top, exclude }).toSorted()) {
    for (const [, name = ''] of readFileSync(join(top, file), 'utf8').matchAll(declaration))
      names.set(name, [...(names.get(name) ?? []), file]);
  }
  return names;
}

let failed = false;
for (const [program, pattern] of Object.entries(programs)) {
  for (const [name, files] of exportedNames(pattern)) {
    if (new Set(files.map((file) => basename(file))).size < 2) continue;
    console.error(`${name} is exported by several files of ${program}: ${files.join(', ')}`);
    failed = true;
  }
}
process.exitCode = failed ? 1 : 0;
