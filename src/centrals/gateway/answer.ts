import * as v from 'valibot';
import { CentralError, type CentralErrorCode } from '../../core/central.ts';
import { problemAnswer } from '../../net/gateway/schemas.ts';
import type { HttpAnswer } from '../../net/http.ts';
import { garbled, shaped, titleOf, utf8Text, wholeJson, type Effect, type Redact } from '../http-answer.ts';

/**
 * Reads the JSON of an answer.
 * @throws {CentralError} what the gateway refuses; `central.garbled` if the answer is not a gateway's
 */
export async function readAnswer<T>(
  answer: HttpAnswer,
  schema: v.GenericSchema<unknown, T>,
  effect: Effect,
  redact: Redact,
): Promise<T> {
  const text = utf8Text(answer.body, effect);
  const { status, contentType } = answer;
  const isOk = status >= 200 && status <= 299;
  if (!/^application\/(?:problem\+)?json$/u.test(contentType))
    throw garbled(`HTTP ${status}, not an answer of a gateway${titleOf(text, redact)}`, effect);
  const json = await wholeJson(text, effect);
  if (!isOk) throw refused(json, status, effect, redact);
  return shaped(schema, json, effect);
}

/** Codes with which a gateway answers. Every other code becomes `central.refused`. */
const codes: ReadonlySet<string> = new Set([
  'central.login',
  'central.access-denied',
  'central.unreachable',
  'central.missing',
  'central.exists',
  'central.contended',
  'central.busy',
  'central.limit',
  'central.refused',
  'central.invalid-value',
  'central.hidden',
  'central.update-refused',
  'central.left-out',
  'central.ttl-limit',
  'central.ds-first',
  'central.no-effect',
  'zone.foreign',
  'zone.copy',
  'zone.create-there-first',
  'zone.delete-there',
] satisfies readonly CentralErrorCode[]);

function isCode(code: string): code is CentralErrorCode {
  return codes.has(code);
}

function refused(json: unknown, status: number, effect: Effect, redact: Redact): CentralError {
  const read = v.safeParse(problemAnswer, json);
  if (!read.success) return garbled(`HTTP ${status}, not the expected JSON`, effect);
  const { code, params, state, retry, title } = read.output;
  const clean = Object.fromEntries(Object.entries(params).map(([name, text]) => [name, redact(text)]));
  if (isCode(code)) return new CentralError(code, { state, retry, params: clean });
  return new CentralError('central.refused', { state, retry, params: { text: redact(title) } });
}
