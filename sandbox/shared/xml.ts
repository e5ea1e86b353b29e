import { SaxesParser } from 'saxes';

/** An XML element. `text` is all character data directly in it, joined. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

/** Makes an element. `content`: its text, or its children. */
export function element(
  name: string,
  content: string | readonly Element[] = '',
  attributes: Readonly<Record<string, string>> = {},
): Element {
  return typeof content === 'string'
    ? { name, attributes, children: [], text: content }
    : { name, attributes, children: content, text: '' };
}

/** The first child with this name; undefined: there is none. */
export function child(parent: Element, name: string): Element | undefined {
  return parent.children.find((one) => one.name === name);
}

export function childrenOf(parent: Element, name: string): readonly Element[] {
  return parent.children.filter((one) => one.name === name);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

function escape(text: string): string {
  // XML cannot contain other control characters, so they are left out.
  const allowed = text.replaceAll(/(?![\t\n\r])\p{Cc}/gu, '');
  return allowed.replaceAll(/[&<>"\r]/gu, (character) => ESCAPES[character] ?? character);
}

function write(node: Element): string {
  const attributes = Object.entries(node.attributes).map(([name, value]) => ` ${name}="${escape(value)}"`);
  const inner = escape(node.text) + node.children.map(write).join('');
  const open = node.name + attributes.join('');
  return inner === '' ? `<${open}/>` : `<${open}>${inner}</${node.name}>`;
}

/** Writes the document as text, with an XML declaration. */
export function writeXml(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${write(root)}\n`;
}

interface Open {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

function close(open: Open): Element {
  const text = open.children.length > 0 && open.text.trim() === '' ? '' : open.text;
  return { ...open, text };
}

/**
 * Parses one document. White space between elements is dropped.
 * @throws Error when the text is not one well-formed document
 */
export function parseXml(text: string): Element {
  const parser = new SaxesParser();
  const stack: Open[] = [];
  let root: Element | null = null;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => {
    const attributes: Record<string, string> = {};
    for (const [name, value] of Object.entries(tag.attributes)) attributes[name] = value;
    stack.push({ name: tag.name, attributes, children: [], text: '' });
  });
  const addText = (piece: string): void => {
    const top = stack.at(-1);
    if (top !== undefined) top.text += piece;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const done = stack.pop();
    if (done === undefined) return;
    const parent = stack.at(-1);
    if (parent === undefined) root = close(done);
    else parent.children.push(close(done));
  });
  parser.write(text).close();
  if (root === null) throw new Error('no document');
  return root;
}
