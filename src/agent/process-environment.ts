import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { HookCall } from '../core/panel.ts';
import { systemOr } from '../net/system-error.ts';

/**
 * Clock ticks per second in `/proc/PID/stat` (`USER_HZ`). All Linux systems that we support have this value
 * (proc(5)).
 */
const ticksPerSecond = 100;
/**
 * The kernel rounds down both the start time of a process and the uptime. So the two may differ by one tick.
 */
const roundedTicks = 1;
/**
 * By `/proc/uptime` our own process may seem to start more than this many seconds in the future. Then that
 * file counts from the start of a container, not of the host.
 */
const surelyShifted = 5;

/** The environment of a hook call, with the further values of variables that occur in it more than once. */
export type Variables = Pick<HookCall, 'environment' | 'repeated'>;

/**
 * Reads the environment with which a process was started, from /proc/PID/environ (proc(5)). Each character
 * stands for one octet. A client can send any pid, and the kernel may have reused it. So the process must
 * belong only to our user (root), and must be older than the request.
 * @param before when the request came, as a value of `/proc/uptime`: seconds since the machine or container
 * started
 * @returns `null`: the process has ended, or does not meet these conditions
 */
export function variablesOf(pid: number, before: number): Variables | null {
  // The process has ended (ENOENT, ESRCH), or we may not read it (EACCES).
  return systemOr(() => readFrom(pid, before), null);
}

function readFrom(pid: number, before: number): Variables | null {
  // An opened folder under /proc stays with its process, even if another process gets the same pid later.
  const folder = openSync(`/proc/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const read = (file: string): string => readFileSync(`/proc/self/fd/${folder}/${file}`, 'latin1');
    if (!isOurs(read('status')) || startOf(read('stat')) > latestStart(before)) return null;
    // The owner is checked again after the read, because a process may change its user when it starts another
    // program.
    const environment = read('environ');
    return isOurs(read('status')) ? variablesIn(environment) : null;
  } finally {
    closeSync(folder);
  }
}

/** The latest start time, in ticks of the `stat` file, of a process that is older than the request. */
function latestStart(before: number): number {
  shift ??= containerShift();
  return (before + shift) * ticksPerSecond + roundedTicks;
}

let shift: number | null = null;

/**
 * By how many seconds the start times of processes are ahead of `/proc/uptime`. In an LXC container,
 * `/proc/uptime` counts from the container's start (lxcfs), but start times count from the machine's start.
 * Computed from the start of this process, plus a second for safety.
 */
function containerShift(): number {
  const start = startOf(readFileSync('/proc/self/stat', 'latin1')) / ticksPerSecond;
  const ahead = start + process.uptime() - uptime();
  return ahead > surelyShifted ? ahead + 1 : 0;
}

/** Whether the real, effective, saved and file system user of a process are all our user. */
function isOurs(status: string): boolean {
  const users = /^Uid:\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)$/mu.exec(status)?.slice(1) ?? [];
  const own = process.getuid?.();
  return users.length === 4 && users.every((user) => Number(user) === own);
}

/**
 * Start time of a process, in ticks since boot: field 22 of its `stat` file. The program's name (field 2) may
 * contain spaces and brackets, so fields are counted after it.
 */
function startOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[22 - 3] ?? Infinity);
}

/**
 * Splits an environment into variables. Values are not decoded, because only the panel adapter knows how a
 * query string is encoded.
 */
export function variablesIn(octets: string): Variables {
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
