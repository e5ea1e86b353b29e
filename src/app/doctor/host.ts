import { execFile } from 'node:child_process';
import { constants, existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { missingFolders, panelAt } from '../wiring/panel-at.ts';
import type { Paths } from '../paths.ts';
import { mayAccess } from '../install/obstacles.ts';
import { unitOf } from '../../config/system-places.ts';
import { version } from '../version.ts';
import { note, ok, problemFound, warning, type Finding } from './finding.ts';

const run = promisify(execFile);

/**
 * Least free space on the disk, octets. The doctor warns if there is less. A journal of 10,000 zones takes
 * about 30 MB.
 */
const littleSpace = 64 * 1024 * 1024;

/** Checks the Node.js runtime, and that the panel's root has the files of a panel. */
export function checkHost({ root }: Paths): Finding[] {
  const found = [ok('runtime', `domainsync ${version}, Node.js ${process.version}, ${process.arch}`)];
  const missing = missingFolders(root);
  const tool = join(root, panelAt(root).tool);
  if (missing.length > 0) {
    const text = `${root} has no ${missing.join(', ')}: no panel is there`;
    found.push(problemFound('panel root', text, 'name the panel\'s root: "--root DIR"'));
  } else if (!mayAccess(tool, constants.X_OK)) {
    const text = `${tool} is missing or not executable: the panel cannot be read`;
    found.push(problemFound('panel root', text, "repair the panel's installation"));
  } else {
    found.push(ok('panel root', `${root}, ${panelAt(root).title}`));
  }
  return found;
}

/**
 * Tests through which programs the hook can reach the agent, by sending a real request with each program.
 * Without a socket, tests nothing.
 */
export async function checkWays({ socket }: Paths): Promise<Finding[]> {
  if (!existsSync(socket)) return [];
  const ways: readonly (readonly [string, readonly string[]])[] = [
    ['nc', ['-U', '-w', '3', socket]],
    ['socat', ['-t', '3', '-T', '3', '-', `UNIX-CONNECT:${socket}`]],
  ];
  for (const [program, args] of ways) {
    if (await passes(program, args)) return [ok('hook', `reaches the agent by ${program}`)];
  }
  const text = 'neither "nc -U" nor socat reaches the agent: each edit starts Node.js (some 30 ms more)';
  return [note('hook', text, 'install netcat-openbsd (Debian), nmap-ncat (RedHat) or socat')];
}

async function passes(program: string, args: readonly string[]): Promise<boolean> {
  const request = '{"do":"status"}';
  const child = run(program, [...args], { timeout: 5_000 });
  child.child.stdin?.on('error', () => undefined);
  child.child.stdin?.end(`domainsync-control 1 0 ${request.length}\n${request}`);
  return await child.then(
    ({ stdout }) => stdout.startsWith('domainsync hello') && stdout.trimEnd().endsWith('domainsync end'),
    () => false,
  );
}

/** Checks the systemd service and the free disk space. */
export async function checkSystem(paths: Paths): Promise<Finding[]> {
  const found: Finding[] = [];
  const unit = unitOf(paths.root);
  if (existsSync('/run/systemd/system') && existsSync(join('/etc/systemd/system', unit))) {
    const state = await run('systemctl', ['is-active', unit], { timeout: 5_000 }).then(
      ({ stdout }) => stdout.trim(),
      () => 'not active',
    );
    const start = `systemctl restart ${unit}`;
    found.push(state === 'active' ? ok('service', unit) : warning('service', `${unit} is ${state}`, start));
  } else {
    found.push(ok('service', 'no systemd service: the first edit starts the agent'));
  }
  if (existsSync(paths.state)) {
    const { bavail, bsize } = statfsSync(paths.state);
    const free = bavail * bsize;
    const text = `${Math.round(free / 1_048_576)} MiB free at ${paths.state}`;
    if (free >= littleSpace) found.push(ok('disk', text));
    else found.push(warning('disk', text, 'free some space: on a full disk every edit is refused'));
  }
  return found;
}
