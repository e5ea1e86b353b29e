import * as v from 'valibot';
import { CentralError, type CentralErrorCode } from '../../core/central.ts';
import { problemAnswer } from '../../net/gateway/schemas.ts';
import type { HttpAnswer } from '../../net/http.ts';
import { garbled, shaped, titleOf, utf8Text, wholeJson, type Effect, type Redact } from '../http-answer.ts';

/**
 * Reads the JSON of an answer.
 * @param schema the shapes of a good answer, and of one with status 412 that tells which records are there
 * @throws {CentralError} what the gateway refuses; `central.garbled` if the answer is not a gateway's
 */
export async function readAnswer<T>(
  answer: HttpAnswer,
  { schema, found }: AnswerSchemas<T>,
  effect: Effect,
  redact: Redact,
): Promise<T> {
  const text = utf8Text(answer.body, effect);
  const { status, contentType } = answer;
  const isOk = status >= 200 && status <= 299;
  const isFound = status === 412 && found !== undefined;
  if (!/^application\/(?:problem\+)?json$/u.test(contentType))
    throw garbled(`HTTP ${status}, not an answer of a gateway${titleOf(text, redact)}`, effect);
  const json = await wholeJson(text, effect);
  if (!isOk && !isFound) throw refused(json, status, effect, redact);
  return shaped(isFound ? found : schema, json, effect);
}

/** The shapes of answers to one request. */
export interface AnswerSchemas<T> {
  readonly schema: v.GenericSchema<unknown, T>;
  /** Of an answer with status 412, which tells what is there; absent: status 412 is a refusal like others. */
  readonly found?: v.GenericSchema<unknown, T> | undefined;
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
  return errorOf(read.output, redact);
}

/**
 * Makes the error that a gateway tells of.
 * @param told of it, `title` is shown for a code that only gateways have
 */
export function errorOf(
  { code, params, state, retry, title }: Told,
  redact: Redact = (text) => text,
): CentralError {
  const clean = Object.fromEntries(Object.entries(params).map(([name, text]) => [name, redact(text)]));
  if (isCode(code)) return new CentralError(code, { state, retry, params: clean });
  return new CentralError('central.refused', { state, retry, params: { text: redact(title) } });
}

type Told = Omit<v.InferOutput<typeof problemAnswer>, 'status'>;
