import { child, element } from '../shared/xml.ts';
import type { Occasion } from '../shared/dialects.ts';
import type { Element } from '../shared/xml.ts';

/**
 * For the error codes of version 4, the error types of version 5/6. It is not known how panels spell the
 * types after `missed` (docs/protocol.md#errors-5).
 */
const TYPES: Readonly<Record<string, string>> = {
  '1': 'internal',
  '2': 'exists',
  '3': 'missed',
  '4': 'value',
  '5': 'limit',
  '6': 'access',
  '7': 'license',
  '100': 'auth',
  '200': 'referer_confirm',
};

const GROUPS: Readonly<Record<string, string>> = {
  exists: "__object__ with '__value__' already exists",
  missed: "__object__ with '__value__' does not exist",
  value: "The value of __object__ is not valid: '__value__'",
};

function placeholder(name: string, value: string, isMessage: boolean): Element {
  return element('param', value, isMessage ? { name, type: 'msg', msg: value } : { name });
}

/**
 * Makes an error element of version 5/6: type, object, parameters, stack of calls, text
 * (docs/protocol.md#errors-5).
 */
export function errorElement(
  type: string,
  object: string,
  text: string,
  { func, user, level, lang }: Pick<Occasion, 'func' | 'user' | 'level' | 'lang'>,
): Element {
  const group = GROUPS[type] ?? 'An error in __object__';
  const action = element('action', func, { level, user });
  const parts = [
    placeholder('object', object, true),
    placeholder('value', '', false),
    element('stack', [action]),
    element('group', group),
  ];
  const words = text === '' ? [] : [element('detail', text), element('msg', text)];
  // The error of a refused login has a code as well as a type (docs/protocol.md#generations, #login-answers).
  const code: Record<string, string> = type === 'auth' ? { code: '1' } : {};
  return element('error', [...parts, ...words], { type, object, lang, ...code });
}

/**
 * Turns an error of version 4 in a document into one of version 5/6. Errors that plugins made stay as they
 * are.
 */
export function withOwnError(doc: Element, occasion: Occasion): Element {
  const error = child(doc, 'error');
  if (error === undefined || error.attributes['code'] === undefined || 'type' in error.attributes) return doc;
  const { code = '', obj = '', val = '' } = error.attributes;
  const own = errorElement(TYPES[code] ?? 'message', obj + val, error.text, occasion);
  return { ...doc, children: doc.children.map((one) => (one === error ? own : one)) };
}
