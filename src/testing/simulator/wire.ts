import type { DnsName } from '../../dns/name.ts';

/** A writing request that an engine waits for. */
interface Going {
  readonly zone: DnsName;
  /** Null: the whole zone. */
  readonly names: ReadonlySet<DnsName> | null;
  readonly what: string;
}

/**
 * The writing requests of one engine to its central. Two about the same names at the same time mean that a
 * lock is missing: in the end both sides may agree all the same.
 */
export class Wire {
  readonly #going = new Set<Going>();
  /** Told of the operation that each request belongs to, when it begins; `-`: of none in particular. */
  onRequest: (operation: string, what: string) => void = () => undefined;
  /** Told of each request that begins while another one that it concerns is waited for. */
  onOverlap: (text: string) => void = () => undefined;

  /** What is on its way in the zone; null: nothing. */
  goingIn(zone: DnsName): string | null {
    return [...this.#going].find((going) => going.zone === zone)?.what ?? null;
  }

  /** @param names which it writes; null: the whole zone. @param how in a few words what it does */
  async during<T>(
    operation: string,
    zone: DnsName,
    names: readonly DnsName[] | null,
    how: string,
    call: () => Promise<T>,
  ): Promise<T> {
    const what = `${operation} ${how}`;
    this.onRequest(operation, what);
    const own: Going = { zone, names: names === null ? null : new Set(names), what };
    for (const other of this.#going)
      if (clash(own, other)) this.onOverlap(`${what} begins during ${other.what}`);
    this.#going.add(own);
    try {
      return await call();
    } finally {
      this.#going.delete(own);
    }
  }
}

function clash(a: Going, b: Going): boolean {
  if (a.zone !== b.zone) return false;
  if (a.names === null || b.names === null) return true;
  return a.names.intersection(b.names).size > 0;
}
