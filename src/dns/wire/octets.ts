import { labelOctets, labels, parseName, type DnsName } from '../name.ts';
import { DnsDataError, problem } from '../problem.ts';
import { decodeName } from '../rdata/fields.ts';

const headerOctets = 12;
const mostNameOctets = 255;
/** Maximum number of compression pointers in one name. A name has at most 127 labels, so it needs no more. */
const mostPointers = 127;
/** Largest offset in a compression pointer, which has 14 bits for it (RFC 1035 section 4.1.4). */
const mostPointer = 0x3fff;
/** Maximum length of a message in octets. On a stream the length has 16 bits (RFC 1035 section 4.2.2). */
export const mostMessageOctets = 65_535;

/**
 * Reads numbers, octets and names from a message, from front to back. A read beyond the end throws
 * `wire.cut`.
 */
export class OctetReader {
  readonly octets: Buffer;
  at = 0;

  constructor(octets: Uint8Array) {
    this.octets = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  }

  u16(): number {
    return this.take(2).readUInt16BE(0);
  }

  u32(): number {
    return this.take(4).readUInt32BE(0);
  }

  take(length: number): Buffer {
    const end = this.at + length;
    if (end > this.octets.length) throw new DnsDataError([problem('wire.cut')]);
    const part = this.octets.subarray(this.at, end);
    this.at = end;
    return part;
  }

  name(): DnsName {
    const { octets, end } = expandName(this.octets, this.at);
    this.at = end;
    return parseName(decodeName(octets).text);
  }
}

/**
 * Decodes the name at an offset of a message. Compression pointers must lead backwards, so that they cannot
 * form a loop (RFC 1035 section 4.1.4).
 * @returns `octets`: the name in wire form, not compressed, in upper and lower case as received; `end`: the
 *   offset after the name
 * @throws {DnsDataError} `wire.cut`, `wire.bad-pointer`, `wire.bad-name`
 */
export function expandName(message: Uint8Array, from: number): { octets: Buffer; end: number } {
  const parts: Uint8Array[] = [];
  let total = 0;
  let at = from;
  let start = from;
  let end: number | null = null;
  let pointers = 0;
  for (;;) {
    const length = message[at];
    if (length === undefined) throw new DnsDataError([problem('wire.cut')]);
    if (length >= 0xc0) {
      const low = message[at + 1];
      if (low === undefined) throw new DnsDataError([problem('wire.cut')]);
      end ??= at + 2;
      at = ((length & 0x3f) << 8) | low;
      pointers += 1;
      if (at >= start || at < headerOctets || pointers > mostPointers)
        throw new DnsDataError([problem('wire.bad-pointer')]);
      start = at;
      continue;
    }
    total += length + 1;
    if (length > 63 || total > mostNameOctets) throw new DnsDataError([problem('wire.bad-name')]);
    const next = at + 1 + length;
    if (next > message.length) throw new DnsDataError([problem('wire.cut')]);
    parts.push(message.subarray(at, next));
    at = next;
    if (length === 0) return { octets: Buffer.concat(parts), end: end ?? at };
  }
}

/**
 * Writes a message from front to back. Remembers the offsets of names, so that later names can be compressed.
 */
export class OctetWriter {
  #octets = Buffer.alloc(512);
  #at = 0;
  readonly #names = new Map<string, number>();

  get at(): number {
    return this.#at;
  }

  /** Writes octets as they are. @throws {DnsDataError} `wire.message-too-big` */
  bytes(part: Uint8Array): void {
    this.#room(part.length);
    this.#octets.set(part, this.#at);
    this.#at += part.length;
  }

  u8(value: number): void {
    this.#at = this.#room(1).writeUInt8(value, this.#at);
  }

  u16(value: number): void {
    this.#at = this.#room(2).writeUInt16BE(value, this.#at);
  }

  u32(value: number): void {
    this.#at = this.#room(4).writeUInt32BE(value, this.#at);
  }

  /** Replaces two octets that were already written at the offset `at` with a 16-bit number. */
  patch16(at: number, value: number): void {
    this.#octets.writeUInt16BE(value, at);
  }

  /**
   * Writes a name. If an earlier name in the message ends with the same labels, a pointer to them is written
   * instead.
   */
  name(name: DnsName): void {
    const parts = labels(name);
    for (let index = 0; index < parts.length; index += 1) {
      const rest = parts.slice(index).join('.');
      const earlier = this.#names.get(rest);
      if (earlier !== undefined) {
        this.u16(0xc000 | earlier);
        return;
      }
      if (this.#at <= mostPointer) this.#names.set(rest, this.#at);
      const octets = labelOctets(parts[index] ?? '');
      this.u8(octets.length);
      this.bytes(octets);
    }
    this.u8(0);
  }

  done(): Buffer {
    return this.#octets.subarray(0, this.#at);
  }

  #room(length: number): Buffer {
    const needed = this.#at + length;
    if (needed > mostMessageOctets) throw new DnsDataError([problem('wire.message-too-big')]);
    if (needed > this.#octets.length) {
      const wider = Buffer.alloc(Math.max(needed, this.#octets.length * 2));
      wider.set(this.#octets);
      this.#octets = wider;
    }
    return this.#octets;
  }
}
