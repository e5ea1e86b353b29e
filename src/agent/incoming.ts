import { mostHead, mostRead, readHead, type RequestHead } from '../app/control/socket.ts';

/** Largest body that is received at once, without waiting for room, octets. */
const smallBody = 64 * 1024;

/** A request as it arrived: its first line, and its body. */
export interface IncomingRequest {
  readonly head: RequestHead;
  readonly body: Buffer;
}

/**
 * A request that is being received in chunks. No octet is checked twice. A body that is too long is
 * discarded.
 */
export class Incoming {
  #line = Buffer.alloc(0);
  #head: RequestHead | null = null;
  #body = Buffer.alloc(0);
  #received = 0;

  /**
   * If the chunk begins a body, how many octets of room the body needs; 0 if it is small or will be
   * discarded.
   */
  needs(chunk: Buffer): number {
    const head = this.#head === null ? this.#headWith(chunk) : null;
    return head !== null && isKept(head) && head.length > smallBody ? head.length : 0;
  }

  /**
   * Takes the next octets of the connection.
   * @returns the request once it is complete. `garbled`: the octets do not begin a request
   */
  take(chunk: Buffer): IncomingRequest | 'incomplete' | 'garbled' {
    if (this.#head !== null) return this.#takeBody(this.#head, chunk);
    const head = this.#headWith(chunk);
    this.#line = this.#lineWith(chunk);
    const isLine = this.#line.includes(0x0a);
    if (head === null) return isLine || this.#line.length > mostHead ? 'garbled' : 'incomplete';
    this.#head = isKept(head) ? head : { ...head, isCut: true };
    if (isKept(head)) this.#body = Buffer.alloc(head.length);
    return this.#takeBody(this.#head, chunk.subarray(chunk.indexOf(0x0a) + 1));
  }

  /**
   * The first line as far as it is received, with this chunk. Takes one octet more than {@link mostHead} from
   * the chunk, which shows that the line is too long.
   */
  #lineWith(chunk: Buffer): Buffer<ArrayBuffer> {
    return Buffer.concat([this.#line, chunk.subarray(0, mostHead + 1)]);
  }

  #headWith(chunk: Buffer): RequestHead | null {
    const line = this.#lineWith(chunk);
    const lineEnd = line.indexOf(0x0a);
    return lineEnd < 0 ? null : readHead(line.toString('latin1', 0, lineEnd));
  }

  #takeBody(head: RequestHead, part: Buffer): IncomingRequest | 'incomplete' {
    part.copy(this.#body, this.#received);
    this.#received += part.length;
    return this.#received < head.length ? 'incomplete' : { head, body: this.#body };
  }
}

function isKept({ kind, length }: RequestHead): boolean {
  return kind === 'control' || length <= mostRead;
}
