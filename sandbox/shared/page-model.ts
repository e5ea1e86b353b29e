import { child, childrenOf } from './xml.ts';
import type { Params } from './params.ts';
import type { Field, FormView } from './page-views.ts';
import type { Element } from './xml.ts';

/** The error on a page, and the name of the field that it is about; empty: none. */
export interface Wrong {
  readonly text: string;
  readonly field: string;
}

/** The texts of a row's columns, or of a form's fields, by name. */
export function cells(row: Element): ReadonlyMap<string, string> {
  return new Map(row.children.map((cell) => [cell.name, cell.text]));
}

/** The error of a document, of version 4 or 5/6 (docs/protocol.md#errors-4, #errors-5); null: it has none. */
export function wrongOf(doc: Element): Wrong | null {
  const error = child(doc, 'error');
  if (error === undefined) return null;
  const { code = '', obj = '', val = '', type = '', object = '' } = error.attributes;
  const said = [child(error, 'msg')?.text, child(error, 'detail')?.text, error.text];
  const text =
    said.find((one) => one !== undefined && one !== '') ?? `Error ${type}${code} ${object}${obj}${val}`;
  return { text, field: type === 'value' ? object : val };
}

/**
 * The rows of a list document. They may be inside a `list` element (docs/protocol.md#documents, #modules-5).
 */
export function rowsOf(doc: Element): readonly Element[] {
  const inside = childrenOf(doc, 'list').flatMap((list) => childrenOf(list, 'elem'));
  return [...childrenOf(doc, 'elem'), ...inside];
}

/**
 * The values of a form's fields. They come from the document. If the document has only an error, they are
 * those that the user sent; in a new form, those of the view.
 * @param posted what the user sent, if the form is shown again; null: the form is new
 */
export function valuesOf(
  doc: Element | null,
  view: FormView,
  posted: Params | null,
  isWrong: boolean,
): (name: string) => string {
  const said = doc === null ? new Map<string, string>() : cells(doc);
  const hasValues = doc?.children.some(({ name }) => name !== 'error' && name !== 'slist') === true;
  return (name) => {
    if (posted !== null && !hasValues) return posted.get(name) ?? '';
    const fallback = view.fields.find((one) => one.name === name)?.fallback ?? '';
    return said.get(name) ?? (isWrong ? '' : fallback);
  };
}

/** All fields of a form, including those that depend on the value of another field. */
export function fieldsOf(view: FormView, value: (name: string) => string): readonly Field[] {
  const { byType } = view;
  if (byType === undefined) return view.fields;
  return [...view.fields, ...(byType.fields[value(byType.field)] ?? byType.fallback)];
}

/**
 * The choices of a select field, as value and text. They come from the document (docs/protocol.md#documents);
 * if it has none, from the view. A `msg` element contains the name of a text.
 */
export function optionsOf(
  lists: readonly Element[],
  field: Field,
  own: (name: string) => string | undefined,
): (readonly [string, string])[] {
  const list = lists.find((one) => one.attributes['name'] === field.name);
  if (list === undefined) return (field.values ?? []).map((value) => [value, value] as const);
  return list.children.map((one) => {
    const shown = one.name === 'msg' ? (own(one.text) ?? one.text) : one.text;
    return [one.attributes['key'] ?? one.text, shown] as const;
  });
}
