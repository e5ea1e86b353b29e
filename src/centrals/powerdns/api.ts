import { CentralError, type CallContext } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import { HttpError } from '../../net/http-error.ts';
import { HttpClient } from '../../net/http.ts';
import { Slots } from '../slots.ts';
import { unanswered, type Redact } from '../http-answer.ts';
import { readAnswer } from './answer.ts';
import { serverName, zoneId } from './names.ts';
import type { PowerdnsSettings } from './settings.ts';

/** Largest zone accepted, octets: 100,000 records are 13 MB. */
export const mostZoneOctets = 32 * 1024 * 1024;

/** Largest list of zones accepted, octets: 200,000 are 48 MB. */
export const mostListOctets = 64 * 1024 * 1024;

/**
 * Requests under way at once. Each is a connection of its own (4.7 closes it after the answer), and the
 * server queues only a few. At 16 some are dropped and come again after a second, which is how long TCP
 * waits.
 */
const mostRequests = 4;

/** Calls of one server's HTTP API. The key travels in a header only and stays out of errors. */
export class ServerApi {
  readonly #settings: Pick<PowerdnsSettings, 'address' | 'password' | 'trust' | 'timeout'>;
  readonly #http: HttpClient;
  /**
   * A server on sqlite answers 500 to most writes that come at the same time. On lmdb two are no faster than
   * one after the other.
   */
  readonly #writes = new Slots();
  readonly #requests = new Slots(mostRequests);
  #closed = false;

  /** @throws {RangeError} when the address is neither `https:` nor on this machine */
  constructor(settings: Pick<PowerdnsSettings, 'address' | 'password' | 'trust' | 'timeout'>) {
    this.#settings = settings;
    const { address, trust, timeout } = settings;
    this.#http = new HttpClient({ base: new URL(address), trust, timeout });
  }

  /**
   * @param path below the server object
   * @param most largest answer accepted, octets; default 1 MiB
   * @throws {CentralError} always `untouched`
   */
  async read(
    path: string,
    query: Readonly<Record<string, string>>,
    ctx: CallContext,
    most?: number,
  ): Promise<unknown> {
    const search = new URLSearchParams(query).toString();
    return await this.#send('GET', search === '' ? path : `${path}?${search}`, null, ctx, most);
  }

  /** One write at a time. @throws {CentralError} */
  async write(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body: string,
    ctx: CallContext,
  ): Promise<unknown> {
    return await this.#writes.take('', ctx.signal, async () => await this.#send(method, path, body, ctx));
  }

  /**
   * Empties the server's caches for a name and all names below it: the API takes no other form [4.7.3]. It
   * does not wait for writes.
   * @throws {CentralError}
   */
  async flush(name: DnsName, signal: AbortSignal): Promise<void> {
    const path = `/cache/flush?domain=${encodeURIComponent(serverName(name))}`;
    await this.#send('PUT', path, null, { signal, operation: '-' });
  }

  close(): void {
    this.#closed = true;
    this.#http.close();
  }

  async #send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body: string | null,
    ctx: CallContext,
    most?: number,
  ): Promise<unknown> {
    if (this.#closed) {
      const params = { text: 'closed' };
      throw new CentralError('central.unreachable', { state: 'untouched', retry: 'never', params });
    }
    const { address, password } = this.#settings;
    const effect = method === 'GET' ? 'read' : 'write';
    const headers = { 'X-API-Key': password, Accept: 'application/json', 'Content-Type': 'application/json' };
    try {
      const request = {
        method,
        path: `${address}${path}`,
        headers,
        body: body ?? '',
        repeatable: effect === 'read',
        ...(most === undefined ? {} : { mostOctets: most }),
      };
      const answer = await this.#requests.take(
        '',
        ctx.signal,
        async () => await this.#http.send(request, ctx.signal),
      );
      return await readAnswer(answer, effect, this.#redact);
    } catch (error) {
      throw error instanceof HttpError ? unanswered(error, effect) : error;
    }
  }

  /** A proxy may repeat what it was sent. */
  readonly #redact: Redact = (text) => text.replaceAll(this.#settings.password, '***');
}

/** Path of a zone below the server object. */
export function zonePath(zone: DnsName): string {
  return `/zones/${zoneId(zone)}`;
}
