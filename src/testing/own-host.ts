/**
 * Runs shell scripts as on a separate host. All ports of its network are free, and empty folders hide some
 * system folders.
 */
import { spawn, spawnSync } from 'node:child_process';
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
