/**
 * Bundles each program into one CommonJS file in `dist/`, because one file loads faster
 * (docs/decisions/003-hook-shim.md).
 *
 * Usage: build.ts [--out DIR] [--version N.N.N] [--archive ...]. docs/releasing.md#the-build says what the
 * other options do; `script/release` uses them.
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { archiveName, checkedBaseUrl, extensionSource, packArchive } from './releasing/archive.ts';
import { sumsName, sumsOf } from './releasing/checksums.ts';
import { bundledPackages } from './releasing/licences.ts';
import { makePackages } from './releasing/packages.ts';
import { architectures, fetchRuntime, runtimeFolder, type Architecture } from './releasing/runtime.ts';
import { billOf, npmBom } from './releasing/sbom.ts';
import { stage, type Staged } from './releasing/stage.ts';

const top = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    version: { type: 'string' },
    archive: { type: 'boolean' },
    fast: { type: 'boolean' },
    'base-url': { type: 'string', default: '' },
    all: { type: 'boolean' },
    packages: { type: 'boolean' },
    'sums-only': { type: 'boolean' },
    signatures: { type: 'string' },
    maintainer: { type: 'string', default: 'domainsync <root@localhost>' },
    epoch: { type: 'string', default: '0' },
  },
});
const out = resolve(values.out ?? join(top, 'dist'));
const version = values.version ?? packageVersion();
const source = 'ispmgr_plugins.xml';
const baseUrl = checkedBaseUrl(values['base-url']);

function packageVersion(): string {
  const description: unknown = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
  if (typeof description === 'object' && description !== null && 'version' in description) {
    return String(description.version);
  }
  throw new Error('package.json has no version');
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const { metafile } = await build({
  entryPoints: {
    agent: join(top, 'src/agent/main.ts'),
    hook: join(top, 'src/hook/main.ts'),
    form: join(top, 'src/form/main.ts'),
    domainsync: join(top, 'src/cli/main.ts'),
  },
  absWorkingDir: top,
  outdir: out,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  define: { DOMAINSYNC_VERSION: JSON.stringify(version) },
  minifySyntax: true,
  metafile: true,
  logLevel: 'warning',
});
cpSync(join(top, 'plugin'), join(out, 'plugin'), { recursive: true });
chmodSync(join(out, 'plugin/install'), 0o755);
writeFileSync(join(out, 'VERSION'), `${version}\n`);
if (values.archive === true) await release();

/**
 * Makes the requested files for each architecture whose runtime is installed; `--all` downloads the others.
 */
async function release(): Promise<void> {
  const staged = await stageAll();
  if (values['sums-only'] === true) {
    for (const { arch, sums } of staged) copyFileSync(sums, join(out, `${sumsName}-${arch}`));
  } else {
    for (const one of staged) await pack(one);
    writeFileSync(join(out, source), extensionSource(staged, version, baseUrl));
    const made = readdirSync(out).filter((name) => name === source || /\.(?:tar\.gz|deb|rpm)$/u.test(name));
    writeFileSync(join(out, sumsName), sumsOf(out, made.toSorted()));
  }
  for (const { folder } of staged) rmSync(folder, { recursive: true });
}

async function stageAll(): Promise<Staged[]> {
  const packages = bundledPackages(Object.keys(metafile.inputs));
  const bom = await npmBom(top);
  const listed = new Set(bom.components.map(({ name }) => name));
  const missing = packages.filter((name) => !listed.has(name));
  if (missing.length > 0) throw new Error(`bundled, but not in the bill of materials: ${missing.join(', ')}`);
  const signatures = values.signatures === undefined ? null : resolve(values.signatures);
  const staged: Staged[] = [];
  for (const arch of architectures) {
    const runtime = await runtimeOf(arch);
    if (runtime === null) continue;
    const bill = billOf(bom, version, arch, process.versions);
    staged.push(stage({ top, out, version, arch, runtime, packages, bill, signatures }));
  }
  if (staged.length === 0) throw new Error('no Node.js runtime is installed; run script/setup');
  return staged;
}

async function runtimeOf(arch: Architecture): Promise<string | null> {
  const installed = runtimeFolder(top, arch);
  return installed === null && values.all === true ? await fetchRuntime(top, arch) : installed;
}

async function pack(staged: Staged): Promise<void> {
  const fast = values.fast === true;
  await packArchive(staged, join(out, archiveName(version, staged)), fast ? 1 : 9);
  if (values.packages !== true) return;
  const { maintainer } = values;
  await makePackages(staged, out, { top, version, maintainer, epoch: Number(values.epoch), fast });
}
