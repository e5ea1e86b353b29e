import type { HookCall, Language } from '../../core/panel.ts';
import { escapeXml } from '../../net/xml.ts';
import { isAdmin, language } from './hook.ts';
import { readParameters } from './parameters.ts';

/** One call of the settings form. */
export interface FormCall {
  readonly language: Language;
  /** Whether OK was pressed; otherwise the form is being opened. */
  readonly saving: boolean;
  /** Whether the person may see it: an administrator (level 7, reference 3). */
  readonly allowed: boolean;
  /** Fields by name as they were sent; an absent field is empty. */
  readonly field: (name: string) => string;
}

/** Reads one call of the settings form, which the panel makes like a CGI call (reference 10.3). Pure. */
export function decodeForm(call: HookCall): FormCall {
  const parameters = readParameters(call);
  return {
    language: language(call),
    saving: (parameters.get('sok') ?? '') !== '',
    allowed: isAdmin(call),
    field: (name) => parameters.get(name) ?? '',
  };
}

/** A choice of a select: the value sent and the text shown. */
export type Choice = readonly [value: string, text: string];

export interface FormDocument {
  /** Fields by name. A flag is on when it is `on` and absent when off (reference 4.2). */
  readonly fields: Readonly<Record<string, string>>;
  readonly choices: Readonly<Record<string, readonly Choice[]>>;
  /** Why nothing was saved, and at which field; `null` = nothing is wrong. */
  readonly error: { readonly field: string; readonly text: string } | null;
}

/** The form document (reference 4.2); an error is code 9 with the field in `val` (reference 5.1). */
export function encodeForm({ fields, choices, error }: FormDocument): string {
  const values = Object.entries(fields).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  const lists = Object.entries(choices).map(([name, options]) => {
    const items = options.map(([key, text]) => `<val key="${escapeXml(key)}">${escapeXml(text)}</val>`);
    return `<slist name="${name}">${items.join('')}</slist>`;
  });
  const wrong =
    error === null ? '' : `<error code="9" val="${escapeXml(error.field)}">${escapeXml(error.text)}</error>`;
  return documentOf(`${wrong}${values.join('')}${lists.join('')}`);
}

/** The answer that closes the form (reference 4.2). */
export function encodeFormSaved(): string {
  return documentOf('<ok/>');
}

function documentOf(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<doc>${content}</doc>\n`;
}
