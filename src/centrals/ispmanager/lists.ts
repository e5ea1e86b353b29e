import { mapInSlices } from '../../net/slices.ts';
import { childrenNamed, type XmlElement } from '../../net/xml.ts';
import { centralRefusal } from '../errors.ts';
import { garbled } from '../http-answer.ts';

/**
 * Identifiers of banners that report missing rows, in any language of the panel
 * (docs/protocol.md#list-limits).
 */
const limitIds = /(?:record|row|list|table|elem)_?limit|too_?many/iu;
/**
 * Words in banners that report missing rows. Such a banner has a word of `partly` and a word of `rowsOf`.
 * Other banners are news, licences or advice.
 */
const partly = /\b(?:only|first|not shown|truncated|limited)\b|показан|первы|ограничен/iu;
const rowsOf = /\b(?:rows?|records?|elements?|items?|entries)\b|запис|строк|элемент/iu;

/** One row of a list. The key is a column's name, and the value is the text in that column. */
export type ListedRow = Readonly<Record<string, string>>;

/**
 * Reads all rows of a list document.
 * @param keyOf returns the identifier of a row (docs/protocol.md#documents)
 * @throws {CentralError} `central.list-cut` if a banner reports missing rows, `central.garbled` if a row has
 *   no identifier
 */
export async function readRows(
  doc: XmlElement,
  keyOf: (row: ListedRow) => string,
): Promise<readonly ListedRow[]> {
  if (childrenNamed(doc, 'banner').some(saysCut)) throw centralRefusal('central.list-cut');
  const elements = childrenNamed(doc, 'elem');
  // Some panels show an empty list as one empty row (docs/protocol.md#documents).
  if (elements.length === 1 && elements[0]?.children.length === 0) return [];
  return await mapInSlices(elements, (element) => {
    const row = Object.fromEntries(element.children.map(({ name, text }) => [name, text]));
    if (keyOf(row) === '') throw garbled('a row without its identifier', 'read');
    return row;
  });
}

function saysCut({ attributes, text }: XmlElement): boolean {
  const identifiers = `${attributes['id'] ?? ''} ${attributes['info'] ?? ''} ${attributes['infotype'] ?? ''}`;
  return limitIds.test(identifiers) || (partly.test(text) && rowsOf.test(text));
}
