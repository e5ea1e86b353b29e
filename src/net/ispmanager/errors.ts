import { plainText } from '../../core/plain-text.ts';
import type { XmlElement } from '../xml.ts';
import { child, childText } from '../xml.ts';
import { own } from '../../dns/own.ts';

type RefusalKind =
  | 'exists'
  | 'missing'
  | 'value'
  | 'limit'
  | 'access'
  | 'auth'
  | 'licence'
  | 'confirm'
  | 'other';

/** The meaning of an error document, in the same form for all generations of the panel. */
export interface PanelRefusal {
  readonly kind: RefusalKind;
  /** What the error concerns: a type of object, or a field; empty if the panel does not say. */
  readonly subject: string;
  /**
   * The attribute from which the kind was found: `type` in version 5/6, `code` in version 4
   * (docs/protocol.md#generations).
   */
  readonly spelling: 'type' | 'code' | 'none';
  /** The attribute `type`, unchanged; empty if the document has none. */
  readonly type: string;
  /**
   * The panel's own text in one line. If the panel sent no text, a text of ours (docs/protocol.md#errors-4).
   */
  readonly text: string;
}

/** Meaning of the error codes of ISPmanager 4 (docs/protocol.md#errors-4). */
const kindOfCode: Readonly<Record<string, RefusalKind>> = {
  '2': 'exists',
  '3': 'missing',
  '4': 'value',
  '5': 'limit',
  '6': 'access',
  '7': 'licence',
  '100': 'auth',
};

/**
 * Meaning of the error types of version 5/6. Most spellings are not documented, so several are accepted
 * (docs/protocol.md#errors-5).
 */
const kindOfType: Readonly<Record<string, RefusalKind>> = {
  exists: 'exists',
  missed: 'missing',
  missing: 'missing',
  value: 'value',
  limit: 'limit',
  access: 'access',
  auth: 'auth',
  license: 'licence',
  licence: 'licence',
  referer_confirm: 'confirm',
};

/** Maximum length of a refusal text, in characters. */
const mostText = 500;

/**
 * Returns the error in a document; `null`: the document contains no error. `<authfail/>` counts as an error
 * (docs/protocol.md#login-answers).
 */
export function refusalOf(doc: XmlElement): PanelRefusal | null {
  if (doc.name === 'error') return describeError(doc);
  if (doc.name === 'authfail' || child(doc, 'authfail') !== undefined) {
    return loginRefused('authentication failed');
  }
  const error = child(doc, 'error');
  return error === undefined ? null : describeError(error);
}

function describeError(error: XmlElement): PanelRefusal {
  const { code = '', type = '', obj, val, object } = error.attributes;
  const subject = object ?? obj ?? val ?? '';
  // In an indented document, the text of the element itself may be only white space, which `tidyText`
  // removes.
  const texts = [error.text, childText(error, 'msg') ?? '', childText(error, 'detail') ?? ''].map(tidyText);
  const text = texts.find((one) => one !== '') ?? wordless(type || code, subject);
  return { ...classOf(type, code), subject, text, type };
}

/**
 * Finds the kind of an error. Version 5/6 may send both attributes, and then `type` decides
 * (docs/protocol.md#generations).
 */
function classOf(type: string, code: string): Pick<PanelRefusal, 'kind' | 'spelling'> {
  if (type !== '') return { kind: own(kindOfType, type) ?? 'other', spelling: 'type' };
  return { kind: own(kindOfCode, code) ?? 'other', spelling: code === '' ? 'none' : 'code' };
}

/**
 * Makes the refusal for a login that the panel refused without an error document
 * (docs/protocol.md#login-answers).
 */
export function loginRefused(text: string): PanelRefusal {
  return { kind: 'auth', subject: '', spelling: 'none', type: '', text };
}

function wordless(code: string, subject: string): string {
  return `error ${code === '' ? 'without a code' : `code ${code}`}${subject === '' ? '' : ` (${subject})`}`;
}

/** Applies {@link plainText}, replaces several spaces by one, and cuts the text after 500 characters. */
export function tidyText(text: string): string {
  return plainText(text).replaceAll(/ {2,}/g, ' ').trim().slice(0, mostText);
}
