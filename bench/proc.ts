/** Figures of a process, from `/proc`. */
import { readFileSync } from 'node:fs';

/** Processor time of a process in its own code and in the kernel, and of its ended children, ms. */
export function processorOf(pid: number): Readonly<Record<'user' | 'system' | 'children', number>> {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // Fields 14 to 17 of proc(5), in ticks of ten milliseconds; field 2 may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (at: number): number => Number(fields[at - 3]) * 10;
  return { user: ticks(14), system: ticks(15), children: ticks(16) + ticks(17) };
}

/** Resident memory of a process in MiB. */
export function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s*(\d+) kB$/mu.exec(status)?.[1] ?? 0) / 1_024;
}
