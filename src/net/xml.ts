import { SaxesParser } from 'saxes';
import { Pace } from './slices.ts';

/** One element of a parsed document. It has only what is needed to read the answers of panels. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The text directly inside the element, joined and not trimmed. */
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/**
 * Thrown if a document is cut off or not well-formed. Also thrown if it uses parts of XML that panels do not
 * need: a document type, or entities that such a type defines.
 */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}

/** Maximum depth of nesting that is accepted; panels use four levels. */
const mostDepth = 64;

/** Maximum number of elements and attributes in a document; 100,000 rows have fewer. */
const mostParts = 1_000_000;

/** Number of characters after which the parser checks whether a pause is due. */
const piece = 16 * 1024;

/** Shared by all elements without attributes, to save memory. */
const noAttributes: Readonly<Record<string, string>> = {};

interface Open {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
  readonly children: XmlElement[];
}

/**
 * Parses a whole XML document, with pauses for other work. A document that is cut off is always an error
 * (docs/protocol.md#documents). A document type is refused. Only the five predefined entities and character
 * references are accepted.
 * @throws {XmlError}
 */
export async function parseXmlInSlices(text: string): Promise<XmlElement> {
  const reader = xmlReader();
  const pace = new Pace();
  for (let at = 0; at < text.length; at += piece) {
    if (pace.due) await pace.rest();
    reader.write(text.slice(at, at + piece));
  }
  return reader.end();
}

/** Makes a reader that is fed piece by piece. All its functions may throw {@link XmlError}. */
export function xmlReader() {
  const parser = new SaxesParser({ fragment: false, xmlns: false });
  const stack: Open[] = [];
  let root: XmlElement | null = null;
  let parts = 0;
  parser.on('error', (error) => {
    throw new XmlError(error.message);
  });
  parser.on('doctype', () => {
    throw new XmlError('a document type is not accepted');
  });
  const count = (): void => {
    parts += 1;
    if (parts > mostParts) throw new XmlError('too many elements');
  };
  parser.on('attribute', count);
  parser.on('opentag', ({ name, attributes }) => {
    if (stack.length >= mostDepth) throw new XmlError('nested too deeply');
    count();
    const own = Object.keys(attributes).length === 0 ? noAttributes : { ...attributes };
    stack.push({ name, attributes: own, text: '', children: [] });
  });
  const addText = (text: string): void => {
    const top = stack.at(-1);
    if (top !== undefined) top.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = stack.pop();
    if (element === undefined) return;
    const parent = stack.at(-1);
    if (parent === undefined) root = element;
    else parent.children.push(element);
  });
  const end = (): XmlElement => {
    parser.close();
    if (root === null) throw new XmlError('the document has no root element');
    return root;
  };
  return { write: (text: string) => parser.write(text), end };
}

/** The first child with this name; `undefined` if there is none. */
export function child(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((one) => one.name === name);
}

/** The text of the first child with this name; `undefined` if there is none. */
export function childText(element: XmlElement, name: string): string | undefined {
  return child(element, name)?.text;
}

/** All children with this name. */
export function childrenNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((one) => one.name === name);
}

/**
 * Escapes a text for use as element content or attribute value. Replaces characters that XML 1.0 cannot
 * contain (section 2.2) with U+FFFD.
 */
export function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
