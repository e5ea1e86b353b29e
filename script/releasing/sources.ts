/** Package sources for apt and dnf, as folders for a web server. */
import { execFile } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { packageArchitectures, packageNames } from './packages.ts';
import { architectures, type Architecture } from './runtime.ts';
import { openpgp } from './sign.ts';

const run = promisify(execFile);

export interface SourceOptions {
  /** Folder with the packages. They are moved into the sources. */
  readonly out: string;
  readonly version: string;
  readonly made: readonly Architecture[];
  readonly epoch: number;
  /** The OpenPGP key that signs the sources; `null`: they are not signed. */
  readonly openpgpKey: string | null;
}

/** Makes `apt/` (suite `stable`, component `main`) by apt-ftparchive. */
export async function makeAptSource({ out, version, made, epoch, openpgpKey }: SourceOptions): Promise<void> {
  const root = join(out, 'apt');
  const suite = join(root, 'dists/stable');
  mkdirSync(join(root, 'pool'), { recursive: true });
  for (const arch of made) {
    const { deb } = packageNames(version, arch);
    renameSync(join(out, deb), join(root, 'pool', deb));
  }
  for (const arch of made) {
    const { deb } = packageArchitectures[arch];
    const folder = join(suite, `main/binary-${deb}`);
    mkdirSync(folder, { recursive: true });
    await ftparchive(root, ['--arch', deb, 'packages', 'pool'], join(folder, 'Packages'));
    writeFileSync(join(folder, 'Packages.gz'), gzipSync(readFileSync(join(folder, 'Packages'))));
  }
  const fields = {
    Origin: 'domainsync',
    Label: 'domainsync',
    Suite: 'stable',
    Codename: 'stable',
    Components: 'main',
    Architectures: made.map((arch) => packageArchitectures[arch].deb).join(' '),
    Date: new Date(epoch * 1000).toUTCString(),
  };
  const options = Object.entries(fields).flatMap(([name, value]) => [
    '-o',
    `APT::FTPArchive::Release::${name}=${value}`,
  ]);
  const release = join(out, 'Release');
  await ftparchive(suite, [...options, 'release', '.'], release);
  renameSync(release, join(suite, 'Release'));
  if (openpgpKey === null) return;
  await openpgp('--clearsign', join(suite, 'Release'), join(suite, 'InRelease'), openpgpKey);
}

async function ftparchive(cwd: string, args: readonly string[], to: string): Promise<void> {
  const file = createWriteStream(to);
  const child = execFile('apt-ftparchive', [...args], { cwd, maxBuffer: 2 ** 24 });
  child.stdout?.pipe(file);
  const [status] = await Promise.all([
    new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    }),
    finished(file),
  ]);
  if (status !== 0) throw new Error(`apt-ftparchive ${args.at(-2) ?? ''} failed with status ${status}`);
}

/** Makes `yum/ARCH/` by createrepo_c. */
export async function makeYumSource({ out, version, made, epoch, openpgpKey }: SourceOptions): Promise<void> {
  for (const arch of made) {
    const folder = join(out, 'yum', packageArchitectures[arch].rpm);
    mkdirSync(folder, { recursive: true });
    const { rpm } = packageNames(version, arch);
    renameSync(join(out, rpm), join(folder, rpm));
    const fixed = [
      '--revision',
      String(epoch),
      '--set-timestamp-to-revision',
      '--general-compress-type',
      'gz',
    ];
    await run('createrepo_c', ['--quiet', '--no-database', ...fixed, folder]);
    const index = join(folder, 'repodata/repomd.xml');
    if (openpgpKey !== null) await openpgp('--detach-sign', index, `${index}.asc`, openpgpKey);
  }
}

/** The architectures that have packages of this version in a folder. */
export function packagedArchitectures(names: readonly string[], version: string): readonly Architecture[] {
  return architectures.filter((arch) => names.includes(packageNames(version, arch).deb));
}
