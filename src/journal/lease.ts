import { readFileSync } from 'node:fs';
import * as v from 'valibot';

/**
 * A process, distinguished from every other one that ever had its number: boot, pid, start time (proc(5)).
 */
export interface Holder {
  readonly boot: string;
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly started: string;
}

export function thisProcess(): Holder {
  return { boot: bootId(), pid: process.pid, started: startOf(process.pid) ?? '' };
}

/** Whether a holder is provably dead: another boot, no such process, or another process under its number. */
export function isDead(holder: Holder): boolean {
  if (holder.boot !== bootId()) return true;
  return startOf(holder.pid) !== holder.started;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * Field 22 of /proc/PID/stat, counted behind the command name, which may hold spaces. It is `null` if there
 * is no such process. It is also `null` for what is left of one until its parent has noticed its end (state Z
 * or X). A killed agent may stay so for long.
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

/** @throws {SyntaxError} when the text is not a holder */
export function readHolder(text: string): Holder {
  const read = v.safeParse(stored, JSON.parse(text));
  if (!read.success) throw new SyntaxError('not a lease');
  return read.output;
}
