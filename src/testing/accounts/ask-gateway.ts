import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { text as readAll } from 'node:stream/consumers';

/** An answer of a gateway. */
export interface Said {
  readonly status: number;
  readonly type: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A request to a gateway. */
export interface GatewayQuestion {
  /** Empty: the request has no token. */
  readonly token: string;
  readonly method: string;
  readonly path: string;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request to a gateway on a connection of its own. */
export async function sendToGateway(
  url: string,
  { token, method, path, body, headers = {} }: GatewayQuestion,
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }> {
  const login = token === '' ? {} : { Authorization: `Bearer ${token}` };
  const { hostname, port } = new URL(url);
  // The path is given apart, because a URL would tidy it: `/a/../b` becomes `/b`.
  const sent = request({ hostname, port, path, method, headers: { ...login, ...headers }, agent: false });
  sent.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: await readAll(answer) };
}

/**
 * Sends a request to a gateway, and reads its JSON. A gateway that restarts closes kept connections, so each
 * request has a connection of its own.
 * @param body a text is sent as it is, anything else as JSON
 */
export async function askGateway(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const answer = await sendToGateway(url, { token, method, path, body, headers });
  const read: unknown = answer.text === '' ? {} : JSON.parse(answer.text);
  assert.ok(typeof read === 'object' && read !== null);
  const type = answer.headers['content-type'];
  return { status: answer.status, type, headers: answer.headers, body: { ...read } };
}
