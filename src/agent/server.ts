import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { HookCall } from '../core/panel.ts';
import { uptime, variablesOf } from './process-environment.ts';
import { end, hello, mostHead, mostRead, readHead, type RequestHead } from '../app/control/socket.ts';

export interface Responders {
  /** One hook call; gives what the hook prints. Never rejects. */
  hook(call: HookCall): Promise<string>;
  /** One request of the command line, JSON in and out. Never rejects. */
  control(request: string): Promise<string>;
}

/** Longest time a client may take to send its request, milliseconds. */
const sendTimeout = 15_000;

/** A body up to this length, octets, never waits for room. */
const smallBody = 64 * 1024;

/** Larger bodies of calls that are being answered, octets together; further ones wait, within their time. */
const mostTogether = 16 * 1024 * 1024;

/**
 * The agent's socket. A request that is cut off is never carried out; an answer is only whole with its end
 * mark.
 * @throws when the socket cannot be made
 */
export async function listen(path: string, answers: Responders): Promise<Server> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // The lock says that no other agent runs, so what lies here is left over.
  rmSync(path, { force: true });
  const room = new Room();
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, answers, room));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  return server;
}

function serve(socket: Socket, answers: Responders, room: Room): void {
  const since = uptime();
  let answering = false;
  // A client that has gone gets no answer; its operation goes on and is settled like any other.
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
 * Calls `go` once there is room, which the connection keeps until it ends; nothing more of it is read before.
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

interface Request {
  readonly head: RequestHead;
  readonly body: Buffer;
}

/** A request on its way: each octet is checked once, and a body that is too long to be read is not kept. */
class Incoming {
  #line = Buffer.alloc(0);
  #head: RequestHead | null = null;
  #body = Buffer.alloc(0);
  #received = 0;

  /**
   * Octets that {@link take} will keep of the body that begins in this chunk, where they are many; else 0.
   */
  needs(chunk: Buffer): number {
    const head = this.#head === null ? this.#headWith(chunk) : null;
    return head !== null && isKept(head) && head.length > smallBody ? head.length : 0;
  }

  take(chunk: Buffer): Request | 'incomplete' | 'garbled' {
    if (this.#head !== null) return this.#takeBody(this.#head, chunk);
    const head = this.#headWith(chunk);
    this.#line = this.#lineWith(chunk);
    const isLine = this.#line.includes(0x0a);
    if (head === null) return isLine || this.#line.length > mostHead ? 'garbled' : 'incomplete';
    this.#head = isKept(head) ? head : { ...head, isCut: true };
    if (isKept(head)) this.#body = Buffer.alloc(head.length);
    return this.#takeBody(this.#head, chunk.subarray(chunk.indexOf(0x0a) + 1));
  }

  /** As far as a first line goes. */
  #lineWith(chunk: Buffer): Buffer<ArrayBuffer> {
    return Buffer.concat([this.#line, chunk.subarray(0, mostHead + 1)]);
  }

  #headWith(chunk: Buffer): RequestHead | null {
    const line = this.#lineWith(chunk);
    const lineEnd = line.indexOf(0x0a);
    return lineEnd < 0 ? null : readHead(line.toString('latin1', 0, lineEnd));
  }

  #takeBody(head: RequestHead, part: Buffer): Request | 'incomplete' {
    part.copy(this.#body, this.#received);
    this.#received += part.length;
    return this.#received < head.length ? 'incomplete' : { head, body: this.#body };
  }
}

function isKept({ kind, length }: RequestHead): boolean {
  return kind === 'control' || length <= mostRead;
}

/** Lets large bodies in one after the other once they fill the room together. */
class Room {
  #taken = 0;
  readonly #waiting: { readonly octets: number; readonly enter: () => void }[] = [];

  /** Resolves with what is to be called at the end, once or more. */
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

/** @param since when the connection came, as processes are dated: the hook that it names was there already */
async function reply(
  socket: Socket,
  answers: Responders,
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
