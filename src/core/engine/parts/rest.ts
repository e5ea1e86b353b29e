/**
 * How long work that any call can cause has to rest after a run, so that it takes at most a fifth of the
 * time.
 * @param took how long the run took; same unit as the result
 */
export function restAfter(took: number): number {
  return 4 * took;
}
