import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listenAt } from './listen.ts';

/** How long the result of a check is used again, milliseconds. */
const readyFor = 1_000;
/** How long a client may take to send a request, milliseconds. */
const sending = 5_000;
const mostConnections = 50;

export interface StatusParts {
  /** Resolves to what does not work, in a few words; null: everything works. */
  readonly trouble: () => Promise<string | null>;
  /** The metrics, in the text format of Prometheus. */
  readonly metrics: () => Promise<string>;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
}

/**
 * The listener for monitoring, without a login: `/healthz` (the process answers), `/readyz` (storage and name
 * servers answer), `/metrics`.
 */
export class StatusServer {
  readonly #server: Server;
  readonly #parts: StatusParts;
  /** The running or the last check of storage and name servers. Many requests share one check. */
  #checked: { readonly at: number; readonly trouble: Promise<string | null> } | null = null;

  constructor(parts: StatusParts) {
    this.#parts = parts;
    const options = {
      requestTimeout: sending,
      headersTimeout: sending,
      connectionsCheckingInterval: sending,
    };
    this.#server = createServer(options, (request, response) => {
      void this.#handle(request, response);
    });
    this.#server.maxConnections = mostConnections;
  }

  /** Begins to listen. @returns the port. @throws {Error} of the system, if the address cannot be used */
  async listen(host: string, port: number): Promise<number> {
    return await listenAt(this.#server, host, port);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, text } = method === 'GET' ? await this.#answer(url ?? '') : answers.badMethod;
    const isMetrics = url === '/metrics' && status === 200;
    response.writeHead(status, {
      'Content-Type': isMetrics ? 'text/plain; version=0.0.4; charset=utf-8' : 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
    });
    response.end(text);
  }

  async #answer(url: string): Promise<StatusAnswer> {
    switch (url) {
      case '/healthz':
        return answers.ok;
      case '/readyz': {
        const trouble = await this.#trouble();
        return trouble === null ? answers.ok : { status: 503, text: `${trouble}\n` };
      }
      case '/metrics':
        return { status: 200, text: await this.#parts.metrics() };
      default:
        return answers.noPath;
    }
  }

  async #trouble(): Promise<string | null> {
    const { trouble, now } = this.#parts;
    if (this.#checked === null || now() - this.#checked.at > readyFor)
      this.#checked = { at: now(), trouble: trouble() };
    return await this.#checked.trouble;
  }
}

interface StatusAnswer {
  readonly status: number;
  readonly text: string;
}

const answers = {
  ok: { status: 200, text: 'ok\n' },
  noPath: { status: 404, text: 'not found\n' },
  badMethod: { status: 405, text: 'only GET\n' },
} as const satisfies Readonly<Record<string, StatusAnswer>>;
