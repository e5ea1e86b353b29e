import { CentralError, type CentralErrorCode, type CentralErrorFacts } from '../core/central.ts';
import type { HttpError } from '../net/http-error.ts';
import { tidyText } from '../net/ispmanager/errors.ts';

/**
 * What centrals that are reached by HTTP make of requests without an answer, and of answers that are none.
 */

/** Replaces every secret in a text. */
export type Redact = (text: string) => string;

/** What a call does: after a failed read nothing has changed, after a failed write that is not known. */
export type Effect = 'read' | 'write';

export function stateAfter(effect: Effect): CentralErrorFacts['state'] {
  return effect === 'read' ? 'untouched' : 'unknown';
}

/** A request without an answer. */
export function unanswered(error: HttpError, effect: Effect): CentralError {
  const state = error.sent === 'no' ? 'untouched' : stateAfter(effect);
  return new CentralError(codeOfHttp(error), { state, retry: 'later', params: error.params, cause: error });
}

function codeOfHttp(error: HttpError): CentralErrorCode {
  switch (error.code) {
    case 'unreachable':
      return 'central.unreachable';
    case 'certificate':
      return 'central.certificate';
    case 'redirect':
    case 'too-large':
      return 'central.garbled';
  }
}

/** An answer that is not one; after a write nobody knows what it did. */
export function garbled(text: string, effect: Effect): CentralError {
  return new CentralError('central.garbled', { state: stateAfter(effect), retry: 'later', params: { text } });
}

/** Characters of an answer in which its words for people are searched for. */
export const mostWords = 64 * 1024;

/** The title of a web page, one line, at most 100 characters in brackets after a space; empty without one. */
export function titleOf(page: string, redact: Redact): string {
  const text = page.slice(0, mostWords);
  const tag = text.search(/<title/iu);
  const from = tag < 0 ? -1 : text.indexOf('>', tag);
  if (from < 0) return '';
  const [inside = ''] = text.slice(from + 1).split('<', 1);
  const title = tidyText(redact(inside));
  return title === '' ? '' : ` (${title.slice(0, 100)})`;
}

/** @throws {CentralError} `central.garbled` */
export function utf8Text(octets: Buffer, effect: Effect): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    // The only thing a fatal decoder throws is that the octets are not UTF-8.
    throw garbled('not UTF-8', effect);
  }
}
