import { readFileSync } from 'node:fs';
import * as v from 'valibot';

/** Identifies a process, even if its pid is used again later: boot id, pid and start time (proc(5)). */
export interface Holder {
  readonly boot: string;
  readonly pid: number;
  /** When the process started: clock ticks since boot. */
  readonly started: string;
}

export function thisProcess(): Holder {
  return { boot: bootId(), pid: process.pid, started: startOf(process.pid) ?? '' };
}

/**
 * Whether the process is certainly dead: the host has rebooted since the process started, or no live process
 * has its pid and start time.
 */
export function isDead(holder: Holder): boolean {
  if (holder.boot !== bootId()) return true;
  return startOf(holder.pid) !== holder.started;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * Start time of a process in clock ticks since boot: field 22 of /proc/PID/stat. Fields are counted after the
 * command name, which may contain spaces. Null: there is no such process, or it has ended and its parent has
 * not reaped it yet (state Z or X).
 */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /^[ZX]/iu.test(fields[0] ?? '') ? null : (fields[19] ?? null);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return null;
    throw error;
  }
}

const stored = v.object({ boot: v.string(), pid: v.number(), started: v.string() });

/**
 * Parses a stored holder.
 * @param text JSON of a {@link Holder}
 * @throws {SyntaxError} when it is anything else
 */
export function readHolder(text: string): Holder {
  const read = v.safeParse(stored, JSON.parse(text));
  if (!read.success) throw new SyntaxError('not a lease');
  return read.output;
}
