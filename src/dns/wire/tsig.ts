import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import { zoneName, type DnsName } from '../name.ts';
import { collect, DnsDataError, problem, type Problem } from '../problem.ts';
import { nameOctets } from '../rdata/fields.ts';
import { classes } from './codes.ts';
import { numberOfType } from '../rdata/types.ts';
import type { TsigRecord } from './message.ts';
import { mostMessageOctets } from './octets.ts';

/**
 * The algorithms of RFC 8945 section 6. `wire`: the name in messages. `hash`: the name of the hash in
 * Node.js. `octets`: the length of the MAC.
 */
const algorithms = {
  'hmac-sha256': { wire: 'hmac-sha256.', hash: 'sha256', octets: 32 },
  'hmac-sha384': { wire: 'hmac-sha384.', hash: 'sha384', octets: 48 },
  'hmac-sha512': { wire: 'hmac-sha512.', hash: 'sha512', octets: 64 },
  'hmac-sha224': { wire: 'hmac-sha224.', hash: 'sha224', octets: 28 },
  'hmac-sha1': { wire: 'hmac-sha1.', hash: 'sha1', octets: 20 },
  'hmac-md5': { wire: 'hmac-md5.sig-alg.reg.int.', hash: 'md5', octets: 16 },
} as const;

export type TsigAlgorithm = keyof typeof algorithms;

/**
 * A key that we share with a server. Logs and JSON do not reveal the secret, because Node.js does not print
 * the content of key objects.
 */
export interface TsigKey {
  readonly name: DnsName;
  readonly algorithm: TsigAlgorithm;
  readonly secret: KeyObject;
}

/** Maximum difference between the clocks of both sides, in seconds (RFC 8945 section 10 recommends 300). */
const fudge = 300;
/** Maximum number of unsigned messages in a row in one answer (RFC 8945 section 5.3.1). */
const mostUnsigned = 99;

/**
 * Parses a key from a settings file. The final dot of the name is optional. The algorithm may be in upper or
 * lower case, and for hmac-md5 also the long name is accepted. The secret is base64.
 * @throws {DnsDataError} with every problem: `name.*`, `tsig.bad-algorithm`, `tsig.bad-secret`,
 *   `tsig.empty-secret`
 */
export function readTsigKey(text: { name: string; algorithm: string; secret: string }): TsigKey {
  const problems: Problem[] = [];
  const name = collect(problems, () => zoneName(text.name));
  if (name === '.') problems.push(problem('name.empty-label', { name: text.name }));
  const algorithm = readAlgorithm(text.algorithm, problems);
  const secret = readSecret(text.secret, problems);
  if (problems.length > 0 || name === null || algorithm === null || secret === null)
    throw new DnsDataError(problems);
  return { name, algorithm, secret };
}

function readAlgorithm(text: string, problems: Problem[]): TsigAlgorithm | null {
  const wanted = text.trim().toLowerCase().replace(/\.$/, '');
  for (const [name, { wire }] of Object.entries(algorithms)) {
    if (wanted === name || `${wanted}.` === wire) return name as TsigAlgorithm;
  }
  problems.push(problem('tsig.bad-algorithm', { algorithm: text }));
  return null;
}

function readSecret(text: string, problems: Problem[]): KeyObject | null {
  const packed = text.replaceAll(/\s/gu, '');
  if (packed === '') problems.push(problem('tsig.empty-secret'));
  else if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(packed))
    problems.push(problem('tsig.bad-secret'));
  else return createSecretKey(packed, 'base64');
  return null;
}

/**
 * Signs a message (RFC 8945 section 5.1).
 * @param octets the message as `encodeMessage` makes it
 * @param time seconds since 1970
 * @param requestMac MAC of the request that this message answers; absent: the message is a request
 * @returns the signed message, and its MAC, which is needed to check the signature of the answer
 * @throws {DnsDataError} `wire.message-too-big` when the message has no room for the signature
 */
export function signMessage(octets: Uint8Array, key: TsigKey, time: number, requestMac?: Uint8Array) {
  const message = Buffer.from(octets);
  const record = {
    name: key.name,
    algorithm: algorithms[key.algorithm].wire,
    time,
    fudge,
    error: 0,
    other: Buffer.alloc(0),
  };
  const mac = createHmac(algorithms[key.algorithm].hash, key.secret)
    .update(requestMac === undefined ? Buffer.alloc(0) : prefixed(requestMac))
    .update(message)
    .update(variables(record))
    .digest();
  const rdata = Buffer.concat([
    nameOctets(record.algorithm as DnsName),
    timers(record),
    prefixed(mac),
    message.subarray(0, 2),
    Buffer.alloc(4),
  ]);
  const head = [nameOctets(key.name), u16(numberOfType('TSIG')), u16(classes.ANY), Buffer.alloc(4)];
  message.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  const signed = Buffer.concat([message, ...head, prefixed(rdata)]);
  if (signed.length > mostMessageOctets) throw new DnsDataError([problem('wire.message-too-big')]);
  return { octets: signed, mac };
}

/**
 * Checks the signatures of all messages that answer one request, in the order in which they come (RFC 8945
 * sections 5.3 and 5.3.1). After a failed check this object must not be used any more.
 */
export class TsigCheck {
  readonly #key: TsigKey;
  #priorMac: Uint8Array;
  #unsigned: Buffer[] = [];
  #first = true;

  constructor(key: TsigKey, requestMac: Uint8Array) {
    this.#key = key;
    this.#priorMac = requestMac;
  }

  /**
   * Checks the next message of the answer.
   * @param tsig the message's TSIG record, from `decodeMessage`
   * @param now seconds since 1970
   * @throws {DnsDataError} `tsig.missing`, `tsig.other-key`, `tsig.truncated`, `tsig.wrong-mac`, `tsig.old`.
   *   If the server reports an error in the request: `tsig.bad-time` (with the server's clock),
   *   `tsig.refused`. Without proof that the server reported it: `tsig.bad-key`, `tsig.bad-signature`
   */
  check(octets: Uint8Array, tsig: TsigRecord | null, now: number): void {
    if (tsig === null) {
      this.#keepUnsigned(octets);
      return;
    }
    // A server sends an unsigned error only if it does not know the key or rejects our signature (RFC 8945
    // section 5.2).
    if (tsig.mac.length === 0) throw tsig.error === badTime ? failure('tsig.wrong-mac') : serverProblem(tsig);
    const { wire, octets: macOctets } = algorithms[this.#key.algorithm];
    if (tsig.name !== this.#key.name || tsig.algorithm !== wire) throw failure('tsig.other-key');
    if (tsig.mac.length !== macOctets)
      throw failure(tsig.mac.length < macOctets ? 'tsig.truncated' : 'tsig.wrong-mac');
    if (!timingSafeEqual(this.#mac(octets, tsig), tsig.mac)) throw failure('tsig.wrong-mac');
    if (tsig.error !== 0) throw serverProblem(tsig);
    if (Math.abs(now - tsig.time) > fudge) throw failure('tsig.old');
    this.#priorMac = tsig.mac;
    this.#unsigned = [];
    this.#first = false;
  }

  /**
   * Ends the check. Call this after the last message of the answer.
   * @throws {DnsDataError} `tsig.missing` when the last message was not signed
   */
  end(): void {
    if (this.#first || this.#unsigned.length > 0) throw failure('tsig.missing');
  }

  #keepUnsigned(octets: Uint8Array): void {
    if (this.#first || this.#unsigned.length >= mostUnsigned) throw failure('tsig.missing');
    this.#unsigned.push(Buffer.from(octets));
  }

  #mac(octets: Uint8Array, tsig: TsigRecord): Buffer {
    const message = Buffer.from(octets.subarray(0, tsig.at));
    message.writeUInt16BE(tsig.originalId, 0);
    message.writeUInt16BE(message.readUInt16BE(10) - 1, 10);
    const hmac = createHmac(algorithms[this.#key.algorithm].hash, this.#key.secret);
    hmac.update(prefixed(this.#priorMac));
    for (const earlier of this.#unsigned) hmac.update(earlier);
    return hmac
      .update(message)
      .update(this.#first ? variables(tsig) : timers(tsig))
      .digest();
  }
}

const badTime = 18;

/** Makes the error for the error number in the server's answer (RFC 8945 section 3). */
function serverProblem(tsig: TsigRecord): DnsDataError {
  if (tsig.error === 16) return failure('tsig.bad-signature');
  if (tsig.error === 17) return failure('tsig.bad-key');
  if (tsig.error === badTime) {
    const known = tsig.other.length === 6;
    const seconds = known ? Buffer.from(tsig.other).readUIntBE(0, 6) : tsig.time;
    return new DnsDataError([problem('tsig.bad-time', { serverTime: String(seconds) })]);
  }
  if (tsig.error === 0) return failure('tsig.missing');
  return new DnsDataError([problem('tsig.refused', { error: String(tsig.error) })]);
}

function failure(code: `tsig.${string}`): DnsDataError {
  return new DnsDataError([problem(code)]);
}

type Variables = Pick<TsigRecord, 'name' | 'time' | 'fudge' | 'error' | 'other'> & {
  readonly algorithm: string;
};

/** Encodes the TSIG variables that the MAC covers (RFC 8945 section 4.3.3). */
function variables(tsig: Variables): Buffer {
  return Buffer.concat([
    nameOctets(tsig.name),
    u16(classes.ANY),
    Buffer.alloc(4),
    nameOctets(tsig.algorithm as DnsName),
    timers(tsig),
    u16(tsig.error),
    prefixed(tsig.other),
  ]);
}

function timers({ time, fudge: window }: Pick<TsigRecord, 'time' | 'fudge'>): Buffer {
  const octets = Buffer.alloc(8);
  octets.writeUIntBE(time, 0, 6);
  octets.writeUInt16BE(window, 6);
  return octets;
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

/** Puts a 16-bit length before the octets. */
function prefixed(octets: Uint8Array): Buffer {
  return Buffer.concat([u16(octets.length), octets]);
}
