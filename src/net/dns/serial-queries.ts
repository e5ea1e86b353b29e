import type { DnsName } from '../../dns/name.ts';
import { encodeSoaQuery, soaSerial } from '../../dns/wire/soa-serial.ts';
import type { Peer } from '../connect.ts';
import { DnsError } from './dns-error.ts';
import { openStream, type DnsStream } from './stream.ts';

/** Maximum number of queries that wait for their answers at the same time. */
const mostWaiting = 256;
/** New queries are sent together once this few are waiting. */
const fewWaiting = mostWaiting / 2;

/**
 * Asks a name server for the serials of zones, all over one TCP connection. Never throws.
 * @param timeout how long to wait for the connection, and for the next answer, in milliseconds
 * @returns the zones about which the server answered, each with its serial. Null: the server is not
 *   authoritative for the zone
 */
export async function askSerials(
  server: Peer,
  zones: readonly DnsName[],
  timeout: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<DnsName, number | null>> {
  const stream = await openStream(server, null, timeout, signal, () => undefined).catch((error: unknown) => {
    if (error instanceof DnsError) return null;
    throw error;
  });
  if (stream === null) return new Map();
  try {
    return await new SerialQueries(stream, zones).run(timeout, signal);
  } finally {
    stream.close();
  }
}

/** One series of queries over one connection. */
class SerialQueries {
  readonly #stream: DnsStream;
  readonly #left: Iterator<DnsName, unknown>;
  readonly #answers = new Map<DnsName, number | null>();
  readonly #over = Promise.withResolvers<null>();
  #waiting = 0;
  #isOver = false;
  #refresh: () => void = () => undefined;

  constructor(stream: DnsStream, zones: Iterable<DnsName>) {
    this.#stream = stream;
    this.#left = new Set(zones).values();
  }

  /** Sends all queries. Ends at the last answer, or earlier if no answer comes for `timeout` ms. */
  async run(timeout: number, signal: AbortSignal): Promise<ReadonlyMap<DnsName, number | null>> {
    const end = (): void => {
      this.#end();
    };
    const timer = setTimeout(end, timeout);
    this.#refresh = () => timer.refresh();
    signal.addEventListener('abort', end, { once: true });
    this.#send();
    await this.#over.promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    return this.#answers;
  }

  #send(): void {
    this.#stream.together(() => {
      while (this.#waiting < mostWaiting && !this.#isOver) {
        const next = this.#left.next();
        if (next.done === true) break;
        this.#ask(next.value);
      }
    });
    if (this.#waiting === 0) this.#end();
  }

  #ask(zone: DnsName): void {
    const id = this.#stream.freeId();
    const query = encodeSoaQuery(id, zone);
    this.#waiting += 1;
    this.#stream.send(id, query, (answer) => {
      if (answer instanceof DnsError) this.#end();
      else {
        this.#stream.forget(id, true);
        this.#answers.set(zone, soaSerial(answer, query));
        this.#waiting -= 1;
        this.#refresh();
        if (this.#waiting <= fewWaiting) this.#send();
      }
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#over.resolve(null);
  }
}
