/**
 * Processor time this process has used for work of its own, milliseconds: other processes on a busy machine
 * do not count.
 */
export function cpuTime(): number {
  return process.cpuUsage().user / 1_000;
}
