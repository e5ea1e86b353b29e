import type { RegisteredHandlers } from '../../core/panel-hand.ts';
import type { XmlElement } from '../../net/xml.ts';
import type { FunctionRole } from './dialect.ts';

/** Roles of functions whose calls are edits of DNS. */
const edits: readonly FunctionRole[] = ['zone-form', 'zone-delete', 'record-form', 'record-delete'];

/** The text with which the names of our handlers begin. */
const ours = 'domainsync';

/**
 * Reads the answer of `eventlist`. The names of its columns are not documented (docs/protocol.md#eventlist),
 * so all columns are searched. A row is about us if it contains the name of one of our handlers as a whole
 * word. Pure.
 */
export function readRegistered(
  document: XmlElement,
  functions: Readonly<Record<string, FunctionRole>>,
): RegisteredHandlers {
  const rows = document.children.filter(({ name }) => name === 'elem').map(wordsOf);
  const own = rows.filter((words) => words.some((word) => word === ours || word.startsWith(`${ours}_`)));
  const listed = new Set(own.flat());
  const wanted = Object.keys(functions).filter((name) => edits.includes(functions[name] ?? 'hint'));
  return { missing: wanted.filter((name) => !listed.has(name)), namesUs: own.length > 0 };
}

function wordsOf(node: XmlElement): string[] {
  const texts = [node.text, ...Object.values(node.attributes)];
  return [...texts.flatMap((text) => text.match(/[\w.]+/gu) ?? []), ...node.children.flatMap(wordsOf)];
}
