/** The only source of time for `src/core`. It is handed in, so that whole histories can be replayed. */
export interface Clock {
  /** Monotonic time in milliseconds from an arbitrary start. Deadlines are measured with it. */
  now(): number;
  /** Wall-clock time in milliseconds since 1970, for people and for what must survive a restart. */
  wall(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A clock with timers that are often cancelled. */
export interface AlarmClock extends Clock {
  /** Calls `ring` after `ms` milliseconds. @returns a function that cancels the call */
  alarm(ms: number, ring: () => void): () => void;
}
