import type { IncomingMessage } from 'node:http';
import { parseJsonInSlices } from '../../net/json.ts';
import { ApiRefusal } from '../api-refusal.ts';
import type { Precondition } from '../work/precondition.ts';
import type { RequestHeaders } from './route.ts';

/** Largest body of a request, octets. */
const mostOctets = 4 * 1024 * 1024;
/** Most entity tags that one header may list. */
const mostTags = 100;

/** The headers of a request, as Node.js has them. */
type SentHeaders = Pick<IncomingMessage, 'headers' | 'headersDistinct'>;

/** A request whose body is read: its headers, and the octets of the body as they arrive. */
export type SentBody = Pick<IncomingMessage, 'headers'> & AsyncIterable<Uint8Array>;

/** The token of a request; empty: it has none, or more than one. */
export function tokenIn({ headersDistinct }: SentHeaders): string {
  const [text = '', second] = headersDistinct['authorization'] ?? [];
  return second === undefined ? (/^Bearer (\S{1,200})$/iu.exec(text)?.[1] ?? '') : '';
}

/** Reads the headers that requests of the API may have. @throws {ApiRefusal} 400 */
export function headersOf(request: SentHeaders): RequestHeaders {
  return {
    key: keyIn(request),
    precondition: preconditionIn(request),
    wantsLines: /^application\/(?:jsonl|x-ndjson)$/iu.test(request.headers.accept ?? ''),
  };
}

function keyIn(request: SentHeaders): string | null {
  const text = oneHeader(request, 'idempotency-key');
  if (text === null) return null;
  // The draft of `Idempotency-Key` wants quotation marks, and most clients send none.
  const [, quoted, plain] = /^(?:"([^"\\]*)"|([^"\\]*))$/u.exec(text) ?? [];
  const key = quoted ?? plain ?? '';
  if (!/^[A-Za-z0-9_.:-]{8,100}$/u.test(key)) throw badHeader('Idempotency-Key');
  return key;
}

function preconditionIn(request: SentHeaders): Precondition {
  return { match: tagsIn(request, 'If-Match'), noneMatch: tagsIn(request, 'If-None-Match') };
}

/** The entity tags of a header. Weak ones stay as they are, so they never equal one of ours. */
function tagsIn(request: SentHeaders, name: string): readonly string[] | 'any' | null {
  const text = oneHeader(request, name.toLowerCase());
  if (text === null) return null;
  if (text === '*') return 'any';
  const tags = text.split(',', mostTags + 1).map((tag) => tag.trim());
  if (tags.length > mostTags || !tags.every((tag) => /^(?:W\/)?"[\u0021\u0023-\u007e]*"$/u.test(tag)))
    throw badHeader(name);
  return tags;
}

/** @throws {ApiRefusal} if the request has the header more than once */
function oneHeader({ headersDistinct }: SentHeaders, name: string): string | null {
  const [text = null, second] = headersDistinct[name] ?? [];
  if (second !== undefined) throw badHeader(name);
  return text;
}

function badHeader(name: string): ApiRefusal {
  return new ApiRefusal(400, 'gateway.bad-request', { params: { text: `header ${name}` } });
}

/**
 * Reads the body of a request.
 * @returns its JSON; null: there is no body
 * @throws {ApiRefusal} 400, 413 or 415
 */
export async function bodyOf(request: SentBody): Promise<unknown> {
  const octets = await octetsOf(request);
  if (octets.length === 0) return null;
  try {
    return await parseJsonInSlices(new TextDecoder('utf-8', { fatal: true }).decode(octets));
  } catch (error) {
    throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'body: no JSON' }, cause: error });
  }
}

/** Refuses a body that is said to be something else than JSON, before it is read. */
function demandJson({ headers }: SentBody): void {
  const type = headers['content-type'] ?? 'application/json';
  const isJson = /^application\/json(?: *; *charset="?utf-8"?)?$/iu.test(type);
  const isPlain = /^(?:identity)?$/iu.test(headers['content-encoding'] ?? '');
  if (!isJson || !isPlain) throw new ApiRefusal(415, 'gateway.not-json');
}

async function octetsOf(request: SentBody): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let octets = 0;
  try {
    for await (const chunk of request) {
      const part = Buffer.from(chunk);
      if (octets === 0) demandJson(request);
      octets += part.length;
      if (octets > mostOctets) throw new ApiRefusal(413, 'gateway.too-large');
      chunks.push(part);
    }
  } catch (error) {
    if (error instanceof ApiRefusal) throw error;
    throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'body: cut off' }, cause: error });
  }
  return Buffer.concat(chunks);
}
