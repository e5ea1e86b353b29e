/** Judges rules for all names: whether they grant no more than other rules, or a whole zone. */
import type { DnsName } from '../../dns/name.ts';
import { coversPattern, exactZone, overlapsPattern, readPattern, type Pattern } from './pattern.ts';
import { allows, ruleBook, verbs, type RankedRule, type Rule, type Verb } from './rule.ts';

/** Every RRset of some zones, some names and one type; `type` null: of every type. */
interface Region {
  readonly zone: Pattern;
  readonly name: Pattern;
  readonly type: string | null;
}

/**
 * Maximum number of comparisons: of a rule of the parent with a type of a rule of the child. So many take
 * less than a second.
 */
const mostPairs = 5_000_000;

/**
 * Whether `child` grants no RRset that `parent` does not grant. May answer false although it is so: for each
 * type, a single rule of the parent has to cover the rule of the child. Also false when there are too many
 * rules to compare; 1,000 rules of up to 5 types each are not too many.
 * @throws {DnsDataError} when a rule has problems
 */
export function areRulesNarrower(child: readonly Rule[], parent: readonly Rule[]): boolean {
  const own = ruleBook(child).all;
  const above = ruleBook(parent).all;
  const types = own.reduce((sum, rule) => sum + (rule.types?.size ?? 1), 0);
  if (types * above.length > mostPairs) return false;
  const exceptions = new Exceptions(own);
  return own.every((rule) => {
    const related = above.filter(
      ({ zone, name }) => overlapsPattern(zone, rule.zone) && overlapsPattern(name, rule.name),
    );
    return regionsOf(rule).every((region) =>
      verbs
        .filter((verb) => allows(rule, verb))
        .every((verb) => {
          const denials = denialsWithin(related, region, verb);
          return denials?.every((denial) => exceptions.rankOf(denial, region.type, verb) >= rule.rank);
        }),
    );
  });
}

/**
 * Whether every RRset of the zone is granted, at every name and of every type. May answer false although it
 * is so.
 * @throws {DnsDataError} when a rule has problems
 */
export function isWholeZoneGranted(rules: readonly Rule[], zone: DnsName, verb: Verb): boolean {
  const related = ruleBook(rules).inZone(zone);
  return ['@', '**'].every((text) => {
    const name = readPattern(text, 'name', []);
    if (name === null) return false;
    const overlapping = related.filter((rule) => overlapsPattern(rule.name, name));
    return denialsWithin(overlapping, { zone: exactZone(zone), name, type: null }, verb)?.length === 0;
  });
}

/**
 * Finds a rule that makes the zone readable: it allows to read, and no other rule denies all that it allows.
 * @throws {DnsDataError} when a rule has problems
 */
export function readingRule(rules: readonly Rule[], zone: DnsName): Rule | null {
  const related = ruleBook(rules).inZone(zone);
  const denying = related.filter((rule) => !allows(rule, 'read'));
  const found = related.find(
    (rule) =>
      allows(rule, 'read') &&
      regionsOf(rule).some(
        ({ type }) =>
          !denying.some(
            (denial) =>
              denial.rank >= rule.rank &&
              coversType(denial.types, type) &&
              coversPattern(denial.name, rule.name),
          ),
      ),
  );
  return found?.rule ?? null;
}

/**
 * Rules that may deny a verb in a part of the region, although another rule grants it for the whole region.
 * @param related rules that overlap the region in zone and name
 * @returns null: no rule grants the verb for the whole region
 */
function denialsWithin(
  related: readonly RankedRule[],
  region: Region,
  verb: Verb,
): readonly RankedRule[] | null {
  let granted = -1;
  for (const rule of related) {
    if (rule.rank > granted && allows(rule, verb) && coversRegion(rule, region)) granted = rule.rank;
  }
  if (granted === -1) return null;
  return related.filter(
    (rule) =>
      rule.rank >= granted &&
      !allows(rule, verb) &&
      (region.type === null || rule.types === null || rule.types.has(region.type)),
  );
}

/** Finds which rules of a child repeat a denial of its parent. */
class Exceptions {
  readonly #rules: readonly RankedRule[];
  /** Rules that cover the zones and names of a denial. */
  readonly #covering = new Map<RankedRule, readonly RankedRule[]>();

  constructor(rules: readonly RankedRule[]) {
    this.#rules = rules;
  }

  /** The highest rank of a rule that denies all that the parent's denial denies; -1 if there is none. */
  rankOf(denial: RankedRule, type: string | null, verb: Verb): number {
    const asked = type === null ? denial.types : new Set([type]);
    const found = this.#coveringOf(denial).find(
      (rule) => !allows(rule, verb) && [...(asked ?? [null])].every((one) => coversType(rule.types, one)),
    );
    return found?.rank ?? -1;
  }

  #coveringOf(denial: RankedRule): readonly RankedRule[] {
    const known = this.#covering.get(denial);
    if (known !== undefined) return known;
    const found = this.#rules
      .filter(({ zone, name }) => coversPattern(zone, denial.zone) && coversPattern(name, denial.name))
      .toSorted((one, other) => other.rank - one.rank);
    this.#covering.set(denial, found);
    return found;
  }
}

function regionsOf({ zone, name, types }: RankedRule): readonly Region[] {
  return [...(types ?? [null])].map((type) => ({ zone, name, type }));
}

function coversRegion(rule: RankedRule, { zone, name, type }: Region): boolean {
  return coversType(rule.types, type) && coversPattern(rule.zone, zone) && coversPattern(rule.name, name);
}

function coversType(types: ReadonlySet<string> | null, type: string | null): boolean {
  return types === null || (type !== null && types.has(type));
}
