import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text as readAll } from 'node:stream/consumers';

/** An answer of a gateway. */
export interface Said {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Sends a request to a gateway on a connection of its own. A gateway that restarts closes kept connections.
 * @param body a text is sent as it is, anything else as JSON
 */
export async function askGateway(
  url: string,
  token: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Said> {
  const headers = { Authorization: `Bearer ${token}` };
  const sent = request(`${url}${path}`, { method, headers, agent: false });
  sent.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const read: unknown = JSON.parse(await readAll(answer));
  assert.ok(typeof read === 'object' && read !== null);
  return { status: answer.statusCode ?? 0, type: answer.headers['content-type'], body: { ...read } };
}
