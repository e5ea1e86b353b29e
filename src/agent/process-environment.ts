import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
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
    return withFile(`/proc/self/fd/${folder}/status`, (status) => {
      if (!isOurs(beginningOf(status))) return null;
      if (startOf(withFile(`/proc/self/fd/${folder}/stat`, beginningOf)) > latestStart(before)) return null;
      // The owner is checked again after the read, because a process may change its user when it starts
      // another program.
      const environment = withFile(`/proc/self/fd/${folder}/environ`, wholeOf);
      return isOurs(beginningOf(status)) ? variablesIn(environment) : null;
    });
  } finally {
    closeSync(folder);
  }
}

/*
 * Every hook call reads these files. `readFileSync` would take five system calls for each.
 */

function withFile<T>(path: string, body: (file: number) => T): T {
  const file = openSync(path, constants.O_RDONLY);
  try {
    return body(file);
  } finally {
    closeSync(file);
  }
}

/** Octets of the files under /proc while they are read. It grows with the environments that are read. */
let room = Buffer.alloc(16_384);

/**
 * Reads the beginning of a file under /proc anew, at least 4 KiB of it. The kernel makes the text of `stat`
 * and `status` when it is read from its beginning, and gives it with one read.
 */
function beginningOf(file: number): string {
  return room.toString('latin1', 0, readSync(file, room, 0, room.length, 0));
}

function wholeOf(file: number): string {
  for (let length = 0; ;) {
    const read = readSync(file, room, length, room.length - length, length);
    if (read === 0) return room.toString('latin1', 0, length);
    length += read;
    if (length === room.length) room = Buffer.concat([room, Buffer.alloc(length)]);
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
