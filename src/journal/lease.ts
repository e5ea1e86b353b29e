import { readFileSync } from 'node:fs';

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

/** @throws {SyntaxError} when the text is not a holder */
export function readHolder(text: string): Holder {
  const value: unknown = JSON.parse(text);
  if (
    typeof value === 'object' &&
    value !== null &&
    'boot' in value &&
    'pid' in value &&
    'started' in value
  ) {
    const { boot, pid, started } = value;
    if (typeof boot === 'string' && typeof pid === 'number' && typeof started === 'string')
      return { boot, pid, started };
  }
  throw new SyntaxError('not a lease');
}
