/** Processor time in milliseconds that this process has used in user mode. Other processes do not count. */
export function cpuTime(): number {
  return process.cpuUsage().user / 1_000;
}
