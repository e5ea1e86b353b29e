import type { HookCall } from '../../core/panel.ts';
import type { IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import { escapeXml } from '../../net/xml.ts';
import type { FormCall, FormDocument, FormLanguage } from '../module.ts';
import { dialectOf } from './api.ts';
import type { CallDialect } from './dialect.ts';

/** How a panel of this kind passes calls of the settings form, and which answer it expects. */
export function settingsForm(kind: IspmanagerKind): FormLanguage {
  const { calls } = dialectOf({ root: '', kind });
  return {
    decode: (call) => decodeForm(call, calls),
    encode: (document) => encodeForm(document, calls),
    saved: () => documentOf('<ok/>'),
  };
}

/**
 * Decodes one call of the settings form (docs/protocol.md#handlers-4, #handlers-5). A form that is only
 * redrawn (`sv_field`) counts as being opened (docs/protocol.md#parameters). Pure.
 */
function decodeForm(call: HookCall, calls: CallDialect): FormCall {
  const { parameters } = calls.readings(call);
  return {
    language: calls.language(call),
    saving: (parameters.get('sok') ?? '') !== '' && (parameters.get('sv_field') ?? '') === '',
    allowed: calls.actor(call).rank === 'administrator',
    field: (name) => parameters.get(name) ?? '',
  };
}

/**
 * Encodes the form's document (docs/protocol.md#documents). An error is shown at its field, in the panel's
 * format (docs/protocol.md#errors-5).
 */
function encodeForm({ fields, choices, error }: FormDocument, calls: CallDialect): string {
  const values = Object.entries(fields).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  const lists = Object.entries(choices).map(([name, options]) => {
    const items = options.map(([key, text]) => `<val key="${escapeXml(key)}">${escapeXml(text)}</val>`);
    return `<slist name="${name}">${items.join('')}</slist>`;
  });
  const wrong = error === null ? '' : calls.error(error.text, error.field);
  return documentOf(`${wrong}${values.join('')}${lists.join('')}`);
}

function documentOf(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<doc>${content}</doc>\n`;
}
