import type { CallContext } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import { HttpError } from '../../net/http-error.ts';
import { HttpClient, type HttpAnswer, type HttpRequest } from '../../net/http.ts';
import { centralRefusal } from '../errors.ts';
import { otherSecret, Secrets, type SecretChanged } from '../secrets.ts';
import { Slots } from '../slots.ts';
import { unanswered, type Redact } from '../http-answer.ts';
import { readAnswer } from './answer.ts';
import { serverName, zoneId } from './names.ts';
import type { PowerdnsSettings } from './settings.ts';
import { WriteLimit } from './write-limit.ts';

/** Largest zone that is read, in octets. A zone of 100,000 records has 13 MB. */
export const mostZoneOctets = 32 * 1024 * 1024;

/** Largest list of zones that is read, in octets. A list of 200,000 zones has 48 MB. */
export const mostListOctets = 64 * 1024 * 1024;

/**
 * Number of simultaneous requests while one write runs at a time, and of further ones for each further write.
 * Each needs a connection of its own (PowerDNS 4.7 closes it after the answer), and the server queues ten. If
 * more arrive at once, it drops some, and TCP repeats those only after a second. So with the most writes
 * there are ten.
 */
const requests = { least: 4, forWrite: 2 } as const;
/** So many edits may have begun, beside two for each write that runs. They read, or read back. */
const editsBeside = 2;

/** A request to the API. */
interface ServerRequest {
  readonly method: HttpRequest['method'];
  /** Path below the API's server object, with the leading slash. */
  readonly path: string;
  /** JSON; empty by default. */
  readonly body?: string;
  /** Maximum size of the answer, in octets; 1 MiB by default. */
  readonly most?: number | undefined;
}

type ApiSettings = Pick<PowerdnsSettings, 'address' | 'password' | 'passwordNext' | 'trust' | 'timeout'>;

type WriteRequest = ServerRequest & { readonly method: Exclude<HttpRequest['method'], 'GET'> };

/** Calls the HTTP API of one server. The key is sent in a header only and stays out of errors. */
export class ServerApi {
  readonly #settings: ApiSettings;
  readonly #keys: Secrets<string>;
  readonly #http: HttpClient;
  readonly #limit: WriteLimit;
  readonly #writes = new Slots(() => this.#limit.most);
  /** Zones are created, deleted and rectified one at a time. */
  readonly #zoneWrites = new Slots();
  readonly #edits = new Slots(() => 2 * this.#limit.most + editsBeside);
  readonly #requests = new Slots(() => requests.least + requests.forWrite * (this.#limit.most - 1));
  #closed = false;

  /**
   * @param now monotonic clock, milliseconds
   * @throws {RangeError} if the address is neither `https:` nor on this machine
   */
  constructor(settings: ApiSettings, now: () => number, changed?: SecretChanged) {
    this.#settings = settings;
    this.#limit = new WriteLimit(now);
    this.#keys = new Secrets(settings.password, otherSecret(settings), changed);
    const { address, trust, timeout } = settings;
    this.#http = new HttpClient({ base: new URL(address), trust, timeout });
  }

  /**
   * Sends a GET request and returns the JSON of the answer.
   * @param path the path below the server object, with the leading slash
   * @param most maximum size of the answer, in octets; 1 MiB by default
   * @throws {CentralError} whose state is always `untouched`
   */
  async read(
    path: string,
    query: Readonly<Record<string, string>>,
    ctx: CallContext,
    most?: number,
  ): Promise<unknown> {
    const search = new URLSearchParams(query).toString();
    return await this.#send({ method: 'GET', path: search === '' ? path : `${path}?${search}`, most }, ctx);
  }

  /**
   * Sends a write, after as many earlier ones have ended as the server wants (`WriteLimit`).
   * @throws {CentralError}
   */
  async write(request: WriteRequest, ctx: CallContext): Promise<unknown> {
    const send = async (): Promise<unknown> =>
      await this.#writes.take('', ctx.signal, async () => await this.#send(request, ctx));
    return request.method === 'PATCH' ? await send() : await this.#zoneWrites.take('', ctx.signal, send);
  }

  /**
   * Waits until an edit may begin. Not many more begin than may write, so that little time passes between the
   * read and the write of each.
   */
  async edit<T>(ctx: CallContext, work: () => Promise<T>): Promise<T> {
    return await this.#edits.take('', ctx.signal, work);
  }

  /**
   * Empties the server's caches for a name and for all names below it. PowerDNS 4.7.3 cannot empty them for
   * the name only. A flush does not wait for writes.
   * @throws {CentralError}
   */
  async flush(name: DnsName, signal: AbortSignal): Promise<void> {
    const path = `/cache/flush?domain=${encodeURIComponent(serverName(name))}`;
    await this.#send({ method: 'PUT', path }, { signal, operation: '-' });
  }

  close(): void {
    this.#closed = true;
    this.#http.close();
  }

  async #send(request: ServerRequest, ctx: CallContext): Promise<unknown> {
    return await this.#keys.use(ctx.signal, async (key) => await this.#sendWith(key, request, ctx));
  }

  async #sendWith(
    key: string,
    { method, path, body = '', most }: ServerRequest,
    ctx: CallContext,
  ): Promise<unknown> {
    if (this.#closed) throw centralRefusal('central.unreachable', { text: 'closed' });
    const { address } = this.#settings;
    const effect = method === 'GET' ? 'read' : 'write';
    const headers = { 'X-API-Key': key, Accept: 'application/json', 'Content-Type': 'application/json' };
    try {
      const request = {
        method,
        path: `${address}${path}`,
        headers,
        body,
        repeatable: effect === 'read',
        ...(most === undefined ? {} : { mostOctets: most }),
      };
      const send = async (): Promise<HttpAnswer> => await this.#http.send(request, ctx.signal);
      const answer = await this.#requests.take('', ctx.signal, async () =>
        method === 'PATCH' ? await this.#limit.learnFrom(send, this.#othersWait) : await send(),
      );
      return await readAnswer(answer, effect, this.#redact);
    } catch (error) {
      throw error instanceof HttpError ? unanswered(error, effect) : error;
    }
  }

  readonly #othersWait = (): boolean => this.#writes.waiting('') + this.#edits.waiting('') > 0;

  /** Removes the keys from a text, because the answer of a proxy may repeat the request. */
  readonly #redact: Redact = (text) =>
    this.#keys.all.reduce((clean, key) => clean.replaceAll(key, '***'), text);
}

/** The path of a zone below the server object. */
export function zonePath(zone: DnsName): string {
  return `/zones/${zoneId(zone)}`;
}
