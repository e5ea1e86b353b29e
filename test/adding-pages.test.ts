/**
 * Issue 18: follows the pages on adding a central and a panel, and tests the adapters that their examples
 * make.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { pageOf } from '../src/testing/docs-examples.ts';

const run = promisify(execFile);
const top = join(import.meta.dirname, '..');

/** The lines that the pages tell the reader to add to the registries, each with the line before it. */
const registered = {
  'src/centrals/registry.ts': [
    ["import type { CentralModule } from './module.ts';", "import { zonefile } from './zonefile/module.ts';"],
    ['  ...ispmanagerCentrals,', '  zonefile,'],
  ],
  'src/panels/registry.ts': [
    ["import type { PanelModule } from './module.ts';", "import { plainPanel } from './plain/module.ts';"],
    ['  ...ispmanagerPanels,', '  plain: plainPanel,'],
  ],
} as const;

/** Writes the example files of a page. @returns their paths */
function writeExamples(folder: string, page: string): readonly string[] {
  const found = [...pageOf(page).matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)^```$/gmu)];
  return found.map(([, path = '', text = '']) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    return path;
  });
}

test('issue 18, Docs: the examples of both pages fit the code, and pass the contract suites', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'adding-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['src', 'sandbox', 'package.json', 'tsconfig.json'])
    cpSync(join(top, name), join(folder, name), { recursive: true });
  symlinkSync(join(top, 'node_modules'), join(folder, 'node_modules'));
  const made = ['adding-a-central.md', 'adding-a-panel.md'].flatMap((page) => writeExamples(folder, page));
  for (const [path, lines] of Object.entries(registered)) {
    const text = lines.reduce(
      (now, [line, added]) => {
        assert.ok(now.includes(line), line);
        return now.replace(line, `${line}\n${added}`);
      },
      readFileSync(join(folder, path), 'utf8'),
    );
    writeFileSync(join(folder, path), text);
  }
  const sources = made.filter((path) => path.endsWith('.ts'));
  assert.ok(sources.length > 10);
  const project = {
    extends: './tsconfig.json',
    include: [],
    files: [...sources, ...Object.keys(registered)],
  };
  writeFileSync(join(folder, 'tsconfig.examples.json'), JSON.stringify(project));
  const compiler = join(top, 'node_modules/typescript/bin/tsc');
  const tests = sources.filter((path) => path.endsWith('.test.ts'));
  for (const words of [
    [compiler, '--project', 'tsconfig.examples.json'],
    ['--test', '--test-reporter', 'tap', ...tests],
  ]) {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    await run(process.execPath, words, { cwd: folder, env }).catch((error: unknown) => {
      const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
      assert.fail(said);
    });
  }
});
