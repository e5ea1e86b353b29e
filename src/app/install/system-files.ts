import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fill } from './fill.ts';
import { releases } from './install.ts';
import { pathsOf } from '../paths.ts';
import { put } from './put-file.ts';

const run = promisify(execFile);

export interface SystemOptions {
  readonly root: string;
  readonly socket?: string | undefined;
  /** Folder of the system's configuration: `/etc`, or another one in tests and images. */
  readonly etc: string;
}

/** Usual roots of a panel. Files for them get the plain names. */
const plainRoots: ReadonlySet<string> = new Set(['/usr/local/mgr5', '/usr/local/ispmgr']);

type SystemFile = 'unit' | 'rotation';

/**
 * Two possible paths of a system file. The plain one is for the only panel of a host. The other one contains
 * the panel's root, for a second panel.
 */
function namesOf(file: SystemFile, root: string, etc: string): { plain: string; own: string } {
  const mark = root.replaceAll(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '');
  const name = (ending: string): string =>
    file === 'unit'
      ? join(etc, `systemd/system/domainsync-agent${ending}.service`)
      : join(etc, `logrotate.d/domainsync${ending}`);
  return { plain: name(''), own: name(mark) };
}

function isOurs(path: string, root: string): boolean {
  if (!existsSync(path)) return false;
  const words = readFileSync(path, 'utf8').split(/\s+/u);
  return words.some((word) => word.startsWith(`${root}/`));
}

/**
 * The path where a system file is, or where it should be written. An existing file keeps its path, and a file
 * of another panel is not overwritten.
 */
function placeOf(file: SystemFile, root: string, etc: string): string {
  const { plain, own } = namesOf(file, root, etc);
  const there = [plain, own].find((path) => isOurs(path, root));
  if (there !== undefined) return there;
  return plainRoots.has(root) && !existsSync(plain) ? plain : own;
}

/** Name of the systemd unit for the panel at this root, whether or not it exists. */
export function unitOf(root: string, etc = '/etc'): string {
  return basename(placeOf('unit', root, etc));
}

/**
 * @throws {Error} when systemctl fails or needs more than two minutes. Stopping an agent may need 30 seconds
 */
async function systemctl(...args: readonly string[]): Promise<void> {
  await run('systemctl', [...args], { timeout: 120_000 });
}

/** Whether systemd runs this host (sd_booted(3)) and `etc` is its real configuration folder. */
function managed(etc: string): boolean {
  return etc === '/etc' && existsSync('/run/systemd/system');
}

/**
 * Writes a systemd unit, which keeps the agent running, and a logrotate rule for its log, each if the system
 * has that program. With systemd it also restarts the agent. Without it the hook starts an agent if none
 * runs.
 * @returns paths of the files that changed
 */
export async function putSystemFiles({ root, socket, etc }: SystemOptions): Promise<string[]> {
  const paths = pathsOf(root, socket);
  const current = join(root, releases, 'current');
  const own = join(current, 'node');
  const values = {
    ROOT: root,
    SOCKET: paths.socket,
    SOCKETFOLDER: socketFolder(dirname(paths.socket)),
    LOG: paths.log,
    NODE: existsSync(own) ? own : process.execPath,
    AGENT: join(current, 'agent.cjs'),
  };
  const written: string[] = [];
  const write = (name: string, path: string): void => {
    const template = readFileSync(join(current, 'plugin/system', name), 'utf8');
    put(path, 0o644, fill(template, values), written);
  };
  const unit = placeOf('unit', root, etc);
  const rotation = placeOf('rotation', root, etc);
  if (existsSync(dirname(unit))) write('domainsync-agent.service', unit);
  if (existsSync(dirname(rotation))) write('domainsync.logrotate', rotation);
  if (managed(etc)) {
    const name = basename(unit);
    await systemctl('daemon-reload');
    await systemctl('enable', name);
    await systemctl('restart', name);
  }
  return written;
}

/**
 * Lines of the unit that let a confined agent use the folder of its socket. Under /run, systemd makes the
 * folder when the agent starts and keeps it when the agent stops, as a second panel may use it.
 */
function socketFolder(folder: string): string {
  if (!folder.startsWith('/run/')) return `ReadWritePaths=-${folder}`;
  const name = folder.slice('/run/'.length);
  return [`RuntimeDirectory=${name}`, 'RuntimeDirectoryMode=0700', 'RuntimeDirectoryPreserve=yes'].join('\n');
}

/** Removes the files of {@link putSystemFiles}; stops the service first. @returns the paths removed */
export async function removeSystemFiles(root: string, etc: string): Promise<string[]> {
  const unit = placeOf('unit', root, etc);
  const there = [unit, placeOf('rotation', root, etc)].filter((path) => isOurs(path, root));
  if (managed(etc) && there.includes(unit)) await systemctl('disable', '--now', basename(unit));
  for (const path of there) rmSync(path);
  if (managed(etc) && there.length > 0) await systemctl('daemon-reload');
  return there;
}
