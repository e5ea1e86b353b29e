import { isWithin, type DnsName } from '../../dns/name.ts';
import { collect, DnsDataError, problem, validOr, type Problem } from '../../dns/problem.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import { rrsetId, type Change, type RRsetKey } from '../../dns/zone.ts';
import { areRulesNarrower, isWholeZoneGranted, readingRule } from './narrow.ts';
import { coversPattern, exactZone, readPattern, type Pattern } from './pattern.ts';
import { checkRule, rightsType, ruleFor, type Rule, type Verb } from './rule.ts';

/** What a token may do in the zones of its customer. */
export interface Rights {
  readonly rules: readonly Rule[];
  /** Patterns of zones that may be created. */
  readonly createZones: readonly string[];
  /** Patterns of zones that may be deleted. */
  readonly deleteZones: readonly string[];
  /** Protected types that may be written where a rule allows it; `NS@` is NS at the apex. */
  readonly protectedTypes: readonly string[];
}

/** NS at the apex, as it is spelled among protected types. */
const apexNs = 'NS@';

/** Types that nobody writes by a rule alone: {@link Rights.protectedTypes} must name them too. */
const protectedAnyway: ReadonlySet<string> = new Set([
  apexNs,
  'SOA',
  'DS',
  'CAA',
  'TLSA',
  'LUA',
  'ALIAS',
  'DNSKEY',
  'CDS',
  'CDNSKEY',
  'DNAME',
]);

/**
 * Why something is allowed or denied.
 * - `rule.allows`, `rule.denies`: the rule that decides.
 * - `rule.none`: no rule is for this RRset.
 * - `zone.head`: SOA and NS at the apex are read by everyone who may read anything in the zone.
 * - `type.protected`: a rule allows it, but the type is protected.
 * - `type.unknown`: the text is no record type.
 * - `name.out-of-zone`: the name is not in the zone.
 */
export type RightReason =
  | 'rule.allows'
  | 'rule.denies'
  | 'rule.none'
  | 'zone.head'
  | 'type.protected'
  | 'type.unknown'
  | 'name.out-of-zone';

/** Whether something is allowed, the rule that decides (null: none), and why. */
export interface ExplainedRight {
  readonly allowed: boolean;
  readonly rule: Rule | null;
  readonly reason: RightReason;
}

/** One RRset of a change that a token must not write. */
export interface Denial extends RRsetKey {
  readonly verb: Verb;
  readonly rule: Rule | null;
  readonly reason: RightReason;
}

/** Maximum number of rules of a token. */
export const mostRules = 1_000;

/** With so many problems no further rule is read. One pattern can have a thousand. */
const manyProblems = 100;

/** The problem if rights have this many rules; null: there are not too many. */
export function tooManyRules(count: number): Problem | null {
  if (count <= mostRules) return null;
  return problem('rule.too-many', { count: String(count), most: String(mostRules) });
}

/** Finds problems of rights: of rules, patterns of zones, and protected types. Empty: there are none. */
export function checkRights(rights: Rights): readonly Problem[] {
  const tooMany = tooManyRules(rights.rules.length);
  if (tooMany !== null) return [tooMany];
  const problems: Problem[] = [];
  for (const rule of rights.rules) {
    problems.push(...checkRule(rule));
    if (problems.length >= manyProblems) return problems;
  }
  for (const text of [...rights.createZones, ...rights.deleteZones]) readPattern(text, 'zone', problems);
  for (const type of rights.protectedTypes) {
    const known = protectedSpelling(type, problems);
    if (known !== null && !protectedAnyway.has(known)) problems.push(problem('rule.not-protected', { type }));
  }
  return problems;
}

/**
 * Explains whether a token may do something with an RRset.
 * @param type in any spelling
 * @throws {DnsDataError} when the rights have problems ({@link checkRights})
 */
export function explainRight(
  rights: Rights,
  zone: DnsName,
  name: DnsName,
  type: string,
  verb: Verb,
): ExplainedRight {
  if (!isWithin(name, zone)) return { allowed: false, rule: null, reason: 'name.out-of-zone' };
  const known = validOr(() => rightsType(type), null);
  if (known === null) return { allowed: false, rule: null, reason: 'type.unknown' };
  const rule = ruleFor(rights.rules, zone, name, known, verb);
  const allowed = rule !== null && rule.allow.includes(verb);
  if (verb === 'read') {
    const head = !allowed && name === zone && (known === 'SOA' || known === 'NS');
    const reading = head ? readingRule(rights.rules, zone) : null;
    if (reading !== null) return { allowed: true, rule: reading, reason: 'zone.head' };
  } else if (allowed && isProtected(rights, known, name === zone))
    return { allowed: false, rule, reason: 'type.protected' };
  if (rule === null) return { allowed: false, rule, reason: 'rule.none' };
  return { allowed, rule, reason: allowed ? 'rule.allows' : 'rule.denies' };
}

function isProtected(rights: Rights, type: string, atApex: boolean): boolean {
  const spelled = type === 'NS' && atApex ? apexNs : type;
  return protectedAnyway.has(spelled) && !namedTypes(rights).has(spelled);
}

/** Protected types that the rights name, each in its one spelling. @throws {DnsDataError} */
function namedTypes({ protectedTypes }: Rights): ReadonlySet<string> {
  const problems: Problem[] = [];
  const found = protectedTypes.map((type) => protectedSpelling(type, problems));
  if (problems.length > 0) throw new DnsDataError(problems);
  return new Set(found.filter((type) => type !== null));
}

function protectedSpelling(type: string, problems: Problem[]): string | null {
  return type.toUpperCase() === apexNs ? apexNs : collect(problems, () => rightsType(type));
}

/**
 * Whether an RRset may be shown to the token. SOA and NS at the apex may be shown whenever {@link
 * mayReadZone} is true, even if no rule allows to read them.
 * @throws {DnsDataError} when the rights have problems
 */
export function mayRead(rights: Rights, zone: DnsName, key: RRsetKey): boolean {
  return explainRight(rights, zone, key.name, key.type, 'read').allowed;
}

/**
 * Whether the zone may be shown to the token, with its name, serial, SOA and NS at the apex. It may when any
 * rule allows to read in it, unless a more specific rule takes back all that this rule allows.
 * @throws {DnsDataError} when the rights have problems
 */
export function mayReadZone(rights: Rights, zone: DnsName): boolean {
  return readingRule(rights.rules, zone) !== null;
}

/**
 * Whether the token may create the zone. Its records need rules besides ({@link decideChange}).
 * @throws {DnsDataError} when the patterns have problems
 */
export function mayCreateZone(rights: Rights, zone: DnsName): boolean {
  return isListed(rights.createZones, zone);
}

/**
 * Finds why the token must not delete the zone. A pattern of `deleteZones` must name it. Rules must allow
 * `remove` of every name and type. Protected types that the zone has must be granted too, but for SOA and NS
 * at the apex.
 * @param present all records of the zone
 * @returns null: it may. `zone`: the token may not delete this zone at all. Otherwise an RRset that is in its
 *   way
 * @throws {DnsDataError} when the rights have problems
 */
export function denialOfDelete(
  rights: Rights,
  zone: DnsName,
  present: readonly RRsetKey[],
): RRsetKey | 'zone' | null {
  if (!mayDeleteZone(rights, zone)) return 'zone';
  const found = present.find(({ name, type }) => {
    const isHead = name === zone && (type === 'SOA' || type === 'NS');
    return !isHead && !explainRight(rights, zone, name, type, 'remove').allowed;
  });
  return found === undefined ? null : { name: found.name, type: found.type };
}

/**
 * Whether the token may delete the zone, as far as that does not depend on what is in it ({@link
 * denialOfDelete}).
 * @throws {DnsDataError} when the rights have problems
 */
export function mayDeleteZone(rights: Rights, zone: DnsName): boolean {
  return isListed(rights.deleteZones, zone) && isWholeZoneGranted(rights.rules, zone, 'remove');
}

function isListed(patterns: readonly string[], zone: DnsName): boolean {
  const exact = exactZone(zone);
  return zonePatterns(patterns).some((pattern) => coversPattern(pattern, exact));
}

/** @throws {DnsDataError} */
function zonePatterns(texts: readonly string[]): readonly Pattern[] {
  const problems: Problem[] = [];
  const found = texts.map((text) => readPattern(text, 'zone', problems));
  if (problems.length > 0) throw new DnsDataError(problems);
  return found.filter((pattern) => pattern !== null);
}

/** What a change does to one RRset. */
interface TouchedRRset extends RRsetKey {
  readonly present: Set<string>;
  readonly removed: Set<string>;
  added: boolean;
}

/**
 * Decides about a change, RRset by RRset. An RRset that appears needs `add`, one that vanishes `remove`, one
 * that stays `change`. A change without effect is denied like any other: the answer must not tell which
 * records there are. So records that are there already need `change`, and removing what is not there needs
 * `remove`. Names outside the zone are always denied.
 * @param present at least all records that the zone has in the RRsets of the change
 * @returns every denial; empty: the change is allowed
 * @throws {DnsDataError} when the rights have problems
 */
export function decideChange(
  rights: Rights,
  change: Change,
  present: readonly ResourceRecord[],
): readonly Denial[] {
  return touchedBy(change, present).flatMap((set): Denial[] => {
    const verb = verbFor(set);
    const { name, type } = set;
    const { allowed, rule, reason } = explainRight(rights, change.zone, name, type, verb);
    return allowed ? [] : [{ name, type, verb, rule, reason }];
  });
}

function touchedBy(change: Change, present: readonly ResourceRecord[]): readonly TouchedRRset[] {
  const sets = new Map<string, TouchedRRset>();
  for (const { name, type } of [...change.remove, ...change.add]) {
    const id = rrsetId({ name, type });
    if (!sets.has(id)) sets.set(id, { name, type, present: new Set(), removed: new Set(), added: false });
  }
  for (const record of present) sets.get(rrsetId(record))?.present.add(recordId(record));
  for (const record of change.remove) sets.get(rrsetId(record))?.removed.add(recordId(record));
  for (const record of change.add) {
    const set = sets.get(rrsetId(record));
    if (set !== undefined) set.added = true;
  }
  return [...sets.values()];
}

function verbFor({ present, removed, added }: TouchedRRset): Verb {
  if (added) return present.size === 0 ? 'add' : 'change';
  const stays = [...present].some((id) => !removed.has(id));
  return stays ? 'change' : 'remove';
}

/**
 * Whether a token with the rights `parent` may make one with the rights `child`, which must grant nothing
 * more. May answer false although they grant nothing more: each rule of the child must lie within a single
 * rule of the parent.
 * @throws {DnsDataError} when the rights have problems
 */
export function isNarrower(child: Rights, parent: Rights): boolean {
  const named = namedTypes(parent);
  return (
    areZonesWithin(child.createZones, parent.createZones) &&
    areZonesWithin(child.deleteZones, parent.deleteZones) &&
    [...namedTypes(child)].every((type) => named.has(type)) &&
    areRulesNarrower(child.rules, parent.rules)
  );
}

function areZonesWithin(child: readonly string[], parent: readonly string[]): boolean {
  const above = zonePatterns(parent);
  return zonePatterns(child).every((pattern) => above.some((wide) => coversPattern(wide, pattern)));
}
