import { mostHead, mostRead, readHead, type RequestHead } from '../app/control/socket.ts';

/** Largest body that is received at once, without waiting for room, octets. */
const smallBody = 64 * 1024;

/** A request as it arrived: its first line, and its body. */
export interface IncomingRequest {
  readonly head: RequestHead;
  readonly body: Buffer;
}

/** Collects the chunks of a request. Checks no octet twice, and discards a body that is too long. */
export class Incoming {
  #line = Buffer.alloc(0);
  #head: RequestHead | null = null;
  #body = Buffer.alloc(0);
  #received = 0;

  /**
   * Returns how much memory the body needs that begins in this chunk, octets; 0: it is small, is discarded,
   * or does not begin here.
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
   * The request's first line as received so far, including this chunk. Takes at most one octet more than
   * {@link mostHead} from the chunk, which is enough to see that the line is too long.
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
