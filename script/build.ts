/** Bundles the three entries into `dist/`, one CommonJS file each (start-up time: docs/decisions/003-hook-shim.md). */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const top = join(import.meta.dirname, '..');
const out = join(top, 'dist');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  entryPoints: {
    agent: join(top, 'src/agent/main.ts'),
    hook: join(top, 'src/hook/main.ts'),
    domainsync: join(top, 'src/cli/main.ts'),
  },
  outdir: out,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minifySyntax: true,
  logLevel: 'warning',
});
cpSync(join(top, 'plugin'), join(out, 'plugin'), { recursive: true });
