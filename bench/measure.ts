/** `v4`: ISPmanager 4 at both ends; `v6`: ISPmanager 6 with DNSmanager as its central. */
export type PanelVersion = 'v4' | 'v6';

/** Percentiles of times, in milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export function spread(times: readonly number[]): Spread {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: round(at(0.5)), p95: round(at(0.95)), p99: round(at(0.99)) };
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The ratio of two numbers, rounded to thousandths, because the limits for ratios have three decimals. */
export function ratio(one: number, other: number): number {
  return Math.round((one / other) * 1_000) / 1_000;
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Adds `_v6` to the names of figures of version 6. Names for version 4 stay as they are. */
export function named(
  version: PanelVersion,
  figures: Readonly<Record<string, number>>,
): Record<string, number> {
  const ending = version === 'v4' ? '' : `_${version}`;
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${name}${ending}`, value]));
}
