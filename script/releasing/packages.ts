/** The packages of a release: `.deb` and `.rpm`, made by Debian's own tools. */
import { execFile } from 'node:child_process';
import {
  cpSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { usualRoots } from '../../src/panels/registry.ts';
import type { Architecture } from './runtime.ts';
import { plainModes, program, type Staged } from './stage.ts';

const run = promisify(execFile);

export interface PackageOptions {
  /** Root of the repository. */
  readonly top: string;
  readonly version: string;
  /** Who makes the packages, as `Name <address>`. */
  readonly maintainer: string;
  /** Seconds since 1970 that all files in the packages get. */
  readonly epoch: number;
  /** Whether to compress less, for tests. */
  readonly fast: boolean;
}

/** Names of an architecture in both families of systems. */
export const packageArchitectures = {
  x64: { deb: 'amd64', rpm: 'x86_64' },
  arm64: { deb: 'arm64', rpm: 'aarch64' },
} as const satisfies Readonly<Record<Architecture, { readonly deb: string; readonly rpm: string }>>;

/** Names of the two packages of one architecture. */
export function packageNames(
  version: string,
  arch: Architecture,
): { readonly deb: string; readonly rpm: string } {
  const { deb, rpm } = packageArchitectures[arch];
  const plain = packageVersion(version);
  return { deb: `domainsync_${plain}_${deb}.deb`, rpm: `domainsync-${plain}-1.${rpm}.rpm` };
}

/** Both families sort `~` before the end of a version, so a pre-release comes before its release. */
function packageVersion(version: string): string {
  return version.replaceAll('-', '~');
}

/** Makes both packages of one staged release in `out`. */
export async function makePackages(staged: Staged, out: string, options: PackageOptions): Promise<void> {
  const tree = join(out, `tree-${staged.arch}`);
  layTree(staged, tree, options);
  try {
    await makeRpm(staged, tree, out, options);
    await makeDeb(staged, tree, out, options);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** The files of a package. They are links to those of the stage, because Node.js is large. */
function layTree(staged: Staged, tree: string, { top, epoch }: PackageOptions): void {
  const release = join(tree, 'usr/lib/domainsync');
  const units = 'usr/lib/systemd/system';
  const shared = ['usr/sbin', 'usr/share/doc/domainsync', 'usr/share/domainsync'];
  for (const name of [...shared, 'usr/lib/domainsync', units])
    mkdirSync(join(tree, name), { recursive: true });
  for (const name of readdirSync(staged.release, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const from = join(staged.release, name);
    if (statSync(from).isDirectory()) mkdirSync(join(release, name), { recursive: true });
    else linkSync(from, join(release, name));
  }
  const values = { ROOTS: usualRoots.join(' ') };
  program(join(top, 'packaging/panels'), join(tree, 'usr/share/domainsync/panels'), values);
  program(join(top, 'packaging/gateway'), join(tree, 'usr/share/domainsync/gateway'), values);
  const unit = 'domainsync-gateway.service';
  cpSync(join(top, 'packaging', unit), join(tree, units, unit));
  program(join(top, 'packaging/command'), join(tree, 'usr/sbin/domainsync'), values);
  cpSync(join(top, 'LICENSE'), join(tree, 'usr/share/doc/domainsync/copyright'));
  plainModes(tree);
  sameTimes(tree, epoch);
}

/** Gives all files the time of the release. The tools themselves only change times that are later. */
function sameTimes(tree: string, epoch: number): void {
  for (const name of ['', ...readdirSync(tree, { recursive: true, encoding: 'utf8' })])
    utimesSync(join(tree, name), epoch, epoch);
}

async function makeDeb(staged: Staged, tree: string, out: string, options: PackageOptions): Promise<void> {
  const { top, version, maintainer, epoch, fast } = options;
  const control = join(tree, 'DEBIAN');
  mkdirSync(control);
  const { stdout } = await run('du', ['-sk', '--apparent-size', tree]);
  const lines = [
    'Package: domainsync',
    `Version: ${packageVersion(version)}`,
    `Architecture: ${packageArchitectures[staged.arch].deb}`,
    `Maintainer: ${maintainer}`,
    `Installed-Size: ${Number.parseInt(stdout, 10)}`,
    'Depends: libc6 (>= 2.28), libstdc++6',
    'Recommends: netcat-openbsd | socat',
    'Section: admin',
    'Priority: optional',
    "Description: mirrors the DNS changes of a hosting panel into the provider's DNS",
    ' Makes every DNS change in a hosting control panel (ISPmanager, DNSmanager)',
    " at the provider's central DNS at that same moment: both or neither.",
  ];
  writeFileSync(join(control, 'control'), `${lines.join('\n')}\n`);
  const values = { ROOTS: usualRoots.join(' ') };
  for (const name of ['preinst', 'postinst', 'prerm', 'postrm'])
    program(join(top, 'packaging/deb', name), join(control, name), values);
  plainModes(control);
  sameTimes(tree, epoch);
  const packing = fast ? ['-Znone'] : ['-Zxz', '-z6'];
  const file = join(out, packageNames(version, staged.arch).deb);
  await run('dpkg-deb', ['--root-owner-group', ...packing, '--build', tree, file], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
  });
}

async function makeRpm(staged: Staged, tree: string, out: string, options: PackageOptions): Promise<void> {
  const { top, version, maintainer, epoch, fast } = options;
  const { rpm } = packageArchitectures[staged.arch];
  const work = join(out, `rpm-${staged.arch}`);
  mkdirSync(work);
  const spec = join(work, 'domainsync.spec');
  const values = { VERSION: packageVersion(version), TREE: tree, MAINTAINER: maintainer };
  program(join(top, 'packaging/domainsync.spec'), spec, values);
  const macros = {
    _topdir: work,
    _rpmdir: work,
    _buildhost: 'localhost',
    _build_id_links: 'none',
    debug_package: '%{nil}',
    // The steps that rpm does after an installation by default would strip Node.js.
    __os_install_post: '%{nil}',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
    source_date_epoch_from_changelog: '0',
    _binary_payload: fast ? 'w.ufdio' : 'w6.xzdio',
  };
  const defined = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  await run('rpmbuild', ['-bb', '--quiet', '--target', `${rpm}-linux`, ...defined, spec], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
  });
  renameSync(
    join(work, rpm, packageNames(version, staged.arch).rpm),
    join(out, packageNames(version, staged.arch).rpm),
  );
  rmSync(work, { recursive: true });
}
