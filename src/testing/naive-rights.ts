/**
 * Decides about rights by the simplest rule that is right, so that tests can compare the gateway's decisions
 * with it. Patterns are compared with names label by label.
 */
import fc from 'fast-check';
import { labels, parseName, type DnsName } from '../dns/name.ts';
import type { Rights } from '../gateway/rights/decide.ts';
import type { PatternUse } from '../gateway/rights/pattern.ts';
import { verbs, type Rule, type Verb } from '../gateway/rights/rule.ts';

/** Labels of small names. `*` is the label of a wildcard's owner. */
const smallLabels = ['a', 'b', '*'];

/** All names of up to so many labels, the empty one too. */
export function namesUpTo(most: number): readonly (readonly string[])[] {
  let last: (readonly string[])[] = [[]];
  const all = [...last];
  for (let count = 1; count <= most; count += 1) {
    last = smallLabels.flatMap((label) => last.map((name) => [label, ...name]));
    all.push(...last);
  }
  return all;
}

/** Texts of patterns over the labels of small names. */
export function patternText(use: PatternUse): fc.Arbitrary<string> {
  const part = fc.constantFrom('a', 'a', 'b', '\\*', '*');
  const parts = fc.array(part, { maxLength: 2 });
  const texts = fc
    .tuple(parts, fc.boolean(), parts)
    .map(([head, any, tail]) => [...head, ...(any ? ['**'] : []), ...tail].join('.'));
  return texts.map((text) => text || (use === 'name' ? '@' : '.'));
}

/** Whether a pattern stands for a name, given by its labels. */
export function isMeant(text: string, name: readonly string[], use: PatternUse): boolean {
  if (use === 'name' && (text === '@' || name.length === 0)) return text === '@' && name.length === 0;
  return text === '.' ? name.length === 0 : isMeantFrom(text.split('.'), name);
}

function isMeantFrom([part, ...parts]: readonly string[], name: readonly string[]): boolean {
  if (part === undefined) return name.length === 0;
  const [label, ...rest] = name;
  if (part === '**')
    return isMeantFrom(parts, name) || (label !== undefined && isMeantFrom([part, ...parts], rest));
  if (label === undefined) return false;
  const fits = part === '*' ? label !== '*' : part === (label === '*' ? '\\*' : label);
  return fits && isMeantFrom(parts, rest);
}

/** One RRset of a small zone. */
export interface SmallKey {
  readonly zone: DnsName;
  readonly name: DnsName;
  readonly type: string;
}

/** Two zones, one in the other. */
const smallZones: readonly (readonly string[])[] = [['a'], ['b', 'a']];

/** Every RRset of three types in the small zones, of names with up to three labels more. */
export const smallKeys: readonly SmallKey[] = smallZones.flatMap((own) => {
  const zone = parseName(`${own.join('.')}.`);
  return namesUpTo(3).flatMap((name) =>
    ['A', 'TXT', 'CAA'].map((type) => ({ zone, name: parseName([...name, ...own, ''].join('.')), type })),
  );
});

const smallVerbs = fc.oneof(fc.constant<Verb[]>([]), fc.subarray([...verbs]), fc.constant([...verbs]));
const smallTypes = fc.constantFrom<Rule['types']>('*', '*', ['A'], ['TXT'], ['A', 'TXT'], ['A', 'MX']);
const smallZoneText = fc.oneof(
  fc.constantFrom('**', 'a', 'b.a', '**.a', '*', '*.a', 'b.*', '**.b'),
  patternText('zone'),
);

/** A rule that may cover some of the small RRsets. */
export const smallRule: fc.Arbitrary<Rule> = fc.record({
  zone: smallZoneText,
  name: fc.oneof(fc.constantFrom('@', '**', '*'), patternText('name')),
  types: smallTypes,
  allow: smallVerbs,
});

/** Rules that may cover some of the small RRsets. */
export const smallRules: fc.Arbitrary<Rule[]> = fc.array(smallRule, { maxLength: 8 });

/** Whether a rule covers an RRset. */
export function isMeantRule(rule: Rule, { zone, name, type }: SmallKey): boolean {
  const own = labels(zone);
  const relative = labels(name).slice(0, labels(name).length - own.length);
  const isType = rule.types === '*' || rule.types.includes(type);
  return isType && isMeant(rule.zone, own, 'zone') && isMeant(rule.name, relative, 'name');
}

/** The zones of the small RRsets. */
export const smallZoneNames: readonly DnsName[] = [...new Set(smallKeys.map(({ zone }) => zone))];

const smallZoneTexts = fc.array(smallZoneText, { maxLength: 3 });
const smallProtected = fc.subarray(['CAA', 'NS@']);

function smallRightsWith(rules: fc.Arbitrary<Rule[]>): fc.Arbitrary<Rights> {
  return fc.record({
    rules,
    createZones: smallZoneTexts,
    deleteZones: smallZoneTexts,
    protectedTypes: smallProtected,
  });
}

/** Any rights over the small RRsets. */
export const smallRights = smallRightsWith(smallRules);

/** Makes rules of a child from one rule of its parent. Some of them allow more than the parent's rule. */
const smallSteps: fc.Arbitrary<(rule: Rule) => readonly Rule[]> = fc.oneof(
  fc.constant((rule: Rule) => [rule]),
  fc.constant(() => []),
  smallVerbs.map((allow) => (rule: Rule) => [
    { ...rule, allow: rule.allow.filter((one) => allow.includes(one)) },
  ]),
  smallZoneText.map((zone) => (rule: Rule) => [{ ...rule, zone }]),
  patternText('name').map((name) => (rule: Rule) => [{ ...rule, name }]),
  smallTypes.map((types) => (rule: Rule) => [{ ...rule, types }]),
  smallRule.map((other) => (rule: Rule) => [rule, { ...other, allow: [] }]),
  smallRule.map((other) => (rule: Rule) => [{ ...other, allow: rule.allow }]),
);

/**
 * The rights of a parent, and rights of a child that were made from the parent's rules. In about half of the
 * pairs the child may do nothing more than the parent.
 */
export const smallRightsBelow: fc.Arbitrary<readonly [child: Rights, parent: Rights]> = smallRights.chain(
  (parent) =>
    fc
      .record({
        steps: fc.array(smallSteps, { minLength: parent.rules.length, maxLength: parent.rules.length }),
        createZones: fc.oneof(fc.subarray([...parent.createZones]), smallZoneTexts),
        deleteZones: fc.subarray([...parent.deleteZones]),
        protectedTypes: fc.subarray([...parent.protectedTypes]),
      })
      .map(({ steps, ...more }) => {
        const rules = parent.rules.flatMap((rule, at) => steps[at]?.(rule) ?? []);
        return [{ ...more, rules }, parent] as const;
      }),
);
