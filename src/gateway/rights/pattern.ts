import { labels, zoneName, type DnsName } from '../../dns/name.ts';
import { collect, problem, type Problem } from '../../dns/problem.ts';

/**
 * One label of a pattern: the canonical text of an exact label, or null for `*`. `*` stands for any one label
 * except the label `*` of a wildcard's owner.
 */
type Part = string | null;

/** Whether a pattern is one of zones, or of names relative to their zone. */
export type PatternUse = 'zone' | 'name';

/** A pattern of names, read from its text by {@link readPattern}. */
export interface Pattern {
  readonly use: PatternUse;
  /** Labels before `**`; all labels if there is no `**`. */
  readonly head: readonly Part[];
  /** Labels after `**`; null if there is no `**`. */
  readonly tail: readonly Part[] | null;
}

/**
 * Maximum number of labels of a name pattern with `*`. Without this limit a few hundred rules could make
 * every look-up of a name slow.
 */
const mostLabelsWithStar = 8;

/**
 * Reads a pattern. Its labels are exact ones in any spelling of {@link zoneName}, or `*` for any one label.
 * One of them may be `**`, for any number of labels, also none. `\*` is the label `*` itself. A pattern of
 * names is relative to the zone, and `@` is the apex. Only `@` stands for the apex: `**` alone does not.
 * @param problems gets every problem of the text
 * @returns null: there were problems
 */
export function readPattern(text: string, use: PatternUse, problems: Problem[]): Pattern | null {
  if (use === 'name' && text === '@') return { use, head: [], tail: null };
  const found: Problem[] = [];
  const name = text === '' || isCutEscape(text) ? null : collect(found, () => zoneName(text));
  const spelled: readonly string[] = text.match(/(?:\\.|[^.\\])+/gsu) ?? [];
  found.push(...spellingProblems(text, spelled, use));
  problems.push(...found);
  if (name === null || found.length > 0) return null;
  const exact = labels(name);
  const parts = spelled.map((label, at) => (label === '*' ? null : (exact[at] ?? label)));
  const any = spelled.indexOf('**');
  return any === -1
    ? { use, head: parts, tail: null }
    : { use, head: parts.slice(0, any), tail: parts.slice(any + 1) };
}

function spellingProblems(text: string, spelled: readonly string[], use: PatternUse): Problem[] {
  const found: Problem[] = [];
  if (text === '') found.push(problem('rule.empty-pattern'));
  if (isCutEscape(text)) found.push(problem('name.bad-escape', { name: text }));
  if (use === 'name' && spelled.join('.') !== text && text.endsWith('.'))
    found.push(problem('rule.absolute-name', { name: text }));
  if (spelled.includes('@')) found.push(problem('rule.apex-in-name', { name: text }));
  if (spelled.filter((label) => label === '**').length > 1)
    found.push(problem('rule.two-depths', { name: text }));
  for (const label of spelled.filter(isPartial))
    found.push(problem('rule.partial-wildcard', { name: text, label }));
  if (use === 'name' && spelled.includes('*') && spelled.length > mostLabelsWithStar)
    found.push(problem('rule.too-many-labels', { name: text, most: String(mostLabelsWithStar) }));
  return found;
}

/** Whether a text ends in a backslash that escapes nothing. */
function isCutEscape(text: string): boolean {
  return /^(?:\\.|[^\\])*\\$/su.test(text);
}

/** Whether a label as spelled has a `*` that is neither escaped nor a whole wildcard. */
function isPartial(label: string): boolean {
  return label !== '*' && label !== '**' && label.replaceAll(/\\./gsu, '').includes('*');
}

/** The pattern that stands for one zone only. */
export function exactZone(zone: DnsName): Pattern {
  return { use: 'zone', head: labels(zone), tail: null };
}

/**
 * How specific a pattern is, as a number below 2^16. More exact labels count first, then the absence of `**`,
 * then more `*`. Of two patterns that stand for the same name, the higher one is the more specific.
 */
export function rankOf({ head, tail }: Pattern): number {
  const parts = [...head, ...(tail ?? [])];
  const exact = parts.filter((part) => part !== null).length;
  return exact * 512 + (tail === null ? 256 : 0) + (parts.length - exact);
}

/** Whether a pattern may stand for the empty name. In patterns of names that is the apex. */
function hasEmpty({ use, head, tail }: Pattern): boolean {
  if (head.length > 0) return false;
  return tail === null || (tail.length === 0 && use === 'zone');
}

/**
 * Whether `wide` stands for every name that `narrow` stands for. For patterns with `**` it may answer false
 * although it is so. A true answer is always right.
 */
export function coversPattern(wide: Pattern, narrow: Pattern): boolean {
  if (hasEmpty(narrow) && !hasEmpty(wide)) return false;
  if (wide.tail === null) return narrow.tail === null && fits(wide.head, narrow.head, coversPart);
  const start = narrow.head.slice(0, wide.head.length);
  const ending = narrow.tail ?? narrow.head.slice(wide.head.length);
  if (ending.length < wide.tail.length) return false;
  const end = ending.slice(ending.length - wide.tail.length);
  return fits(wide.head, start, coversPart) && fits(wide.tail, end, coversPart);
}

/**
 * Whether some name may match both patterns. For patterns with `**` it may answer true although there is
 * none. A false answer is always right.
 */
export function overlapsPattern(one: Pattern, other: Pattern): boolean {
  if (one.tail === null && other.tail === null) return fits(one.head, other.head, overlapsPart);
  if (one.tail === null) return overlapsPattern(other, one);
  if (other.tail === null) {
    const { head } = other;
    if (head.length === 0) return hasEmpty(one);
    const room = head.length - one.head.length - one.tail.length;
    const end = head.slice(one.head.length + room);
    return (
      room >= 0 &&
      fits(one.head, head.slice(0, one.head.length), overlapsPart) &&
      fits(one.tail, end, overlapsPart)
    );
  }
  const start = Math.min(one.head.length, other.head.length);
  const end = Math.min(one.tail.length, other.tail.length);
  return (
    fits(one.head.slice(0, start), other.head.slice(0, start), overlapsPart) &&
    fits(lastOf(one.tail, end), lastOf(other.tail, end), overlapsPart)
  );
}

function lastOf(parts: readonly Part[], count: number): readonly Part[] {
  return parts.slice(parts.length - count);
}

function fits(
  ones: readonly Part[],
  others: readonly Part[],
  fit: (one: Part, other: Part) => boolean,
): boolean {
  return ones.length === others.length && ones.every((one, at) => fit(one, others[at] ?? null));
}

function coversPart(wide: Part, narrow: Part): boolean {
  return wide === null ? narrow !== '*' : wide === narrow;
}

function overlapsPart(one: Part, other: Part): boolean {
  return coversPart(one, other) || coversPart(other, one);
}

/** A branch of a {@link PatternTree}: where each next label leads, and what ends here. */
class Branch<T> {
  readonly exact = new Map<string, Branch<T>>();
  one: Branch<T> | null = null;
  /** Patterns that have `**` here. Their branches go on with the labels of their head, from the left. */
  any: Branch<T> | null = null;
  readonly values: T[] = [];

  next(part: Part): Branch<T> {
    if (part === null) return (this.one ??= new Branch());
    const found = this.exact.get(part) ?? new Branch<T>();
    this.exact.set(part, found);
    return found;
  }

  *after(label: string): Generator<Branch<T>> {
    const exact = this.exact.get(label);
    if (exact !== undefined) yield exact;
    if (this.one !== null && label !== '*') yield this.one;
  }
}

/**
 * Values by patterns, which are all of zones or all of names. A search follows the labels of a name, and does
 * not go through all patterns.
 */
export class PatternTree<T> {
  readonly #root = new Branch<T>();
  readonly #use: PatternUse;

  constructor(use: PatternUse) {
    this.#use = use;
  }

  add({ head, tail }: Pattern, value: T): void {
    let at = this.#root;
    for (const part of (tail ?? head).toReversed()) at = at.next(part);
    if (tail !== null) {
      at = at.any ??= new Branch();
      for (const part of head) at = at.next(part);
    }
    at.values.push(value);
  }

  /** Returns the values of all patterns that stand for the name with these labels, in no order. */
  find(name: readonly string[]): T[] {
    const found: T[] = [];
    if (name.length === 0) {
      found.push(...this.#root.values);
      if (this.#use === 'zone') found.push(...(this.#root.any?.values ?? []));
    } else fromRight(this.#root, name, name.length, found);
    return found;
  }
}

/** Follows labels from the right, those before `to`. */
function fromRight<T>(branch: Branch<T>, name: readonly string[], to: number, found: T[]): void {
  if (branch.any !== null) fromLeft(branch.any, name, 0, to, found);
  if (to === 0) found.push(...branch.values);
  else for (const next of branch.after(name[to - 1] ?? '')) fromRight(next, name, to - 1, found);
}

/** Follows labels from the left, `from` to before `to`. What is left between them is what `**` stands for. */
function fromLeft<T>(branch: Branch<T>, name: readonly string[], from: number, to: number, found: T[]): void {
  found.push(...branch.values);
  if (from === to) return;
  for (const next of branch.after(name[from] ?? '')) fromLeft(next, name, from + 1, to, found);
}
