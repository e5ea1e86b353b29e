/** Lays out the files of one release for one architecture, as they are unpacked into a panel's root. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { sumsName, writeSums } from './checksums.ts';
import { writeLicences } from './licences.ts';
import { checkedRuntime, type Architecture } from './runtime.ts';

export interface StageParts {
  /** Root of the repository. */
  readonly top: string;
  /** Folder that contains the bundles. */
  readonly out: string;
  readonly version: string;
  readonly arch: Architecture;
  /** Folder of the npm package with Node.js. */
  readonly runtime: string;
  /** Names of the npm packages in the bundles. */
  readonly packages: readonly string[];
  /** Text of the bill of materials. */
  readonly bill: string;
  /** Folder with signatures of the lists of checksums; `null`: the release is not signed. */
  readonly signatures: string | null;
}

export interface Staged {
  readonly arch: Architecture;
  /** Folder that stands for the panel's root. It contains `lib/` and `var/`. */
  readonly folder: string;
  /** The release's own folder below `folder`. */
  readonly release: string;
  /** Path of the list of checksums of the release. */
  readonly sums: string;
}

const bundles = ['agent.cjs', 'hook.cjs', 'form.cjs', 'domainsync.cjs'] as const;

/** What an administrator reads, and the pages that it links to. `--help` points there. */
const pages = [
  'LICENSE',
  'README.md',
  'README.ru.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs',
  'contrib',
  'packaging/domainsync-gateway.service',
  'sandbox/README.md',
] as const;

/** File name of the signature of one architecture's checksum list. */
export function signatureName(arch: Architecture): string {
  return `${sumsName}-${arch}.minisig`;
}

/** Lays out the files of a release in `out/stage-ARCH`. */
export function stage(parts: StageParts): Staged {
  const { top, out, version, arch, signatures } = parts;
  const folder = join(out, `stage-${arch}`);
  const release = join(folder, 'lib/domainsync', version);
  mkdirSync(release, { recursive: true });
  for (const name of [...bundles, 'VERSION']) cpSync(join(out, name), join(release, name));
  for (const name of pages) cpSync(join(top, name), join(release, name), { recursive: true });
  cpSync(join(out, 'plugin'), join(release, 'plugin'), { recursive: true });
  rmSync(join(release, 'plugin/install'));
  copyFileSync(checkedRuntime(parts.runtime, arch), join(release, 'node'));
  chmodSync(join(release, 'node'), 0o755);
  writeLicences(join(release, 'licenses'), top, parts.packages, parts.runtime);
  writeFileSync(join(release, 'sbom.cdx.json'), parts.bill);
  stagePrograms(parts, folder, release);
  const sums = writeSums(release);
  const signature = join(signatures ?? '', signatureName(arch));
  if (signatures !== null) {
    if (!existsSync(signature)) throw new Error(`${signature} is missing`);
    cpSync(signature, `${sums}.minisig`);
  }
  plainModes(folder);
  return { arch, folder, release, sums };
}

/** Writes the installer, and the two scripts that ISPmanager 4 runs. */
function stagePrograms({ out, version, arch }: StageParts, folder: string, release: string): void {
  const values = { VERSION: version, ARCH: arch };
  program(join(out, 'plugin/install'), join(release, 'install'), values);
  mkdirSync(join(folder, 'var/.plugin_scripts'), { recursive: true });
  for (const name of ['postinstall', 'predelete']) {
    rmSync(join(release, 'plugin/ispmanager4', name));
    const to = join(folder, 'var/.plugin_scripts', `${pluginName(arch)}_${name}`);
    program(join(out, 'plugin/ispmanager4', name), to, values);
  }
}

/**
 * Gives files the mode 0644 and folders and programs 0755, below this folder. The umask of the clone does not
 * matter.
 */
export function plainModes(folder: string): void {
  for (const name of ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })]) {
    const path = join(folder, name);
    const file = statSync(path);
    chmodSync(path, file.isDirectory() || (file.mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}

/** Writes a program from its template, with values for the template's placeholders. */
export function program(from: string, to: string, values: Readonly<Record<string, string>>): void {
  const text = readFileSync(from, 'utf8').replaceAll(
    /@([A-Z]+)@/g,
    (whole, name: string) => values[name] ?? whole,
  );
  writeFileSync(to, text);
  chmodSync(to, 0o755);
}

/**
 * A plugin in the panel's plugin source can have only one archive, so each architecture is a separate plugin.
 * The plugin for x64 has the plain name.
 */
export function pluginName(arch: Architecture): string {
  return arch === 'x64' ? 'domainsync' : `domainsync_${arch}`;
}
