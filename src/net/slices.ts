/** Longest time (ms) of work in one piece: nothing else is answered meanwhile. */
const longest = 10;

/** Gives way to other work from time to time, within work that takes long. */
export class Pace {
  #since = performance.now();

  /** Whether the present piece has taken its time; then {@link rest} is due. */
  get due(): boolean {
    return performance.now() - this.#since >= longest;
  }

  /** Resolves once everything else that waited has had its turn. */
  async rest(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}

/**
 * What `make` gives for each item, in their order; gives way every 10 ms. Rejects with what `make` throws.
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
