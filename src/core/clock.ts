/** The only source of time for `src/core`. Callers pass it in, so that tests can replay whole histories. */
export interface Clock {
  /** Monotonic time in milliseconds from an arbitrary start. Deadlines are measured with it. */
  now(): number;
  /** Wall-clock time in milliseconds since 1970. Texts for people and stored times use it. */
  wall(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A clock with timers that are often cancelled. */
export interface AlarmClock extends Clock {
  /** Calls `ring` after `ms` milliseconds. @returns a function that cancels the alarm */
  alarm(ms: number, ring: () => void): () => void;
}
