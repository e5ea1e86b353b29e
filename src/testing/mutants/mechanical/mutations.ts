import type { AnyNode, BinaryExpression, LogicalExpression } from 'acorn';
import { patched, type Patch } from '../patch.ts';
import { lineOf, parseSource, walk } from './syntax.ts';
import { isLeastTime, isTimeBoundary } from './times.ts';

/** A source file in which a rule has made one change. */
export interface Mutant {
  readonly patch: Patch;
  readonly line: number;
  /** What was changed: `rule: text before -> text after`. */
  readonly what: string;
}

/** One change of source text by a rule: `text` replaces the characters from `start` to `end`. */
interface Edit {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

type Rule = (node: AnyNode, parent: AnyNode | null, text: string) => readonly Edit[];

/**
 * Makes every mutant of a source file, in the order of the file.
 * @throws {SyntaxError} if the source cannot be parsed
 */
export function mutantsOf(file: string, source: string): Mutant[] {
  const { text, tree } = parseSource(source);
  const found: Mutant[] = [];
  const logged = loggedOnly(tree, text);
  for (const [node, parent] of walk(tree)) {
    if (logged.some(({ start, end }) => start <= node.start && node.end <= end)) continue;
    for (const { rule, start, end, text: becomes } of rules.flatMap((apply) => apply(node, parent, text))) {
      const patch = { file, start, end, text: becomes };
      if (!compiles(patched(source, patch))) continue;
      const was = short(text.slice(start, end));
      found.push({
        patch,
        line: lineOf(source, start),
        what: `${rule}: ${was} -> ${short(becomes) || 'nothing'}`,
      });
    }
  }
  return found;
}

function compiles(source: string): boolean {
  try {
    parseSource(source);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/gu, ' ').trim();
  return line.length > 90 ? `${line.slice(0, 87)}...` : line;
}

const negateCondition: Rule = (node, _parent, text) => {
  const isTest =
    node.type === 'IfStatement' || node.type === 'ConditionalExpression' || node.type === 'WhileStatement';
  if (!isTest) return [];
  const { start, end } = node.test;
  return [{ rule: 'negate', start, end, text: `!(${text.slice(start, end)})` }];
};

const otherOperators: Readonly<Record<string, string>> = {
  '&&': '||',
  '||': '&&',
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
  '*': '/',
};

const changeOperator: Rule = (node, _parent, text) => {
  if (node.type !== 'LogicalExpression' && node.type !== 'BinaryExpression') return [];
  const other = otherOperators[node.operator];
  if (other === undefined || (node.operator === '+' && joinsText(node)) || isTimeBoundary(node)) return [];
  const start = operatorAt(node, text);
  return [{ rule: 'operator', start, end: start + node.operator.length, text: other }];
};

function joinsText({ left, right }: BinaryExpression | LogicalExpression): boolean {
  return [left, right].some(
    (side) => side.type === 'TemplateLiteral' || (side.type === 'Literal' && typeof side.value === 'string'),
  );
}

function operatorAt({ left, right, operator }: BinaryExpression | LogicalExpression, text: string): number {
  return left.end + text.slice(left.end, right.start).indexOf(operator);
}

/**
 * Removes a call that is a statement of its own, such as a commit or a wait. Log calls stay, because nothing
 * depends on them.
 */
const dropStatement: Rule = (node, _parent, text) => {
  if (node.type !== 'ExpressionStatement') return [];
  const { start, end, expression } = node;
  const call = expression.type === 'AwaitExpression' ? expression.argument : expression;
  if (call.type === 'AssignmentExpression') return [{ rule: 'drop', start, end, text: ';' }];
  if (call.type !== 'CallExpression' || isLog(call.callee, text) || waitsForNothing(call, text)) return [];
  const dropped = { rule: 'drop', start, end, text: ';' };
  if (expression.type !== 'AwaitExpression') return [dropped];
  const waits = { rule: 'drop a wait', start: expression.start, end: call.start, text: 'void ' };
  return [dropped, waits];
};

/** Whether the call is `Promise.resolve()`, which only makes a function asynchronous. */
function waitsForNothing({ start, end }: AnyNode, text: string): boolean {
  return text.slice(start, end) === 'Promise.resolve()';
}

/** Log calls whose arguments do not change anything by being evaluated. */
function loggedOnly(tree: AnyNode, text: string): AnyNode[] {
  const nodes = [...walk(tree)].map(([node]) => node);
  const calls = nodes.filter((node) => node.type === 'CallExpression' && isLog(node.callee, text));
  return calls.filter((call) => [...walk(call)].every(([node]) => !changing.has(node.type)));
}

const changing: ReadonlySet<string> = new Set([
  'AssignmentExpression',
  'AwaitExpression',
  'UpdateExpression',
]);

function isLog(callee: AnyNode, text: string): boolean {
  return /(?:^|\.)#?log$/u.test(text.slice(callee.start, callee.end));
}

/**
 * Replaces a lock by one that locks nothing: `await x.acquire()` becomes an empty lock, `x.exclusively(f)`
 * becomes `(f)()`.
 */
const dropLock: Rule = (node, _parent, text) => {
  if (node.type === 'VariableDeclarator' && node.init !== null && node.init !== undefined) {
    const { start, end } = node.init;
    const isLock = /\.acquire\(/u.test(text.slice(start, end)) && node.init.type === 'AwaitExpression';
    return isLock ? [{ rule: 'drop a lock', start, end, text: '{ release: () => undefined }' }] : [];
  }
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return [];
  const { property } = node.callee;
  const [body] = node.arguments;
  if (property.type !== 'Identifier' || property.name !== 'exclusively' || body === undefined) return [];
  const { start, end } = node;
  return [{ rule: 'drop a lock', start, end, text: `(${text.slice(body.start, body.end)})()` }];
};

const opposites: Readonly<Record<string, string>> = {
  add: 'remove',
  remove: 'add',
  added: 'removed',
  removed: 'added',
  put: 'drop',
  drop: 'put',
  onPanel: 'onCentral',
  onCentral: 'onPanel',
};

/**
 * Turns `change.add` into `change.remove`, and `{ add: x }` into `{ remove: x }`. Calls such as `set.add()`
 * stay.
 */
const swapAddAndRemove: Rule = (node, parent) => {
  const key = node.type === 'MemberExpression' ? node.property : node.type === 'Property' ? node.key : null;
  if (key?.type !== 'Identifier') return [];
  if (node.type === 'Property' && (node.shorthand || parent?.type !== 'ObjectExpression')) return [];
  const isCalled = parent?.type === 'CallExpression' && parent.callee === node;
  const other = opposites[key.name];
  if (other === undefined || isCalled) return [];
  return [{ rule: 'swap', start: key.start, end: key.end, text: other }];
};

const otherMethods: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  max: 'min',
  min: 'max',
};

const changeMethod: Rule = (node) => {
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return [];
  const { property } = node.callee;
  const other = property.type === 'Identifier' ? otherMethods[property.name] : undefined;
  return other === undefined
    ? []
    : [{ rule: 'method', start: property.start, end: property.end, text: other }];
};

/**
 * Changes a constant; log levels stay. A number above 9 is a time or a size, and adding one to it would break
 * nothing. So it becomes 0. A time of 0 milliseconds stays, because one millisecond more breaks nothing.
 */
const changeConstant: Rule = (node, parent, text) => {
  if (node.type !== 'Literal') return [];
  const { start, end, value } = node;
  if (typeof value === 'boolean') return [{ rule: 'constant', start, end, text: String(!value) }];
  if (typeof value !== 'number') return [];
  if (parent?.type === 'CallExpression' && isLog(parent.callee, text)) return [];
  if (value === 0 && isLeastTime(node, parent)) return [];
  const edit = value > 9 ? { rule: 'constant', text: '0' } : { rule: 'off by one', text: String(value + 1) };
  return [{ ...edit, start, end }];
};

/** Turns `x.filter(f)` into `x`. */
const dropFilter: Rule = (node) => {
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return [];
  const { object, property } = node.callee;
  if (property.type !== 'Identifier' || property.name !== 'filter') return [];
  return [{ rule: 'drop a filter', start: object.end, end: node.end, text: '' }];
};

const rules: readonly Rule[] = [
  negateCondition,
  changeOperator,
  dropStatement,
  dropLock,
  swapAddAndRemove,
  changeMethod,
  changeConstant,
  dropFilter,
];
