/**
 * Waits for work until it ends or the signal aborts. After an abort, the work itself continues.
 * @param late makes the error that is thrown when the signal aborts
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal, late: () => Error): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(late());
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
