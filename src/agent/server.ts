import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { uptime } from 'node:os';
import { dirname } from 'node:path';
import type { HookCall } from '../core/panel.ts';
import { variablesOf } from './process-environment.ts';
import { end, hello, type RequestHead } from '../app/control/socket.ts';
import { systemClock } from '../app/wiring/clock.ts';
import { Incoming, type IncomingRequest } from './incoming.ts';

export interface Responders {
  /** Answers one hook call. @returns the text that the hook prints. Never rejects */
  hook(call: HookCall): Promise<string>;
  /** Answers one request of the command line; request and answer are JSON. Never rejects. */
  control(request: string): Promise<string>;
}

/** How long a client may take to send its request, milliseconds. */
const sendTimeout = 15_000;

/**
 * Maximum number of octets of large request bodies in memory at the same time. Further bodies wait, and the
 * wait counts towards `sendTimeout` of their clients.
 */
const mostTogether = 16 * 1024 * 1024;

/**
 * Listens on the agent's socket. Incomplete requests are never carried out. Every complete answer ends with
 * {@link end}, so that the client can see that it is complete.
 * @throws {Error} when the socket cannot be created
 */
export async function listen(path: string, answers: Responders): Promise<Server> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // This process holds the lock, so no other agent runs. An earlier agent left any socket that exists here.
  rmSync(path, { force: true });
  const room = new Room();
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, answers, room));
  await once(server.listen(path), 'listening');
  chmodSync(path, 0o600);
  return server;
}

function serve(socket: Socket, answers: Responders, room: Room): void {
  const since: Connected = { uptime: uptime(), now: systemClock.now() };
  let answering = false;
  // The client has gone, so nobody gets the answer. The operation of the call still continues.
  socket.on('error', () => socket.destroy());
  socket.setTimeout(sendTimeout, () => {
    if (!answering) socket.destroy();
  });
  socket.write(hello);
  const incoming = new Incoming();
  const take = (octets: Buffer): void => {
    const request = incoming.take(octets);
    if (request === 'incomplete') return;
    answering = true;
    if (request === 'garbled') socket.destroy();
    else void reply(socket, answers, request, since);
  };
  socket.on('data', (chunk: Buffer) => {
    if (answering) return;
    const needed = incoming.needs(chunk);
    if (needed === 0) take(chunk);
    else void whenThereIsRoom(socket, room, needed, () => take(chunk));
  });
  socket.on('end', () => {
    if (!answering) socket.destroy();
  });
}

/**
 * Pauses the connection until there is room for its body, then calls `go`. The room is freed when the
 * connection ends.
 */
async function whenThereIsRoom(socket: Socket, room: Room, octets: number, go: () => void): Promise<void> {
  socket.pause();
  const leave = await room.enter(octets);
  if (socket.destroyed) {
    leave();
    return;
  }
  socket.once('close', leave);
  go();
  socket.resume();
}

/**
 * Limits the memory for large bodies: while {@link mostTogether} octets are in use, further bodies wait in a
 * queue.
 */
class Room {
  #taken = 0;
  readonly #waiting: { readonly octets: number; readonly enter: () => void }[] = [];

  /** Waits for room. @returns a function that frees the room; a second call of it does nothing */
  async enter(octets: number): Promise<() => void> {
    await new Promise<void>((enter) => {
      this.#waiting.push({ octets, enter });
      this.#admit();
    });
    let inside = true;
    return () => {
      if (inside) this.#taken -= octets;
      inside = false;
      this.#admit();
    };
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#taken > 0 && this.#taken + next.octets > mostTogether) return;
      this.#waiting.shift();
      this.#taken += next.octets;
      next.enter();
    }
  }
}

/**
 * Answers one request.
 * @param since when the client connected; the request must name a hook process that is older
 */
async function reply(
  socket: Socket,
  answers: Responders,
  { head, body }: IncomingRequest,
  since: Connected,
): Promise<void> {
  if (head.kind === 'control') {
    socket.end(`${await answers.control(body.toString('utf8'))}${end}`);
    return;
  }
  const variables = variablesOf(head.pid, since.uptime);
  if (variables === null) {
    socket.destroy();
    return;
  }
  const { stage, isCut } = head;
  const waitsSince = startOf(head, since);
  socket.end(`${await answers.hook({ ...variables, body, stage, isCut, waitsSince })}${end}`);
}

/** When a client connected: seconds since the machine started, and monotonic milliseconds of this process. */
interface Connected {
  readonly uptime: number;
  readonly now: number;
}

/**
 * When the panel began to wait: when it started the hook, or at the latest when the hook connected. A hook
 * can only shorten its time. If it reports a start in the future, the time of the connection is used. If it
 * reports a start long ago, the edit is refused as too late.
 * @returns monotonic milliseconds of this process
 */
function startOf({ since }: RequestHead, connected: Connected): number {
  const waited = connected.uptime - Math.min(since ?? connected.uptime, connected.uptime);
  return connected.now - waited * 1_000;
}
