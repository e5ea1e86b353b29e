import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fill } from './fill.ts';
import { releases } from './install.ts';
import { isOurs, placeOf } from '../../config/system-places.ts';
import { pathsOf } from '../paths.ts';
import { put } from './put-file.ts';

const run = promisify(execFile);

export interface SystemOptions {
  readonly root: string;
  readonly socket?: string | undefined;
  /** Folder of the system's configuration: `/etc`, or another folder in tests and images. */
  readonly etc: string;
}

/**
 * Runs systemctl.
 * @throws {Error} when systemctl fails or takes more than two minutes. Stopping an agent may take 30 seconds
 */
async function systemctl(...args: readonly string[]): Promise<void> {
  await run('systemctl', [...args], { timeout: 120_000 });
}

/** Whether this host runs systemd (sd_booted(3)) and `etc` is its real configuration folder. */
function managed(etc: string): boolean {
  return etc === '/etc' && existsSync('/run/systemd/system');
}

/**
 * Writes a systemd unit for the agent and a logrotate rule for its log, each only if the host has that
 * program. With systemd, restarts the agent. Without systemd, the hook starts an agent whenever none runs.
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
 * Lines of the unit that let the confined agent write in the folder of its socket. If the folder is under
 * /run, systemd creates it when the agent starts. The folder stays when the agent stops, because a second
 * panel may use it.
 */
function socketFolder(folder: string): string {
  if (!folder.startsWith('/run/')) return `ReadWritePaths=-${folder}`;
  const name = folder.slice('/run/'.length);
  return [`RuntimeDirectory=${name}`, 'RuntimeDirectoryMode=0700', 'RuntimeDirectoryPreserve=yes'].join('\n');
}

/**
 * Stops the service, then removes the files that {@link putSystemFiles} wrote.
 * @returns the removed paths
 */
export async function removeSystemFiles(root: string, etc: string): Promise<string[]> {
  const unit = placeOf('unit', root, etc);
  const there = [unit, placeOf('rotation', root, etc)].filter((path) => isOurs(path, root));
  if (managed(etc) && there.includes(unit)) await systemctl('disable', '--now', basename(unit));
  for (const path of there) rmSync(path);
  if (managed(etc) && there.length > 0) await systemctl('daemon-reload');
  return there;
}
