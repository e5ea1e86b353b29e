/** Maximum duration of work without a pause, milliseconds. During that time the process does nothing else. */
const longest = 10;

/** Divides long work into slices. Between two slices, the process does other work. */
export class Pace {
  #since = performance.now();

  /** Whether the work since the last pause has taken so long that the caller should call {@link rest}. */
  get due(): boolean {
    return performance.now() - this.#since >= longest;
  }

  /** Makes a pause. Resolves after other waiting work of the process was done. */
  async rest(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}

/**
 * Calls `make` for all items, for at most `atOnce` of them at the same time. Returns the results in the order
 * of the items.
 */
export async function mapInBatches<T, R>(
  items: readonly T[],
  atOnce: number,
  make: (item: T) => Promise<R>,
): Promise<R[]> {
  const made: R[] = [];
  for (let at = 0; at < items.length; at += atOnce)
    made.push(...(await Promise.all(items.slice(at, at + atOnce).map(make))));
  return made;
}

/**
 * Calls `make` for each item in order, with a pause every 10 ms. Rejects with any error that `make` throws.
 */
export async function mapInSlices<T, R>(items: Iterable<T>, make: (item: T) => R): Promise<R[]> {
  const pace = new Pace();
  const made: R[] = [];
  for (const item of items) {
    if (pace.due) await pace.rest();
    made.push(make(item));
  }
  return made;
}
