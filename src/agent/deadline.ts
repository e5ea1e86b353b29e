/** Runs `body` with a signal that aborts after `ms` milliseconds. */
export async function withDeadline<T>(ms: number, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error('deadline')), ms);
  try {
    return await body(deadline.signal);
  } finally {
    clearTimeout(timer);
  }
}
