import * as v from 'valibot';
import { CentralError, type CentralErrorCode, type CentralErrorFacts } from '../core/central.ts';
import type { HttpError, HttpErrorKind } from '../net/http-error.ts';
import { tidyText } from '../net/ispmanager/errors.ts';
import { parseJsonInSlices } from '../net/json.ts';

/** Turns failed HTTP requests, and answers that cannot be read, into errors of a central. */

/** Returns a text with every secret in it replaced. */
export type Redact = (text: string) => string;

/**
 * Whether a call reads or writes. A failed read changed nothing; a failed write may have changed something.
 */
export type Effect = 'read' | 'write';

export function stateAfter(effect: Effect): CentralErrorFacts['state'] {
  return effect === 'read' ? 'untouched' : 'unknown';
}

/** Makes the error for a request that got no answer. */
export function unanswered(error: HttpError, effect: Effect): CentralError {
  const state = error.sent === 'no' ? 'untouched' : stateAfter(effect);
  return new CentralError(codes[error.kind], { state, retry: 'later', params: error.params, cause: error });
}

const codes: Readonly<Record<HttpErrorKind, CentralErrorCode>> = {
  unreachable: 'central.unreachable',
  certificate: 'central.certificate',
  redirect: 'central.garbled',
  'too-large': 'central.garbled',
};

/** Makes the error for an answer that cannot be read. */
export function garbled(text: string, effect: Effect): CentralError {
  return new CentralError('central.garbled', { state: stateAfter(effect), retry: 'later', params: { text } });
}

/** Number of characters at the start of an answer in which a message is searched for. */
export const mostWords = 64 * 1024;

/**
 * The title of a web page, to append to another text: a space, then one line of at most 100 characters in
 * brackets. Empty if the page has no title.
 */
export function titleOf(page: string, redact: Redact): string {
  const text = page.slice(0, mostWords);
  const tag = text.search(/<title/iu);
  const from = tag < 0 ? -1 : text.indexOf('>', tag);
  if (from < 0) return '';
  const [inside = ''] = text.slice(from + 1).split('<', 1);
  const title = tidyText(redact(inside));
  return title === '' ? '' : ` (${title.slice(0, 100)})`;
}

/** Decodes octets as UTF-8. @throws {CentralError} `central.garbled` if they are no UTF-8 */
export function utf8Text(octets: Buffer, effect: Effect): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    // This decoder throws only if the octets are no UTF-8.
    throw garbled('not UTF-8', effect);
  }
}

/** Parses JSON. @throws {CentralError} `central.garbled` if the text is empty or cut off */
export async function wholeJson(text: string, effect: Effect): Promise<unknown> {
  try {
    return await parseJsonInSlices(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw garbled(text === '' ? 'an empty answer' : 'not a whole JSON document', effect);
  }
}

/** Checks the shape of an answer and returns it typed. @throws {CentralError} `central.garbled` */
export function shaped<T>(schema: v.GenericSchema<unknown, T>, json: unknown, effect: Effect = 'read'): T {
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  const place = v.getDotPath(result.issues[0]) ?? '';
  throw garbled(`not the expected JSON${place === '' ? '' : ` (${place.slice(0, 100)})`}`, effect);
}
