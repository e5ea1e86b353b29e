/** Milliseconds of work without a pause. During that time the process does nothing else. */
const longest = 10;

/** Divides long work into slices. Between two slices, other work of the process gets its turn. */
export class Pace {
  #since = performance.now();

  /** Whether the work since the last pause has taken so long that {@link rest} should be called. */
  get due(): boolean {
    return performance.now() - this.#since >= longest;
  }

  /** Makes a pause. Resolves when all other waiting work has had its turn. */
  async rest(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}

/** Maps the items by `make`, at most `atOnce` of them at once, and returns the results in their order. */
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

/** Maps the items by `make`, in their order, with a pause every 10 ms. Rejects with what `make` throws. */
export async function mapInSlices<T, R>(items: Iterable<T>, make: (item: T) => R): Promise<R[]> {
  const pace = new Pace();
  const made: R[] = [];
  for (const item of items) {
    if (pace.due) await pace.rest();
    made.push(make(item));
  }
  return made;
}
