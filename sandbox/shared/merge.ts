import { child, element, parseXml } from './xml.ts';
import type { Element } from './xml.ts';

/**
 * Reads what a handler printed: one XML document.
 * @param skips whether what precedes the first `<`, such as CGI headers, is passed over
 *   (docs/protocol.md#handlers-4)
 * @throws Error for anything else
 */
export function readOutput(output: string, skips: boolean): Element {
  return parseXml(skips ? output.slice(Math.max(output.indexOf('<'), 0)) : output.trimStart());
}

/** The document's `error`, alone; null: it has none. */
export function errorOf(doc: Element): Element | null {
  const error = child(doc, 'error');
  return error === undefined ? null : element('doc', [error]);
}

/**
 * Adds a `cgi` handler's document to the panel's (docs/protocol.md#stages-4). An `error` ends everything, a
 * `redirect` wins over all else, `ok` replaces `ok`, `param` is ignored. A field replaces the field of its
 * name, rows are added.
 */
export function mergeDocuments(base: Element, added: Element): Element {
  const error = errorOf(added);
  if (error !== null) return error;
  const redirect = child(added, 'redirect') ?? child(base, 'redirect');
  if (redirect !== undefined) return element('doc', [redirect]);
  let children = [...base.children];
  for (const node of added.children) {
    if (node.name === 'param' || node.name === 'params') continue;
    const replaces = node.name !== 'elem' && node.name !== 'banner' && node.name !== 'slist';
    if (replaces) children = children.filter((other) => other.name !== node.name);
    children.push(node);
  }
  return { ...base, children };
}

/**
 * The document of a plugin's own function as the caller gets it: like {@link mergeDocuments}, but values
 * beside an error stay.
 */
export function mergeForm(said: Element): Element {
  if (child(said, 'error') === undefined) return mergeDocuments(element('doc'), said);
  return { ...said, children: said.children.filter(({ name }) => name !== 'param' && name !== 'params') };
}

/**
 * What an `xml` handler gets is not all for the caller: parameters, metadata and messages are taken out
 * again.
 */
export function withoutInput(doc: Element): Element {
  const inside = new Set(['params', 'metadata', 'messages']);
  const { user: _user, level: _level, ...attributes } = doc.attributes;
  return { ...doc, attributes, children: doc.children.filter((node) => !inside.has(node.name)) };
}
