/** Times in milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

export function spread(times: readonly number[]): Spread {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: round(at(0.5)), p95: round(at(0.95)) };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
