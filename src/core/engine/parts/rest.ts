/**
 * How long (ms) work that anybody can cause has to rest after a run, so that it takes a fifth of the time at
 * most.
 */
export function restAfter(took: number): number {
  return 4 * took;
}
