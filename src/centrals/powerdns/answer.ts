import * as v from 'valibot';
import { CentralError, type CentralErrorCode, type CentralErrorFacts } from '../../core/central.ts';
import type { HttpAnswer } from '../../net/http.ts';
import { centralRefusal } from '../errors.ts';
import {
  garbled,
  stateAfter,
  titleOf,
  utf8Text,
  wholeJson,
  type Effect,
  type Redact,
} from '../http-answer.ts';

/**
 * Parses the JSON of a successful answer; `null`: the answer has no body (204).
 * @throws {CentralError} the refusal that the status means; `central.garbled` if the answer is not from
 *   PowerDNS
 */
export async function readAnswer(answer: HttpAnswer, effect: Effect, redact: Redact): Promise<unknown> {
  const { status } = answer;
  const text = utf8Text(answer.body, effect);
  if (status < 200 || status > 299) throw refused(answer, text, effect, redact);
  if (status === 204) return null;
  if (isWebPage(answer, text))
    throw garbled(`a web page instead of an answer${titleOf(text, redact)}`, effect);
  return await wholeJson(text, effect);
}

/**
 * Statuses with which PowerDNS 4.7.3 refuses a request before it changes anything. A PATCH is one
 * transaction; status 422 rolls it back.
 */
const refusals: ReadonlyMap<number, CentralErrorCode> = new Map([
  [400, 'central.refused'],
  [401, 'central.login'],
  [403, 'central.access-denied'],
  [404, 'central.missing'],
  [409, 'central.exists'],
  [413, 'central.limit'],
  [422, 'central.invalid-value'],
]);

function refused(answer: HttpAnswer, text: string, effect: Effect, redact: Redact): CentralError {
  const { status } = answer;
  const web = isWebPage(answer, text);
  const words = web ? titleOf(text, redact).trim() : wordsOf(text, redact);
  const code = refusals.get(status);
  // The web page of a proxy may have the status 404, 400 or 422 for its own reasons. Only an answer of
  // PowerDNS itself proves that nothing was changed.
  const believed = !web || status === 401 || status === 403;
  if (code !== undefined && believed)
    return centralRefusal(code, { text: words === '' ? `HTTP ${status}` : words });
  const said = words === '' ? `HTTP ${status}` : `HTTP ${status}: ${words}`;
  // If PowerDNS itself answers 500, it has ended the request. If a proxy answers (502, 504, a web page), the
  // server may still be working on it.
  const facts: CentralErrorFacts['params'] =
    status === 500 && !web ? { text: said, ended: 'yes' } : { text: said };
  return new CentralError('central.garbled', { state: stateAfter(effect), retry: 'later', params: facts });
}

/**
 * Whether the server has certainly ended the failed call, so that a read shows the final result of the call.
 */
export function hasEnded(error: CentralError): boolean {
  return error.params['ended'] === 'yes';
}

const errorShape = v.object({ error: v.string(), errors: v.optional(v.array(v.string()), []) });

function wordsOf(text: string, redact: Redact): string {
  const json = v.safeParse(v.pipe(v.string(), v.parseJson(), errorShape), text);
  const words = json.success ? [json.output.error, ...json.output.errors].join('; ') : text;
  return redact(words).replaceAll(/\s+/gu, ' ').trim().slice(0, 500);
}

function isWebPage({ contentType }: HttpAnswer, text: string): boolean {
  return /^text\/html/iu.test(contentType) || /^\s*<(?:!doctype|html|\?xml)/iu.test(text);
}
