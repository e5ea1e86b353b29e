import { element } from './xml.ts';
import type { Element } from './xml.ts';

/**
 * An error of a function (docs/protocol.md#errors-4): a code, the object or value that it is about, and a
 * text.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: number;
  readonly about: { readonly obj?: string; readonly val?: string };

  constructor(code: number, about: { readonly obj?: string; readonly val?: string }, text: string) {
    super(text);
    this.code = code;
    this.about = about;
  }
}

export function internal(text: string): Refusal {
  return new Refusal(1, {}, text);
}

export function exists(obj: string, name: string): Refusal {
  return new Refusal(2, { obj }, `The ${obj} '${name}' already exists`);
}

export function missing(obj: string, name: string): Refusal {
  return new Refusal(3, { obj }, `The ${obj} '${name}' does not exist`);
}

export function badValue(val: string, text = `The value of the field '${val}' is not valid`): Refusal {
  return new Refusal(4, { val }, text);
}

export function overLimit(val: string): Refusal {
  return new Refusal(5, { val }, `The limit '${val}' is exceeded`);
}

export function denied(obj: string): Refusal {
  return new Refusal(6, { obj }, 'Access denied');
}

/**
 * Makes the document `<doc><error/></doc>` for an error.
 * @param withText whether it contains the error's text
 */
export function refusalDocument(refusal: Refusal, withText: boolean): Element {
  const attributes: Record<string, string> = { code: String(refusal.code), ...refusal.about };
  return element('doc', [element('error', withText ? refusal.message : '', attributes)]);
}
