import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * A process of the product. `handler`: the hook's shell script, which the panel has started. `client`: the
 * program with which the script asks the agent.
 */
export type ProductRole = 'agent' | 'handler' | 'client';

const children = new Set<ChildProcess>();
let isWatching = false;

/** Kills a child process when this process exits, for whatever reason it exits. */
export function endWithUs(child: ChildProcess): void {
  if (!isWatching) process.once('exit', () => children.forEach((one) => one.kill('SIGKILL')));
  isWatching = true;
  children.add(child);
  child.once('exit', () => children.delete(child));
}

/**
 * Kills a child process and waits until it has ended.
 * @param child null: no process was started
 * @param note called right before the kill, and only if the process runs
 * @returns whether the process was running
 */
export async function killChild(child: ChildProcess | null, note: () => void): Promise<boolean> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return false;
  note();
  child.kill('SIGKILL');
  await once(child, 'exit');
  return true;
}

/** Finds the processes of one role that belong to the stage in this folder. */
export function productProcesses(folder: string, role: ProductRole): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/u.test(pid)) return [];
    const words = wordsOfProcess(pid);
    const isOurs = words.some((word) => word.includes(folder));
    return isOurs && roleOf(words) === role ? [Number(pid)] : [];
  });
}

/** Kills a process with SIGKILL. @returns whether the process existed */
export function killNow(pid: number): boolean {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

function wordsOfProcess(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch (error) {
    // The process has ended since `/proc` was listed.
    if (error instanceof Error && 'code' in error) return [];
    throw error;
  }
}

function roleOf([program = '', ...words]: readonly string[]): ProductRole | null {
  // Skips the options of Node.js, which come before the program's path.
  const first = words.find((word) => !word.startsWith('-')) ?? '';
  if (first.endsWith('/agent.cjs')) return 'agent';
  if (first.endsWith('/hook.cjs') || /(?:^|\/)(?:nc|socat)$/u.test(program)) return 'client';
  return /\/addon\/domainsync\w*$/u.test(first) || /\/addon\/domainsync\w*$/u.test(program)
    ? 'handler'
    : null;
}
