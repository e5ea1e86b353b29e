import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import type { HookCall } from '../core/panel.ts';

/** What `USER_HZ` is on every Linux of ours: parts of a second in which `/proc/PID/stat` counts (proc(5)). */
const ticksPerSecond = 100;
/** A time of both sources is rounded down. */
const roundedTicks = 1;

/** Seconds since the machine started, as processes are dated by. */
export function uptime(): number {
  return Number(/^[\d.]+/u.exec(readFileSync('/proc/uptime', 'latin1'))?.[0]);
}

/** The environment of a call, and what stands more than once in it. */
export type Variables = Pick<HookCall, 'environment' | 'repeated'>;

/**
 * The environment a process was started with, as its parent made it: NUL-separated in /proc/PID/environ
 * (proc(5)), octet for octet, one character each. Reads only the environment of a process that is this user's
 * (root's) alone and older than the request. A number may be anybody's, and may belong to another process
 * since.
 * @param before seconds since the machine started
 * @returns `null` for any other process, and where there is none
 */
export function variablesOf(pid: number, before: number): Variables | null {
  try {
    return readFrom(pid, before);
  } catch (error) {
    // Gone (ENOENT, ESRCH), or not readable (EACCES).
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

function readFrom(pid: number, before: number): Variables | null {
  // The descriptor stays with this one process, whoever gets its number afterwards.
  const folder = openSync(`/proc/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const read = (file: string): string => readFileSync(`/proc/self/fd/${folder}/${file}`, 'latin1');
    if (!isOurs(read('status')) || startOf(read('stat')) > before * ticksPerSecond + roundedTicks)
      return null;
    // The owner once more after it: a process may become somebody else's in between, by starting another
    // program.
    const environment = read('environ');
    return isOurs(read('status')) ? variablesIn(environment) : null;
  } finally {
    closeSync(folder);
  }
}

/** Real, effective, saved and file system user, all of them. */
function isOurs(status: string): boolean {
  const users = /^Uid:\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/mu.exec(status)?.slice(1) ?? [];
  return users.length === 4 && users.every((user) => Number(user) === process.getuid?.());
}

/** Field 22; the second, the program's name, may hold anything, brackets as well. */
function startOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[22 - 3] ?? Infinity);
}

/** Octets as they are: a query string is decoded by whoever knows its encoding. */
function variablesIn(octets: string): Variables {
  const environment = new Map<string, string>();
  const repeated: (readonly [string, string])[] = [];
  for (const entry of octets.split('\0')) {
    const cut = entry.indexOf('=');
    if (cut <= 0) continue;
    const [name, value] = [entry.slice(0, cut), entry.slice(cut + 1)];
    const former = environment.get(name);
    if (former !== undefined) repeated.push([name, former]);
    environment.set(name, value);
  }
  return { environment: Object.fromEntries(environment), repeated };
}
