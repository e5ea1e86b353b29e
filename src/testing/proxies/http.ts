import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';

/** The parts of an HTTP answer that the proxy passes on. */
export interface Message {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** A request as the client sent it. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path and query of the URL. */
  readonly path: string;
  readonly body: string;
}

/**
 * Decides what the proxy does with a request. `pass` sends the request to the server and returns the server's
 * answer. The result is the answer for the client; `undefined`: the server's own answer.
 */
export type Behaviour = (
  request: ProxiedRequest,
  pass: () => Promise<Message>,
) => Promise<
  | Message
  /** Closes the connection without an answer. */
  | 'cut'
  /** Sends `101 Switching Protocols`, for which the client has not asked, and leaves the connection open. */
  | 'switch'
  /** Announces the whole answer, sends this many octets of its body, and closes the connection. */
  | { readonly short: Message; readonly octets: number }
  | undefined
>;

/** A proxy in front of a real server. A test can make it misbehave. */
export interface HttpProxy {
  readonly url: string;
  /** All requests so far, oldest first. */
  readonly requests: readonly ProxiedRequest[];
  /** The behaviour for all further requests; undefined: they are passed on. */
  behaviour: Behaviour | undefined;
  close(): Promise<void>;
}

/**
 * Starts the proxy on a free port of 127.0.0.1.
 * @param target URL of the real server, `http://127.0.0.1:PORT`
 * @param certificate if given, the proxy uses TLS
 */
export async function startProxy(
  target: string,
  certificate?: { readonly key: string; readonly cert: string },
): Promise<HttpProxy> {
  const requests: ProxiedRequest[] = [];
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    void answer(incoming, response).catch(() => {
      response.destroy();
    });
  };
  const server: Server =
    certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const seen = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      body: await textOf(incoming),
    };
    requests.push(seen);
    const pass = async (): Promise<Message> => await forward(target, incoming, seen);
    const given = (await proxy.behaviour?.(seen, pass)) ?? (await pass());
    if (given === 'cut') {
      incoming.socket.destroy();
      return;
    }
    if (given === 'switch') {
      incoming.socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
      );
      return;
    }
    const { status, contentType, body } = 'short' in given ? given.short : given;
    const length = status === 204 ? {} : { 'Content-Length': Buffer.byteLength(body) };
    response.writeHead(status, { 'Content-Type': contentType, ...length });
    if ('short' in given) {
      response.write(Buffer.from(body).subarray(0, given.octets), () => incoming.socket.destroy());
      return;
    }
    response.end(body);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const proxy: HttpProxy = {
    url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    behaviour: undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}

async function forward(target: string, incoming: IncomingMessage, seen: ProxiedRequest): Promise<Message> {
  return await new Promise((resolve, reject) => {
    const headers = { ...incoming.headers, host: new URL(target).host };
    const sent = httpRequest(`${target}${seen.path}`, { method: seen.method, headers, agent: false });
    sent.once('error', reject);
    sent.once('response', (response) => {
      textOf(response).then((body) => {
        const contentType = response.headers['content-type'] ?? '';
        resolve({ status: response.statusCode ?? 0, contentType, body });
      }, reject);
    });
    sent.end(seen.body);
  });
}
