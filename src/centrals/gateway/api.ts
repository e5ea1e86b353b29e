import type { GenericSchema } from 'valibot';
import type { CallContext } from '../../core/central.ts';
import { HttpError } from '../../net/http-error.ts';
import { HttpClient } from '../../net/http.ts';
import { centralRefusal } from '../errors.ts';
import { unanswered, type Effect, type Redact } from '../http-answer.ts';
import { otherSecret, Secrets, type SecretChanged } from '../secrets.ts';
import { readAnswer } from './answer.ts';
import type { GatewaySettings } from './settings.ts';

/** Largest answer that is read, octets. A zone of 100,000 records has 13 MB. */
const mostOctets = 64 * 1024 * 1024;

/** A request to the gateway. */
interface GatewayRequest<T> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path with the leading slash, escaped. */
  readonly path: string;
  /** Sent as JSON; absent: no body. */
  readonly body?: unknown;
  /** The shape of the answer. */
  readonly answer: GenericSchema<unknown, T>;
  /** The shape of an answer with status 412; absent: none is expected. */
  readonly found?: GenericSchema<unknown, T>;
  /**
   * Whether the request changes something. Absent: a GET request reads, any other writes.
   */
  readonly effect?: Effect;
  /** Whether the request has a key. By it the gateway knows a request again that is sent twice. */
  readonly keyed?: boolean;
}

/** Calls the API of one gateway. The token is sent in a header only and stays out of errors. */
export class GatewayApi {
  readonly #address: string;
  readonly #tokens: Secrets<string>;
  readonly #http: HttpClient;
  #closed = false;

  /** @throws {RangeError} if the address is neither `https:` nor on this machine */
  constructor(settings: GatewaySettings, changed?: SecretChanged) {
    const { address, password, trust, timeout } = settings;
    this.#address = address;
    this.#tokens = new Secrets(password, otherSecret(settings), changed);
    this.#http = new HttpClient({ base: new URL(address), trust, timeout });
  }

  /** Sends a request and reads the answer. @throws {CentralError} */
  async send<T>(request: GatewayRequest<T>, ctx: CallContext): Promise<T> {
    return await this.#tokens.use(ctx.signal, async (token) => await this.#sendWith(token, request, ctx));
  }

  close(): void {
    this.#closed = true;
    this.#http.close();
  }

  async #sendWith<T>(token: string, request: GatewayRequest<T>, { signal }: CallContext): Promise<T> {
    if (this.#closed) throw centralRefusal('central.unreachable', { text: 'closed' });
    const { method, path, body, effect = method === 'GET' ? 'read' : 'write', keyed = false } = request;
    const sent = {
      method,
      path: `${this.#address}${path}`,
      headers: {
        Authorization: `Bearer ${token}`,
        Accept: 'application/json',
        'Content-Type': 'application/json',
      },
      body: body === undefined ? '' : JSON.stringify(body),
      repeatable: effect === 'read' || keyed,
      mostOctets,
    } as const;
    try {
      const schemas = { schema: request.answer, found: request.found };
      return await readAnswer(await this.#http.send(sent, signal), schemas, effect, this.#redact);
    } catch (error) {
      throw error instanceof HttpError ? unanswered(error, effect) : error;
    }
  }

  /** Removes the tokens from a text, because the answer of a proxy may repeat the request. */
  readonly #redact: Redact = (text) =>
    this.#tokens.all.reduce((clean, token) => clean.replaceAll(token, '***'), text);
}
