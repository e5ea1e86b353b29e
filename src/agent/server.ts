import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { HookCall } from '../core/panel.ts';
import { uptime, variablesOf } from './caller.ts';
import { end, hello, mostBody, readHead, type RequestHead } from '../hook/protocol.ts';

export interface Answers {
  /** One hook call; gives what the hook prints. Never rejects. */
  hook(call: HookCall): Promise<string>;
  /** One request of the command line, JSON in and out. Never rejects. */
  control(request: string): Promise<string>;
}

/** Longest time a client may take to send its request, milliseconds. */
const sendTimeout = 15_000;
const mostHead = 256;

/**
 * The agent's socket. A request that is cut off is never carried out; an answer is only whole with its end mark.
 * @throws when the socket cannot be made
 */
export async function listen(path: string, answers: Answers): Promise<Server> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // The lock says that no other agent runs, so what lies here is left over.
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, answers));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}

function serve(socket: Socket, answers: Answers): void {
  const since = uptime();
  const chunks: Buffer[] = [];
  let size = 0;
  let answering = false;
  // A client that has gone gets no answer; its operation goes on and is settled like any other.
  socket.on('error', () => socket.destroy());
  socket.setTimeout(sendTimeout, () => {
    if (!answering) socket.destroy();
  });
  socket.write(hello);
  socket.on('data', (chunk: Buffer) => {
    if (answering) return;
    chunks.push(chunk);
    size += chunk.length;
    const request = readRequest(Buffer.concat(chunks));
    if (request === 'incomplete' && size <= mostBody + mostHead) return;
    answering = true;
    if (request === 'incomplete' || request === 'garbled') socket.destroy();
    else void reply(socket, answers, request, since);
  });
  socket.on('end', () => {
    if (!answering) socket.destroy();
  });
}

interface Request {
  readonly head: RequestHead;
  readonly body: Buffer;
}

function readRequest(octets: Buffer): Request | 'incomplete' | 'garbled' {
  const cut = octets.indexOf(0x0a);
  if (cut < 0) return octets.length > mostHead ? 'garbled' : 'incomplete';
  const head = readHead(octets.toString('latin1', 0, cut));
  if (head === null) return 'garbled';
  const body = octets.subarray(cut + 1, cut + 1 + head.length);
  return body.length < head.length ? 'incomplete' : { head, body };
}

/** @param since when the connection came, as processes are dated: the hook that it names was there already */
async function reply(
  socket: Socket,
  answers: Answers,
  { head, body }: Request,
  since: number,
): Promise<void> {
  if (head.kind === 'control') {
    socket.end(`${await answers.control(body.toString('utf8'))}${end}`);
    return;
  }
  const variables = variablesOf(head.pid, since);
  if (variables === null) {
    socket.destroy();
    return;
  }
  const { stage, isCut } = head;
  socket.end(`${await answers.hook({ ...variables, body, stage, isCut })}${end}`);
}
