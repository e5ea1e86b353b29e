import { PanelError } from '../../core/panel.ts';
import { childrenNamed, type XmlElement } from '../../net/xml.ts';

/**
 * The rows of a list. An empty list may be shown as one empty row (docs/protocol.md#documents).
 * @throws {PanelError} `panel.garbled` if a banner about a record limit shows that rows are missing
 *   (docs/protocol.md#list-limits)
 */
export function rowsOf(document: XmlElement): readonly XmlElement[] {
  const cut = childrenNamed(document, 'banner').some((banner) =>
    /limit/i.test(`${banner.attributes['id'] ?? ''} ${banner.attributes['infotype'] ?? ''} ${banner.text}`),
  );
  if (cut) throw new PanelError('panel.garbled', { text: 'the list is cut at the record limit' });
  return childrenNamed(document, 'elem').filter((row) => row.children.length > 0);
}
