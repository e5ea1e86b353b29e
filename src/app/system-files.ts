import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fill } from './fill.ts';
import { releases } from './install.ts';
import { pathsOf } from './paths.ts';

const run = promisify(execFile);

export interface SystemOptions {
  readonly root: string;
  readonly socket?: string | undefined;
  /** Where the system keeps its configuration: `/etc`, or another folder in tests and images. */
  readonly etc: string;
}

const unit = 'domainsync-agent.service';
const rotation = 'logrotate.d/domainsync';

function unitFile(etc: string): string {
  return join(etc, 'systemd/system', unit);
}

/** Whether systemd manages this very host (sd_booted(3)) and `etc` is its configuration. */
function managed(etc: string): boolean {
  return etc === '/etc' && existsSync('/run/systemd/system');
}

/**
 * Writes what the operating system needs to keep the agent running and its log short: a systemd unit where systemd is, a
 * logrotate rule where logrotate is. Without systemd the hook starts the agent when it is absent.
 * @returns the paths written
 */
export async function putSystemFiles({ root, socket, etc }: SystemOptions): Promise<string[]> {
  const paths = pathsOf(root, socket);
  const current = join(root, releases, 'current');
  const own = join(current, 'node');
  const values = {
    ROOT: root,
    SOCKET: paths.socket,
    LOG: paths.log,
    NODE: existsSync(own) ? own : process.execPath,
    AGENT: join(current, 'agent.cjs'),
  };
  const written: string[] = [];
  const write = (name: string, path: string): void => {
    const text = fill(readFileSync(join(current, 'plugin/system', name), 'utf8'), values);
    if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, text, { mode: 0o644 });
    renameSync(`${path}.new`, path);
    written.push(path);
  };
  if (existsSync(join(etc, 'systemd/system'))) write('domainsync-agent.service', unitFile(etc));
  if (existsSync(join(etc, 'logrotate.d'))) write('domainsync.logrotate', join(etc, rotation));
  if (managed(etc)) {
    await run('systemctl', ['daemon-reload']);
    await run('systemctl', ['enable', unit]);
    await run('systemctl', ['restart', unit]);
  }
  return written;
}

/** Takes the same files away again, the service first. @returns the paths removed */
export async function removeSystemFiles(etc: string): Promise<string[]> {
  const there = [unitFile(etc), join(etc, rotation)].filter((path) => existsSync(path));
  if (managed(etc) && existsSync(unitFile(etc))) await run('systemctl', ['disable', '--now', unit]);
  for (const path of there) rmSync(path);
  if (managed(etc) && there.length > 0) await run('systemctl', ['daemon-reload']);
  return there;
}
