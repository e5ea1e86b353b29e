import { child, childrenOf, element, writeXml } from '../shared/xml.ts';
import type { Occasion, Rendered } from '../shared/dialects.ts';
import type { Element } from '../shared/xml.ts';

function isFlag(cell: Element): boolean {
  return cell.text === '' && cell.children.length === 0 && Object.keys(cell.attributes).length === 0;
}

function cells(row: Element): string {
  return row.children.map((cell) => `${cell.name}=${isFlag(cell) ? '' : cell.text}`).join(' ');
}

function textError(error: Element): string {
  const about = Object.entries(error.attributes).map(([name, value]) => `${name}=${value}`);
  return `ERROR ${about.join(' ')}${error.text === '' ? '' : ` ${error.text}`}\n`;
}

/**
 * Writes a document as text: `OK`; `ERROR` with the error; rows of `key=value` with blank lines between; or a
 * form with one field a line (docs/protocol.md#text-output).
 */
function renderText(doc: Element): string {
  const error = child(doc, 'error');
  if (error !== undefined) return textError(error);
  if (child(doc, 'authfail') !== undefined) return 'ERROR authfail\n';
  if (child(doc, 'ok') !== undefined) return 'OK\n';
  const rows = childrenOf(doc, 'elem');
  if (rows.length > 0) return `${rows.map(cells).join('\n\n')}\n`;
  const fields = doc.children.filter((field) => field.name !== 'slist' && field.name !== 'banner');
  return fields.map((field) => `${field.name}=${fieldText(field)}\n`).join('');
}

function fieldText(field: Element): string {
  return field.text === '' ? (field.attributes['id'] ?? '') : field.text;
}

function flat(row: Element): Record<string, string> {
  return Object.fromEntries(row.children.map((cell) => [cell.name, isFlag(cell) ? 'on' : cell.text]));
}

/**
 * Writes a document as JSON. Texts have no `doc` around them, and rows are always a list `elem`
 * (docs/protocol.md#formats).
 */
function renderJson(doc: Element): string {
  if (child(doc, 'ok') !== undefined) return JSON.stringify({ result: 'OK' });
  const result: Record<string, unknown> = {};
  const rows = childrenOf(doc, 'elem');
  if (rows.length > 0) result['elem'] = rows.map(flat);
  for (const field of doc.children) {
    if (field.name === 'error') result['error'] = { ...field.attributes, msg: field.text };
    else if (!['elem', 'slist', 'banner'].includes(field.name)) result[field.name] = fieldText(field);
  }
  return JSON.stringify(result);
}

/** Writes a page for browsers, the answer to a call without `out` (docs/protocol.md#formats). */
function renderHtml(doc: Element, title: string): string {
  const error = child(doc, 'error');
  const lines = renderText(doc).split('\n').filter(Boolean);
  const list = lines.map((line) => element('li', line));
  const body = [element('h1', title), element(error === undefined ? 'ul' : 'ol', list)];
  const page = element('html', [element('head', [element('title', title)]), element('body', body)]);
  return `<!DOCTYPE html>\n${writeXml(page).replace(/^<\?xml[^\n]*\n/u, '')}`;
}

/**
 * Writes text for HTTP: a success is exactly `OK `, and an error is an XML document
 * (docs/protocol.md#text-output).
 */
function textOverHttp(doc: Element): string {
  if (child(doc, 'error') !== undefined || child(doc, 'authfail') !== undefined) return writeXml(doc);
  return child(doc, 'ok') === undefined ? renderText(doc) : 'OK ';
}

/** Writes a document in the format `out`: `xml`, `text` or `json`. Any other value gives a page. */
export function render(doc: Element, { out, title, via }: Occasion): Rendered {
  switch (out) {
    case 'xml':
      return { type: 'text/xml', body: writeXml(doc) };
    case 'text':
      return { type: 'text/plain', body: via === 'http' ? textOverHttp(doc) : renderText(doc) };
    case 'json':
      return { type: 'application/json', body: renderJson(doc) };
    case undefined:
    default:
      return { type: 'text/html; charset=UTF-8', body: renderHtml(doc, title) };
  }
}
