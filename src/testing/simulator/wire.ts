import type { DnsName } from '../../dns/name.ts';

/** A write request that an engine has sent and that is not answered yet. */
interface Going {
  readonly zone: DnsName;
  /** Names that the request writes; null: the whole zone. */
  readonly names: ReadonlySet<DnsName> | null;
  readonly what: string;
}

/**
 * The running write requests of one engine to its central. If two of them write the same name, a lock is
 * missing. The final state may not show this.
 */
export class Wire {
  readonly #going = new Set<Going>();
  /** Called when a request begins, with the id of its operation; `-`: it belongs to none. */
  onRequest: (operation: string, what: string) => void = () => undefined;
  /** Called when a request begins while another one for the same name or zone is running. */
  onOverlap: (text: string) => void = () => undefined;

  /** A request that is running in the zone, in a few words; null: none. */
  goingIn(zone: DnsName): string | null {
    return [...this.#going].find((going) => going.zone === zone)?.what ?? null;
  }

  /**
   * Runs `call` as a request.
   * @param names names that the request writes; null: the whole zone
   * @param how purpose of the request in a few words
   */
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
