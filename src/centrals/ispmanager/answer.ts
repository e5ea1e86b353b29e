import { CentralError, type CentralErrorCode } from '../../core/central.ts';
import type { HttpAnswer } from '../../net/http.ts';
import { loginRefused, refusalOf, tidyText, type PanelRefusal } from '../../net/ispmanager/errors.ts';
import { child, parseXmlInSlices, XmlError, type XmlElement } from '../../net/xml.ts';
import {
  garbled,
  mostWords,
  stateAfter,
  titleOf,
  utf8Text,
  type Effect,
  type Redact,
} from '../http-answer.ts';
import { centralRefusal } from '../errors.ts';

/**
 * Parses the document of an answer. An answer that is no document becomes an error
 * (docs/protocol.md#other-answers). Such answers are an HTML page, the bare text `access deny`
 * (docs/protocol.md#login-answers), an empty or cut-off answer, and an HTTP error.
 * @throws {CentralError} `central.garbled`, `central.login`, or the panel's refusal by its kind
 */
export async function readAnswer(answer: HttpAnswer, effect: Effect, redact: Redact): Promise<XmlElement> {
  const text = utf8Text(answer.body, effect);
  const start = text.trimStart().slice(0, 200).toLowerCase();
  if (start.startsWith('access den')) throw refused(loginRefused('access deny'), effect);
  if (answer.status === 401) throw refused(loginRefused('HTTP 401'), effect);
  if (answer.status < 200 || answer.status > 299)
    throw garbled(`HTTP ${answer.status}${titleOf(text, redact)}`, effect);
  if (start === '') throw garbled('an empty answer', effect);
  if (/^(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html)/u.test(start)) {
    throw garbled(`a web page instead of an answer${titleOf(text, redact)}`, effect);
  }
  const doc = await parse(text, effect);
  if (!['doc', 'error', 'authfail'].includes(doc.name))
    throw garbled(`an unknown document (${redact(doc.name)})`, effect);
  const found = refusalOf(doc) === null ? null : refusalOf(redacted(doc, redact));
  if (found !== null) throw refused(found, effect);
  return doc;
}

/**
 * Throws if the document has no `ok`, which proves that a save or a delete was carried out. When DNSmanager
 * creates a domain, it may send `messages` instead (docs/protocol.md#documents, #dnsmanager). After other
 * functions `messages` prove nothing, because a form that the panel shows again has them too.
 * @throws {CentralError} `central.garbled`
 */
export function demandOk(doc: XmlElement, func: string): void {
  const has = (name: string): boolean => child(doc, name) !== undefined;
  if (!has('ok') && !(func === 'domain.edit' && has('messages')))
    throw garbled('neither success nor an error', 'write');
}

/**
 * Throws if a document without rows is not the list or form of this function (docs/protocol.md#documents). It
 * may be a login page, a question, a redirect, or the success of another call. A `doc` without attributes and
 * children is not an empty list of records either. Documents of version 5/6 have attributes, and every zone
 * has name servers.
 * @throws {CentralError} `central.garbled`
 */
export function demandAnswerTo(func: string, doc: XmlElement, redact: Redact): void {
  const has = (name: string): boolean => doc.children.some((one) => one.name === name);
  if (has('elem')) return;
  const { func: named = func } = doc.attributes;
  if (named !== func)
    throw garbled(`an answer of another function (${tidyText(redact(named)).slice(0, 100)})`, 'read');
  const isBare = doc.children.length === 0 && Object.keys(doc.attributes).length === 0;
  if (has('redirect') || has('ok') || (isBare && func === 'domain.record'))
    throw garbled('neither a list nor a form', 'read');
}

const codes: Readonly<Record<PanelRefusal['kind'], CentralErrorCode>> = {
  exists: 'central.exists',
  missing: 'central.missing',
  value: 'central.invalid-value',
  limit: 'central.limit',
  access: 'central.access-denied',
  auth: 'central.login',
  licence: 'central.refused',
  confirm: 'central.refused',
  other: 'central.refused',
};

/**
 * Whether an error may mean that the login was refused. Of the types that match, only `auth` is documented
 * (docs/protocol.md#errors-5). So a separate login has to confirm the refusal.
 */
export function looksLikeLogin(error: unknown): error is CentralError {
  return error instanceof CentralError && /auth|login|passw/iu.test(error.params['type'] ?? '');
}

/**
 * Turns a refused login of one call into `central.access-denied`. The login itself was accepted a moment ago,
 * so the account only lacks a right for this call.
 */
export function deniedThere({ state, params, cause }: CentralError): CentralError {
  return new CentralError('central.access-denied', { state, retry: 'never', params, cause });
}

/** Turns the refusal of a login call into `central.login`. */
export function refusedLogin({ params, cause }: CentralError): CentralError {
  return centralRefusal('central.login', params, cause);
}

/**
 * Makes the error for a refusal. The panel reports errors of the documented kinds before it does anything. An
 * error of any other kind may come from a handler that ran after the function (docs/protocol.md#stages-4), so
 * a write may be done.
 */
function refused({ kind, subject, spelling, type, text }: PanelRefusal, effect: Effect): CentralError {
  const state = kind === 'other' || kind === 'licence' ? stateAfter(effect) : 'untouched';
  const params = { text, subject, kind, spelling, type };
  return new CentralError(codes[kind], { state, retry: 'never', params });
}

async function parse(text: string, effect: Effect): Promise<XmlElement> {
  try {
    return await parseXmlInSlices(text.trimStart());
  } catch (error) {
    if (error instanceof XmlError)
      throw garbled(`not a whole XML document: ${tidyText(error.message)}`, effect);
    throw error;
  }
}

/** The elements of a document that may describe an error. */
const tellingParts = ['error', 'authfail', 'msg', 'detail'] as const;
const tellingAttributes: ReadonlySet<string> = new Set(['code', 'type', 'object', 'obj', 'val']);

/**
 * Copies the elements that describe an error, without secrets. Leaves out the rest, because a document may be
 * large.
 */
function redacted(element: XmlElement, redact: Redact): XmlElement {
  const clean = (text: string): string => redact(text.slice(0, mostWords));
  const told = Object.entries(element.attributes).filter(([key]) => tellingAttributes.has(key));
  return {
    name: element.name,
    attributes: Object.fromEntries(told.map(([key, value]) => [key, clean(value)])),
    text: clean(element.text),
    children: tellingParts.flatMap((name) => {
      const one = child(element, name);
      return one === undefined ? [] : [redacted(one, redact)];
    }),
  };
}
