import { plainText } from '../../core/plain-text.ts';
import type { XmlElement } from '../xml.ts';
import { child, childText } from '../xml.ts';
import { own } from '../../dns/own.ts';

/** What an error document means, whatever the generation's spelling. */
export interface PanelRefusal {
  readonly kind:
    | 'exists'
    | 'missing'
    | 'value'
    | 'limit'
    | 'access'
    | 'auth'
    | 'licence'
    | 'confirm'
    | 'other';
  /** What it concerns: type of object, or field; empty when not said. */
  readonly subject: string;
  /**
   * How the kind was spelled: by `type` in the later generation, by `code` in version 4 (reference section
   * 1).
   */
  readonly spelling: 'type' | 'code' | 'none';
  /** The `type` as it came; empty when there was none. */
  readonly type: string;
  /**
   * The panel's own words, one line, possibly empty (an `<error>` may be an empty element,
   * docs/protocol.md#errors-4).
   */
  readonly text: string;
}

/** ISPmanager 4's error codes (docs/protocol.md#errors-4). */
const kindOfCode: Readonly<Record<string, PanelRefusal['kind']>> = {
  '2': 'exists',
  '3': 'missing',
  '4': 'value',
  '5': 'limit',
  '6': 'access',
  '7': 'licence',
  '100': 'auth',
};

/**
 * Classes of errors of the later generation; the spelling of most is not evidenced, so several are taken
 * (docs/protocol.md#errors-5).
 */
const kindOfType: Readonly<Record<string, PanelRefusal['kind']>> = {
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

/** Longest refusal text passed on, in characters. */
const mostText = 500;

/**
 * The error in a document, or `null` when there is none. `<authfail/>` counts as one
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
  // Around the elements of an indented document there is white space, which is no text.
  const texts = [error.text, childText(error, 'msg') ?? '', childText(error, 'detail') ?? ''].map(tidyText);
  const text = texts.find((one) => one !== '') ?? wordless(type || code, subject);
  return { ...classOf(type, code), subject, text, type };
}

/** An error of the later generation was seen with both: the type counts (docs/protocol.md#generations). */
function classOf(type: string, code: string): Pick<PanelRefusal, 'kind' | 'spelling'> {
  if (type !== '') return { kind: own(kindOfType, type) ?? 'other', spelling: 'type' };
  return { kind: own(kindOfCode, code) ?? 'other', spelling: code === '' ? 'none' : 'code' };
}

/** A refused login that is said without an error document (docs/protocol.md#login-answers). */
export function loginRefused(text: string): PanelRefusal {
  return { kind: 'auth', subject: '', spelling: 'none', type: '', text };
}

function wordless(code: string, subject: string): string {
  return `error ${code === '' ? 'without a code' : `code ${code}`}${subject === '' ? '' : ` (${subject})`}`;
}

/** {@link plainText} without double blanks, at most 500 characters. */
export function tidyText(text: string): string {
  return plainText(text).replaceAll(/ {2,}/g, ' ').trim().slice(0, mostText);
}
