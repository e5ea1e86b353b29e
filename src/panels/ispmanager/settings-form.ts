import type { HookCall, Language } from '../../core/panel.ts';
import type { PanelKind } from '../../net/ispmanager/panel-kind.ts';
import { escapeXml } from '../../net/xml.ts';
import { dialectOf } from './api.ts';
import type { CallDialect } from './dialect.ts';

/** One call of the settings form. */
export interface FormCall {
  readonly language: Language;
  /** Whether OK was pressed; otherwise the form is being opened. */
  readonly saving: boolean;
  /** Whether the person may see it: an administrator (reference section 3). */
  readonly allowed: boolean;
  /** Fields by name as they were sent; an absent field is empty. */
  readonly field: (name: string) => string;
}

/** How a panel of this kind calls the form, and takes its answer. */
export function formCalls(kind: PanelKind): CallDialect {
  return dialectOf({ root: '', kind }).calls;
}

/** Reads one call of the settings form (docs/protocol.md#handlers-4, #handlers-5). A form that is only drawn anew is being opened (docs/protocol.md#parameters). Pure. */
export function decodeForm(call: HookCall, calls: CallDialect): FormCall {
  const { parameters } = calls.readings(call);
  return {
    language: calls.language(call),
    saving: (parameters.get('sok') ?? '') !== '' && (parameters.get('sv_field') ?? '') === '',
    allowed: calls.actor(call).rank === 'administrator',
    field: (name) => parameters.get(name) ?? '',
  };
}

/** A choice of a select: the value sent and the text shown. */
export type Choice = readonly [value: string, text: string];

export interface FormDocument {
  /** Fields by name. A flag is on when it is `on` and absent when off (docs/protocol.md#documents). */
  readonly fields: Readonly<Record<string, string>>;
  readonly choices: Readonly<Record<string, readonly Choice[]>>;
  /** Why nothing was saved, and at which field; `null` = nothing is wrong. */
  readonly error: { readonly field: string; readonly text: string } | null;
}

/** The form document (docs/protocol.md#documents), with the error and its field in the panel's own way (docs/protocol.md#errors-5). */
export function encodeForm({ fields, choices, error }: FormDocument, calls: CallDialect): string {
  const values = Object.entries(fields).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  const lists = Object.entries(choices).map(([name, options]) => {
    const items = options.map(([key, text]) => `<val key="${escapeXml(key)}">${escapeXml(text)}</val>`);
    return `<slist name="${name}">${items.join('')}</slist>`;
  });
  const wrong = error === null ? '' : calls.error(error.text, error.field);
  return documentOf(`${wrong}${values.join('')}${lists.join('')}`);
}

/** The answer that closes the form (docs/protocol.md#documents). */
export function encodeFormSaved(): string {
  return documentOf('<ok/>');
}

function documentOf(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<doc>${content}</doc>\n`;
}
