import { child, childrenOf, element, writeXml } from '../shared/xml.ts';
import { withOwnError } from './errors.ts';
import type { Occasion, Rendered } from '../shared/dialects.ts';
import type { Switches } from '../shared/switches.ts';
import type { Element } from '../shared/xml.ts';

/** How a panel of this generation writes its documents. */
export interface Writing {
  readonly panel: string;
  /** How a row ends when a list is written as text (docs/protocol.md#text-output). */
  readonly rowEnd: '\n' | '\n\n';
}

/**
 * Adds what panels put around the data: attributes of `doc`, the parameters, filters, tips
 * (docs/protocol.md#documents).
 */
function dressed(doc: Element, panel: string, occasion: Occasion, switches: Switches): Element {
  const { func, lang, params } = occasion;
  const attributes = {
    lang,
    func,
    binary: `/${panel}`,
    host: 'https://127.0.0.1:1500',
    themename: 'orion',
    theme: '/manimg/orion/',
    css: 'main.css',
    logo: 'logo.png',
    logolink: '',
    favicon: 'favicon.ico',
    localdir: 'local/',
    features: '',
    notify: '0',
    ...doc.attributes,
  };
  if (!switches.noise) return { ...doc, attributes };
  const echo = Object.entries(params)
    .filter(([name]) => /^[A-Za-z_][\w.-]*$/u.test(name))
    .map(([name, value]) => element(name, name === 'out' && value === 'json' ? 'xjson' : value));
  const noise = [
    element('tparams', echo),
    element('saved_filters'),
    element('tips', [element('tip', 'domain')]),
  ];
  return { ...doc, attributes, children: [...doc.children, ...noise] };
}

type Json = string | { [name: string]: Json } | Json[];

/**
 * Makes JSON with the structure of the XML (docs/protocol.md#formats). Attributes become `$name`, text
 * becomes `$`. A repeated element is an array, a single one an object, an empty one `{}`.
 */
function mirrored(node: Element): Json {
  const result: { [name: string]: Json } = {};
  for (const [name, value] of Object.entries(node.attributes)) result[`$${name}`] = value;
  if (node.text !== '') result['$'] = node.text;
  for (const name of new Set(node.children.map((one) => one.name))) {
    const same = childrenOf(node, name).map(mirrored);
    const [only] = same;
    result[name] = same.length === 1 && only !== undefined ? only : same;
  }
  return result;
}

function flat(row: Element): Record<string, string> {
  return Object.fromEntries(row.children.map((cell) => [cell.name, cell.text]));
}

/** Makes JSON with only the data (docs/protocol.md#formats). */
function bare(doc: Element): unknown {
  const error = child(doc, 'error');
  if (error !== undefined) {
    const { type = '', object = '' } = error.attributes;
    return { error: { msg: child(error, 'msg')?.text ?? '', code: type, obj: object } };
  }
  if (child(doc, 'ok') !== undefined) return { ok: '' };
  const rows = childrenOf(doc, 'elem');
  return rows.length > 0 ? rows.map(flat) : flat(doc);
}

/** Like `bare`, with `"ok":true`. Nothing else is known of this format (docs/protocol.md#formats). */
function bareWithTruth(doc: Element): unknown {
  return child(doc, 'ok') === undefined ? bare(doc) : { ok: true };
}

/**
 * Writes a document as text: a list with one row a line, or a form with one field a line
 * (docs/protocol.md#text-output).
 */
function inText(doc: Element, { rowEnd }: Writing): string {
  const error = child(doc, 'error');
  if (error !== undefined) {
    const { type = '', object = '' } = error.attributes;
    return `ERROR type=${type} object=${object} ${child(error, 'msg')?.text ?? ''}\n`;
  }
  if (child(doc, 'ok') !== undefined) return 'OK\n';
  const rows = childrenOf(doc, 'elem');
  const line = (row: Element): string => row.children.map(({ name, text }) => `${name}=${text}`).join(' ');
  if (rows.length > 0) return `${rows.map(line).join(rowEnd)}\n`;
  const fields = doc.children.filter(({ name }) => name !== 'slist');
  return fields.map(({ name, text }) => `${name}=${text}\n`).join('');
}

/**
 * Writes the answer to a call without `out`: JSON for the panel's pages, with escapes that JSON parsers
 * refuse (docs/protocol.md#formats).
 */
function themed(doc: Element): string {
  const content = childrenOf(doc, 'elem').map((row) =>
    Object.fromEntries(row.children.map(({ name, text }) => [name, { v: text }])),
  );
  return JSON.stringify({ content }).replaceAll("'", String.raw`\'`);
}

/** Writes a document in the format that the call asks for. */
export function render(doc: Element, writing: Writing, occasion: Occasion, switches: Switches): Rendered {
  const { panel } = writing;
  const own = withOwnError(doc, occasion);
  const xml = { type: 'text/xml; charset=UTF-8', body: '' };
  const json = { type: 'application/json; charset=UTF-8', body: '' };
  switch (occasion.out) {
    case 'xml':
      return { ...xml, body: writeXml(dressed(own, panel, occasion, switches)) };
    case 'devel':
      return {
        ...xml,
        body: writeXml(
          dressed(
            { ...own, children: [...own.children, element('metadata'), element('messages')] },
            panel,
            occasion,
            switches,
          ),
        ),
      };
    case 'json':
    case 'xjson':
    case 'sjson':
      return { ...json, body: JSON.stringify({ doc: mirrored(dressed(own, panel, occasion, switches)) }) };
    case 'JSONdata':
      return { ...json, body: JSON.stringify(bare(own)) };
    case 'bjson':
      return { ...json, body: JSON.stringify(bareWithTruth(own)) };
    case 'text':
      return { type: 'text/plain; charset=UTF-8', body: inText(own, writing) };
    case undefined:
    default:
      return { ...json, body: themed(own) };
  }
}
