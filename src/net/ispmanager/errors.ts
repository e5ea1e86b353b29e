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

/** What an error document means, in whichever generation's spelling. */
export interface PanelRefusal {
  readonly kind: RefusalKind;
  /** What the error concerns: a type of object, or a field; empty if the panel does not say. */
  readonly subject: string;
  /**
   * The attribute that gave the kind: `type` in version 5/6, `code` in version 4
   * (docs/protocol.md#generations).
   */
  readonly spelling: 'type' | 'code' | 'none';
  /** The attribute `type` as it came; empty if there was none. */
  readonly type: string;
  /** The panel's own words in one line, or a text of ours if it has none (docs/protocol.md#errors-4). */
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
 * The error in a document; `null` if there is none. `<authfail/>` counts as an error
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
  // An indented document has white space around its elements, which is no text.
  const texts = [error.text, childText(error, 'msg') ?? '', childText(error, 'detail') ?? ''].map(tidyText);
  const text = texts.find((one) => one !== '') ?? wordless(type || code, subject);
  return { ...classOf(type, code), subject, text, type };
}

/**
 * The kind of an error. Version 5/6 may send both attributes, and then `type` decides
 * (docs/protocol.md#generations).
 */
function classOf(type: string, code: string): Pick<PanelRefusal, 'kind' | 'spelling'> {
  if (type !== '') return { kind: own(kindOfType, type) ?? 'other', spelling: 'type' };
  return { kind: own(kindOfCode, code) ?? 'other', spelling: code === '' ? 'none' : 'code' };
}

/** A refused login that is not reported by an error document (docs/protocol.md#login-answers). */
export function loginRefused(text: string): PanelRefusal {
  return { kind: 'auth', subject: '', spelling: 'none', type: '', text };
}

function wordless(code: string, subject: string): string {
  return `error ${code === '' ? 'without a code' : `code ${code}`}${subject === '' ? '' : ` (${subject})`}`;
}

/** Applies {@link plainText}, removes double blanks, and cuts to 500 characters. */
export function tidyText(text: string): string {
  return plainText(text).replaceAll(/ {2,}/g, ' ').trim().slice(0, mostText);
}
