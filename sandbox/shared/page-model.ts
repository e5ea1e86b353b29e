import { child, childrenOf } from './xml.ts';
import type { Params } from './params.ts';
import type { Field, FormView } from './page-views.ts';
import type { Element } from './xml.ts';

/** What a page says went wrong, and at which field. */
export interface Wrong {
  readonly text: string;
  readonly field: string;
}

/** A row's columns, or a form's fields. */
export function cells(row: Element): ReadonlyMap<string, string> {
  return new Map(row.children.map((cell) => [cell.name, cell.text]));
}

/** The text of an error, in the shape of version 4 or later ones (docs/protocol.md#errors-4, #errors-5). */
export function wrongOf(doc: Element): Wrong | null {
  const error = child(doc, 'error');
  if (error === undefined) return null;
  const { code = '', obj = '', val = '', type = '', object = '' } = error.attributes;
  const said = [child(error, 'msg')?.text, child(error, 'detail')?.text, error.text];
  const text =
    said.find((one) => one !== undefined && one !== '') ?? `Error ${type}${code} ${object}${obj}${val}`;
  return { text, field: type === 'value' ? object : val };
}

/** Rows of a list document, wherever in it they are (docs/protocol.md#documents, #modules-5). */
export function rowsOf(doc: Element): readonly Element[] {
  const inside = childrenOf(doc, 'list').flatMap((list) => childrenOf(list, 'elem'));
  return [...childrenOf(doc, 'elem'), ...inside];
}

/**
 * The values of a form's fields: the document's; what was sent when it brings none beside an error; a new
 * form's own.
 * @param posted what was sent when the form is shown again
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

/** All fields of a form, with those that follow by the value of one. */
export function fieldsOf(view: FormView, value: (name: string) => string): readonly Field[] {
  const { byType } = view;
  if (byType === undefined) return view.fields;
  return [...view.fields, ...(byType.fields[value(byType.field)] ?? byType.fallback)];
}

/**
 * The document's own list of values (docs/protocol.md#documents), else the view's; a `msg` value is looked up
 * in the texts.
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
