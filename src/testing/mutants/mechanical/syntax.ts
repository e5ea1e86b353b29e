import { stripTypeScriptTypes } from 'node:module';
import { parse, type AnyNode } from 'acorn';

/**
 * A source file without its types. The types are replaced by spaces, so that every character keeps its
 * position.
 */
export interface Syntax {
  readonly text: string;
  readonly tree: AnyNode;
}

/** Removes the types and parses the rest. @throws {SyntaxError} if the source does not parse */
export function parseSource(source: string): Syntax {
  const text = stripTypeScriptTypes(source, { mode: 'strip' });
  return { text, tree: parse(text, { ecmaVersion: 'latest', sourceType: 'module' }) };
}

/** Yields a node and all nodes within it, each with its parent. */
export function* walk(node: AnyNode, parent: AnyNode | null = null): Generator<[AnyNode, AnyNode | null]> {
  yield [node, parent];
  for (const child of children(node)) yield* walk(child, node);
}

function children(node: AnyNode): AnyNode[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    'start' in value
  );
}

/** The line of a position, counted from 1. */
export function lineOf(source: string, position: number): number {
  return source.slice(0, position).split('\n').length;
}
