import type { AnyNode, BinaryExpression, LogicalExpression } from 'acorn';

/** Names by which the source calls points and spans of time. */
const names =
  /^(?:now|wall|time|at|until|since|due|began|earliest|delay|age|span)$|(?:At|Until|Since|Time|Delay|Gap|Wait)$/u;

/** Whether an expression is a time in milliseconds, judged by the names in it. */
export function isTime(node: AnyNode): boolean {
  if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') return names.test(node.name);
  if (node.type === 'ChainExpression') return isTime(node.expression);
  if (node.type === 'MemberExpression') return !node.computed && isTime(node.property);
  if (node.type === 'LogicalExpression') return node.operator === '??' && isTime(node.left);
  if (node.type === 'CallExpression') return isTimeOfCall(node.callee, node.arguments);
  if (node.type !== 'BinaryExpression') return false;
  return ['+', '-'].includes(node.operator) && [node.left, node.right].some(isTime);
}

/** Whether a call returns a time: `clock.now()`, `untilOf.get(x)`, or `Math.max` of times. */
function isTimeOfCall(callee: AnyNode, given: readonly AnyNode[]): boolean {
  if (callee.type !== 'MemberExpression' || callee.computed) return false;
  if (isMath(callee)) return given.some(isTime);
  const { property } = callee;
  if (property.type === 'Identifier' && property.name === 'get') return isTime(callee.object);
  return isTime(property);
}

function isMath(callee: AnyNode): boolean {
  return (
    callee.type === 'MemberExpression' && callee.object.type === 'Identifier' && callee.object.name === 'Math'
  );
}

/** Whether the zero stands for the least time to wait, as in `Math.max(0, delay)`. */
export function isLeastTime(zero: AnyNode, parent: AnyNode | null): boolean {
  if (parent?.type !== 'CallExpression' || !isMath(parent.callee)) return false;
  return parent.arguments.some((one) => one !== zero && isTime(one));
}

/**
 * Whether an expression compares two times that are equal only by chance. Two times with the same name may
 * belong to the same event, so their comparison does not count.
 */
export function isTimeBoundary({ operator, left, right }: BinaryExpression | LogicalExpression): boolean {
  const isOrder = ['<', '<=', '>', '>='].includes(operator);
  const name = nameOf(left);
  const isSameName = name !== null && name === nameOf(right);
  return isOrder && isTime(left) && isTime(right) && !isSameName;
}

function nameOf(node: AnyNode): string | null {
  if (node.type === 'MemberExpression') return nameOf(node.property);
  return node.type === 'Identifier' || node.type === 'PrivateIdentifier' ? node.name : null;
}
