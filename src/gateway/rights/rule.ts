import * as v from 'valibot';
import { isWithin, labels, type DnsName } from '../../dns/name.ts';
import { collect, DnsDataError, problem, type Problem } from '../../dns/problem.ts';
import { canonicalType } from '../../dns/rdata/rdata.ts';
import { PatternTree, rankOf, readPattern, type Pattern } from './pattern.ts';

export const verbs = ['read', 'add', 'change', 'remove'] as const;

/**
 * What is done to an RRset. One that appears needs `add`, and one that vanishes `remove`. One that stays
 * needs `change` for any of its records or its TTL.
 */
export type Verb = (typeof verbs)[number];

/**
 * One rule of a token. `zone` and `name` are patterns, as {@link readPattern} reads them: exact labels, `*`
 * for one label, `**` for any number of labels.
 *
 * In `zone`, `**` may also stand for no label: `**.example.org` is example.org and all zones below it.
 *
 * `name` is relative to the zone. Only `@` is the apex, so `**` is every name of the zone but the apex. `*`
 * is not the owner `*` of a wildcard: that is `\*`. `**` includes wildcards, as it includes every name that
 * a wildcard could answer for.
 */
export interface Rule {
  readonly zone: string;
  readonly name: string;
  /** Types in any spelling; `*`: every type. */
  readonly types: readonly string[] | '*';
  /** Empty: the rule denies everything. */
  readonly allow: readonly Verb[];
}

/** Maximum length of a pattern, in characters: the most that a name in any spelling takes. */
export const mostPatternText = 1_024;
const mostTypes = 64;
const mostTypeText = 32;

/** The form of a rule from outside, with limits. What its texts mean is for {@link checkRule} to say. */
export const ruleSchema = v.strictObject({
  zone: v.pipe(v.string(), v.minLength(1), v.maxLength(mostPatternText)),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(mostPatternText)),
  types: v.union([
    v.literal('*'),
    v.pipe(
      v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(mostTypeText))),
      v.minLength(1),
      v.maxLength(mostTypes),
    ),
  ]),
  allow: v.pipe(v.array(v.picklist(verbs)), v.maxLength(verbs.length)),
});

/** Types that only PowerDNS has. It takes a record with one of these numbers for one of the type. */
const typesOfPowerDns: ReadonlyMap<string, string> = new Map([
  ['TYPE65401', 'ALIAS'],
  ['TYPE65402', 'LUA'],
]);

/**
 * The one spelling of a type that rights compare. It is the canonical one, and `ALIAS` and `LUA` for the
 * numbers that PowerDNS has for these.
 * @throws {DnsDataError} `type.unknown`
 */
export function rightsType(text: string): string {
  const type = canonicalType(text);
  return typesOfPowerDns.get(type) ?? type;
}

/** A rule as it is compared: its patterns and types read, and how specific it is. */
export interface RankedRule {
  readonly rule: Rule;
  readonly zone: Pattern;
  readonly name: Pattern;
  /** Null: every type. */
  readonly types: ReadonlySet<string> | null;
  /** Higher is more specific: by the zone, then by the name, then by the type. */
  readonly rank: number;
}

/** Finds every problem of a rule's patterns and types. Empty: the rule can be used. */
export function checkRule(rule: Rule): readonly Problem[] {
  const problems: Problem[] = [];
  rankRule(rule, problems);
  return problems;
}

function rankRule(rule: Rule, problems: Problem[]): RankedRule | null {
  const zone = readPattern(rule.zone, 'zone', problems);
  const name = readPattern(rule.name, 'name', problems);
  const types = readTypes(rule.types, problems);
  if (zone === null || name === null || types === undefined) return null;
  const rank = (rankOf(zone) * 2 ** 16 + rankOf(name)) * 2 + (types === null ? 0 : 1);
  return { rule, zone, name, types, rank };
}

/** Null: every type. Undefined: there were problems. */
function readTypes(types: Rule['types'], problems: Problem[]): ReadonlySet<string> | null | undefined {
  if (types === '*') return null;
  if (types.length === 0) {
    problems.push(problem('rule.no-types'));
    return undefined;
  }
  const found = types.map((type) => collect(problems, () => rightsType(type)));
  const read = found.filter((type) => type !== null);
  return read.length === found.length ? new Set(read) : undefined;
}

export function allows({ rule }: RankedRule, verb: Verb): boolean {
  return rule.allow.includes(verb);
}

/** Maximum number of zones for which the rules that concern them are remembered. */
const mostZonesKept = 64;

/** The rules of one token, sorted out so that those of a zone and a name are found quickly. */
class RuleBook {
  readonly all: readonly RankedRule[];
  readonly #byZone = new PatternTree<RankedRule>('zone');
  readonly #kept = new Map<DnsName, PatternTree<RankedRule>>();

  /** @throws {DnsDataError} with every problem of every rule */
  constructor(rules: readonly Rule[]) {
    const problems: Problem[] = [];
    this.all = rules.map((rule) => rankRule(rule, problems)).filter((ranked) => ranked !== null);
    // A rule that cannot be read may be one that denies. To leave it out could grant something.
    if (problems.length > 0) throw new DnsDataError(problems);
    for (const ranked of this.all) this.#byZone.add(ranked.zone, ranked);
  }

  inZone(zone: DnsName): readonly RankedRule[] {
    return this.#byZone.find(labels(zone));
  }

  /** The most specific rules for an RRset. They have the same rank; the one that allows least comes first. */
  top(zone: DnsName, name: DnsName, type: string): readonly RankedRule[] {
    const all = labels(name);
    const own = all.slice(0, all.length - labels(zone).length);
    const found = this.#names(zone)
      .find(own)
      .filter(({ types }) => types === null || types.has(type));
    const rank = found.reduce((most, one) => Math.max(most, one.rank), 0);
    return found
      .filter((one) => one.rank === rank)
      .toSorted((one, other) => one.rule.allow.length - other.rule.allow.length);
  }

  #names(zone: DnsName): PatternTree<RankedRule> {
    const kept = this.#kept.get(zone);
    if (kept !== undefined) return kept;
    const tree = new PatternTree<RankedRule>('name');
    for (const ranked of this.inZone(zone)) tree.add(ranked.name, ranked);
    if (this.#kept.size >= mostZonesKept) this.#kept.clear();
    this.#kept.set(zone, tree);
    return tree;
  }
}

const books = new WeakMap<readonly Rule[], RuleBook>();

/**
 * The rules sorted out. Done once for each list of rules, so a list must not be changed after that.
 * @throws {DnsDataError} when a rule has problems ({@link checkRule})
 */
export function ruleBook(rules: readonly Rule[]): RuleBook {
  const known = books.get(rules);
  if (known !== undefined) return known;
  const book = new RuleBook(rules);
  books.set(rules, book);
  return book;
}

/**
 * Finds the rule that decides about an RRset: of those for its zone, name and type the most specific one.
 * Zones are compared first, then names, then types. Of a pattern, more exact labels count first, then the
 * absence of `**`, then more `*`. A list of types is more specific than `*`.
 *
 * Among rules that are equally specific, the one that denies decides. Without a `verb` that is the one that
 * allows least; with it, one that does not allow the verb.
 * @param type in any spelling
 * @returns null: no rule is for this RRset, or the name is not in the zone
 * @throws {DnsDataError} when a rule has problems ({@link checkRule}), or for a text that is no type
 */
export function ruleFor(
  rules: readonly Rule[],
  zone: DnsName,
  name: DnsName,
  type: string,
  verb?: Verb,
): Rule | null {
  if (!isWithin(name, zone)) return null;
  const top = ruleBook(rules).top(zone, name, rightsType(type));
  const denying = verb === undefined ? undefined : top.find((one) => !allows(one, verb));
  return (denying ?? top[0])?.rule ?? null;
}
