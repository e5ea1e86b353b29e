/** Longest time of a timer, milliseconds. A timer with a longer one ends at once. */
const longest = 0x7fffffff;

/**
 * Runs `body` with a signal that aborts after `ms` milliseconds, or as soon as one of `signals` aborts. When
 * `body` has ended, the timer and the listeners are gone. `AbortSignal.any` with `AbortSignal.timeout` would
 * keep them in memory until the time is over. The timer does not keep the process alive.
 * @param ms zero or less: the signal is aborted from the start. More than 24 days, or `Infinity`: there is no
 *   deadline
 */
export async function withDeadline<T>(
  ms: number,
  signals: readonly AbortSignal[],
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const giveUp = ({ target }: Event): void => {
    own.abort(target instanceof AbortSignal ? target.reason : undefined);
  };
  for (const signal of signals) {
    if (signal.aborted) own.abort(signal.reason);
    else signal.addEventListener('abort', giveUp, { once: true });
  }
  const late = (): void => own.abort(new Error('deadline'));
  if (ms <= 0) late();
  const timer = ms > longest ? undefined : setTimeout(late, ms).unref();
  try {
    return await body(own.signal);
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener('abort', giveUp);
  }
}
