/**
 * Bundles each program into one CommonJS file in `dist/`, because one file loads faster
 * (docs/decisions/003-hook-shim.md).
 *
 * Usage: build.ts [--out DIR] [--version N.N.N]. `--archive` also writes the plugin archives, the extension
 * source and the checksums (docs/operations.md). `--base-url` is the beginning of the archives' addresses.
 * `--fast` compresses less.
 */
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { writeArchives } from './archive.ts';

const top = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    version: { type: 'string' },
    archive: { type: 'boolean' },
    fast: { type: 'boolean' },
    'base-url': { type: 'string' },
  },
});
const out = resolve(values.out ?? join(top, 'dist'));
const version = values.version ?? packageVersion();

function packageVersion(): string {
  const description: unknown = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
  if (typeof description === 'object' && description !== null && 'version' in description) {
    return String(description.version);
  }
  throw new Error('package.json has no version');
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  entryPoints: {
    agent: join(top, 'src/agent/main.ts'),
    hook: join(top, 'src/hook/main.ts'),
    form: join(top, 'src/form/main.ts'),
    domainsync: join(top, 'src/cli/main.ts'),
  },
  outdir: out,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  define: { DOMAINSYNC_VERSION: JSON.stringify(version) },
  minifySyntax: true,
  logLevel: 'warning',
});
cpSync(join(top, 'plugin'), join(out, 'plugin'), { recursive: true });
chmodSync(join(out, 'plugin/install'), 0o755);
if (values.archive === true) {
  const baseUrl = values['base-url'] ?? '';
  await writeArchives({ top, out, version, baseUrl, level: values.fast === true ? 1 : 9 });
}
