import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ArchiveOptions {
  /** Root of the repository. */
  readonly top: string;
  /** Folder that contains the bundles. The archives are written into it. */
  readonly out: string;
  readonly version: string;
  /**
   * URL of the archives' folder, with its final slash; empty: the archives are beside the extension source.
   */
  readonly baseUrl: string;
  /** Compression level of gzip, 1 to 9. */
  readonly level: number;
}

const bundles = ['agent.cjs', 'hook.cjs', 'form.cjs', 'domainsync.cjs'] as const;

/**
 * Writes `domainsync-VERSION-ARCH.tar.gz` for every architecture whose runtime is installed, the extension
 * source `ispmgr_plugins.xml` of ISPmanager 4, and `SHA256SUMS`. An archive can be unpacked over any panel's
 * root (docs/protocol.md#sources-4). It contains a folder for the release and two scripts for ISPmanager 4,
 * and replaces no file in use. The command `install` activates the release.
 */
export async function writeArchives(options: ArchiveOptions): Promise<void> {
  const { top, out, version } = options;
  const made: { arch: string; file: string }[] = [];
  for (const arch of ['x64', 'arm64']) {
    const node = join(top, `node_modules/node-linux-${arch}/bin/node`);
    if (!existsSync(node)) continue;
    const file = `domainsync-${version}-${arch}.tar.gz`;
    await writeArchive(options, arch, node, file);
    made.push({ arch, file });
  }
  if (made.length === 0) throw new Error('no Node.js runtime is installed; run script/setup');
  writeFileSync(join(out, 'ispmgr_plugins.xml'), extensionSource(made, options));
  const sums = [...made.map(({ file }) => file), 'ispmgr_plugins.xml'].map((file) => {
    const sum = createHash('sha256')
      .update(readFileSync(join(out, file)))
      .digest('hex');
    return `${sum}  ${file}\n`;
  });
  writeFileSync(join(out, 'SHA256SUMS'), sums.join(''));
}

async function writeArchive(
  options: ArchiveOptions,
  arch: string,
  node: string,
  file: string,
): Promise<void> {
  const { out, version, level } = options;
  const stage = join(out, `stage-${arch}`);
  const release = join(stage, 'lib/domainsync', version);
  mkdirSync(release, { recursive: true });
  for (const name of bundles) cpSync(join(out, name), join(release, name));
  cpSync(join(out, 'plugin'), join(release, 'plugin'), { recursive: true });
  rmSync(join(release, 'plugin/install'));
  cpSync(node, join(release, 'node'));
  chmodSync(join(release, 'node'), 0o755);
  const values = { VERSION: version, ARCH: arch };
  program(join(out, 'plugin/install'), join(release, 'install'), values);
  mkdirSync(join(stage, 'var/.plugin_scripts'), { recursive: true });
  for (const name of ['postinstall', 'predelete']) {
    rmSync(join(release, 'plugin/ispmanager4', name));
    const to = join(stage, 'var/.plugin_scripts', `${pluginName(arch)}_${name}`);
    program(join(out, 'plugin/ispmanager4', name), to, values);
  }
  // With these options, tar makes the same octets from the same content.
  const tidy = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--mode=go-w'];
  const packing = ['-C', stage, '-I', `gzip -n -${level}`, '-cf', join(out, file), 'lib', 'var'];
  await run('tar', [...tidy, ...packing]);
  rmSync(stage, { recursive: true });
}

function program(from: string, to: string, values: Readonly<Record<string, string>>): void {
  const text = readFileSync(from, 'utf8').replaceAll(
    /@(VERSION|ARCH)@/g,
    (_, name: string) => values[name] ?? '',
  );
  writeFileSync(to, text);
  chmodSync(to, 0o755);
}

/**
 * A plugin in the source has one archive only, so each architecture is a plugin of its own. The plugin for
 * x64 has the plain name.
 */
function pluginName(arch: string): string {
  return arch === 'x64' ? 'domainsync' : `domainsync_${arch}`;
}

/** Makes the extension source in the form `plugins` (docs/protocol.md#sources-4). */
function extensionSource(
  made: readonly { arch: string; file: string }[],
  { version, baseUrl }: ArchiveOptions,
): string {
  const plugins = made.map(
    ({ arch, file }) => `  <plugin name="${pluginName(arch)}" version="${version}">
    <name lang="en">domainsync (${arch})</name>
    <name lang="ru">domainsync (${arch})</name>
    <descr lang="en">Executes every DNS change at the provider's central DNS at the same moment: both or neither</descr>
    <descr lang="ru">Каждое изменение DNS сразу выполняет и на центральном DNS провайдера: либо на обеих сторонах, либо ни на одной</descr>
    <url>${baseUrl}${file}</url>
    <manager>ispmgr</manager>
  </plugin>
`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<plugins>\n${plugins.join('')}</plugins>\n`;
}
