/**
 * The pause after a run of work that any call can cause. With this pause the work takes at most a fifth of
 * the time.
 * @param took how long the run took
 * @returns the pause, in the same unit as `took`
 */
export function restAfter(took: number): number {
  return 4 * took;
}
