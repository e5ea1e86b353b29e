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

/**
 * The document of an answer. What is not a whole `doc` is distinguished as docs/protocol.md#other-answers
 * advises. It may be an HTML page, the bare text `access deny` (docs/protocol.md#login-answers), nothing at
 * all, an HTTP error, a cut-off or foreign document.
 * @throws {CentralError} `central.garbled`, `central.login`, or the panel's own refusal by its kind
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
  const refusal = refusalOf(doc) === null ? null : refusalOf(redacted(doc, redact));
  if (refusal !== null) throw refused(refusal, effect);
  return doc;
}

/**
 * Proof that a save or a group function was carried out is its `ok`. DNSmanager was seen to say `messages`
 * instead where it creates a domain (docs/protocol.md#documents, #dnsmanager); elsewhere a form shown again
 * has them too. @throws {CentralError} without one
 */
export function demandOk(doc: XmlElement, func: string): void {
  const has = (name: string): boolean => child(doc, name) !== undefined;
  if (!has('ok') && !(func === 'domain.edit' && has('messages')))
    throw garbled('neither success nor an error', 'write');
}

/**
 * A document without rows need not be the empty list or the form that was asked for
 * (docs/protocol.md#documents). It may belong to another function (a login page, a question), redirect a
 * browser, or report a success. Nor is a bare `doc` a zone without records: documents of the later generation
 * have attributes, and every zone has its name servers.
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
 * Whether an error is of a type that merely looks like a refused login: spellings other than `auth` are not
 * on record (docs/protocol.md#errors-5). Only the login itself can tell.
 */
export function looksLikeLogin(error: unknown): error is CentralError {
  return error instanceof CentralError && /auth|login|passw/iu.test(error.params['type'] ?? '');
}

/**
 * What one call was refused with although the login was accepted a moment ago: a right of that call, nothing
 * about the login.
 */
export function deniedThere({ state, params, cause }: CentralError): CentralError {
  return new CentralError('central.access-denied', { state, retry: 'never', params, cause });
}

/** What the login was refused with. */
export function refusedLogin({ params, cause }: CentralError): CentralError {
  return new CentralError('central.login', { state: 'untouched', retry: 'never', params, cause });
}

/**
 * The documented kinds are raised before anything is done. An error of any other kind may come from a handler
 * that ran after the function (docs/protocol.md#stages-4), so the write may have been carried out.
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

/** What tells of an error in a document. */
const tellingParts = ['error', 'authfail', 'msg', 'detail'] as const;
const tellingAttributes: ReadonlySet<string> = new Set(['code', 'type', 'object', 'obj', 'val']);

/** Only what tells of an error, without secrets: a document may be large. */
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
