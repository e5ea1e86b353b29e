import { child, element, parseXml } from './xml.ts';
import type { Element } from './xml.ts';

/**
 * Parses the output of a handler, which must be one XML document.
 * @param skips whether text before the first `<`, such as CGI headers, is ignored
 *   (docs/protocol.md#handlers-4)
 * @throws Error for any other output
 */
export function readOutput(output: string, skips: boolean): Element {
  return parseXml(skips ? output.slice(Math.max(output.indexOf('<'), 0)) : output.trimStart());
}

/** Makes a document with only the `error` element of `doc`; null: `doc` has no error. */
export function errorOf(doc: Element): Element | null {
  const error = child(doc, 'error');
  return error === undefined ? null : element('doc', [error]);
}

/**
 * Merges a `cgi` handler's document into the panel's (docs/protocol.md#stages-4). An `error` replaces
 * everything; if there is none, a `redirect` does. Rows are added, any other element replaces elements with
 * its name, and `param` is ignored.
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
 * Makes the answer to a call of a plugin's function from the function's document. Unlike
 * {@link mergeDocuments}, it keeps values beside an error.
 */
export function mergeForm(said: Element): Element {
  if (child(said, 'error') === undefined) return mergeDocuments(element('doc'), said);
  return { ...said, children: said.children.filter(({ name }) => name !== 'param' && name !== 'params') };
}

/**
 * An `xml` handler's document without the parts that the panel had put into its input: parameters, metadata
 * and messages.
 */
export function withoutInput(doc: Element): Element {
  const inside = new Set(['params', 'metadata', 'messages']);
  const { user: _user, level: _level, ...attributes } = doc.attributes;
  return { ...doc, attributes, children: doc.children.filter((node) => !inside.has(node.name)) };
}
