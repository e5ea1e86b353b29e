/**
 * Computes the pause after background work that any call of the panel can cause. The pause is four times as
 * long as the work, so the work takes at most a fifth of the time.
 * @param took how long the work took
 * @returns the pause, in the same unit as `took`
 */
export function restAfter(took: number): number {
  return 4 * took;
}
