/**
 * Runs shell scripts as on a separate host. All ports of its network are free, and empty folders hide some
 * system folders.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { patience } from './patience.ts';

/** Why scripts cannot run in this way here, for the option `skip` of a test; false: they can. */
export function missingForOwnHost(): string | false {
  const { status } = spawnSync('unshare', ['--mount', '--net', 'ip', 'link', 'set', 'lo', 'up']);
  return status === 0 ? false : 'namespaces of mounts and networks need root, unshare and ip';
}

/**
 * Runs a script to its end. Then ends the programs that the script left running.
 * @param folders system folders that the script sees as empty, absolute paths
 * @returns the script's standard output and error output
 * @throws {Error} with both, if the exit status is not 0 or the script takes longer than `patience`
 */
export async function onOwnHost(folders: readonly string[], script: string): Promise<string> {
  const prepare = [
    'set -eu',
    'exec 2>&1',
    'ip link set lo up',
    ...folders.map((folder) => `mkdir -p ${folder} && mount -t tmpfs tmpfs ${folder}`),
  ];
  const words = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-s'];
  const child = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'inherit'], timeout: patience });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  child.stdin.end(`${prepare.join('\n')}\n${script}\n`);
  const status = await ended;
  const said = Buffer.concat(chunks).toString('utf8');
  if (status !== 0) throw new Error(`the script ended with ${String(status)}:\n${said}`);
  return said;
}

/** Shell text that writes a file. */
export function writesFile(path: string, text: string): string {
  return `cat >${path} <<'THE_END'\n${text.trimEnd()}\nTHE_END`;
}

/** Shell text that waits until the name server on port 53 serves the zone. */
export function waitsForZone(zone: string): string {
  return `until dig +short +tries=1 +time=1 @127.0.0.1 ${zone} SOA | grep -q hostmaster; do sleep 0.1; done`;
}

/** Settings of a PowerDNS with its database in /var/lib/powerdns. */
export const powerdnsStore =
  'launch=gsqlite3 gsqlite3-database=/var/lib/powerdns/pdns.sqlite3 local-address=127.0.0.1 socket-dir=/run/pdns security-poll-suffix=';

/** Shell text that makes this database. */
export function makesPowerdnsStore(): string {
  const schema = readFileSync('/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql', 'utf8');
  const script =
    "import sqlite3; sqlite3.connect('/var/lib/powerdns/pdns.sqlite3').executescript(open('/var/lib/powerdns/schema.sql').read())";
  return [writesFile('/var/lib/powerdns/schema.sql', schema), `python3 -c "${script}"`].join('\n');
}
