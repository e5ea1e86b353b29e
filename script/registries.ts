/**
 * Writes the tables of kinds in docs/ from the registries of centrals and panels. With `--check`, it only
 * compares tables and registries (exit status 1: they differ).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { centralKinds, centrals } from '../src/centrals/registry.ts';
import { panelKinds, panels } from '../src/panels/registry.ts';

const docs = join(import.meta.dirname, '../docs');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, at) => (row[at] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map((row) => line(row))].join('\n');
}

const tables: Readonly<Record<string, string>> = {
  'centrals.md': table(
    ['`kind`', 'central', 'spoken to by', '`username` and `password`'],
    centralKinds.map((kind) => {
      const { title, protocol, credentials } = centrals[kind];
      return [`\`${kind}\``, title, protocol, credentials];
    }),
  ),
  'adding-a-panel.md': table(
    ['kind', 'panel', 'usual root', 'read with'],
    panelKinds.map((kind) => {
      const { title, usualRoots, tool } = panels[kind];
      return [`\`${kind}\``, title, usualRoots.map((root) => `\`${root}\``).join(', '), `\`${tool}\``];
    }),
  ),
};

const marks = /(<!-- kinds: `npm run registries` -->\n)[\s\S]*?(\n<!-- end of kinds -->)/u;
let failed = false;
for (const [name, text] of Object.entries(tables)) {
  const path = join(docs, name);
  const old = readFileSync(path, 'utf8');
  if (!marks.test(old)) throw new Error(`${path} has no marks for the table of kinds`);
  const current = old.replace(marks, (_, begin: string, end: string) => `${begin}\n${text}\n${end}`);
  if (current === old) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path} is not current: npm run registries`);
    failed = true;
  } else writeFileSync(path, current);
}
process.exitCode = failed ? 1 : 0;
