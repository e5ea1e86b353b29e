import { PanelError } from '../../core/panel.ts';
import { childrenNamed, type XmlElement } from '../../net/xml.ts';

/**
 * Throws if a banner about a record limit shows that rows are missing (docs/protocol.md#list-limits).
 * @throws {PanelError} `panel.garbled`
 */
export function refuseCut(document: XmlElement): void {
  const cut = childrenNamed(document, 'banner').some((banner) =>
    /limit/i.test(`${banner.attributes['id'] ?? ''} ${banner.attributes['infotype'] ?? ''} ${banner.text}`),
  );
  if (cut) throw new PanelError('panel.garbled', { text: 'the list is cut at the record limit' });
}
