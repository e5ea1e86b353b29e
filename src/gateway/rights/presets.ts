import { DnsDataError, problem } from '../../dns/problem.ts';
import { checkRights, tooManyRules, type Rights } from './decide.ts';
import { verbs, type Rule, type Verb } from './rule.ts';

export const presets = ['panel', 'acme', 'dyndns', 'read', 'full'] as const;

/** A common set of rights, by name. It is written out as rules, and stays visible as such. */
export type Preset = (typeof presets)[number];

/** Protected types that panels edit. NS below the apex is not protected; SOA and NS at the apex are. */
const panelTypes = ['CAA', 'TLSA', 'DS'];

/**
 * Writes out a preset as rights.
 * - `read`: read the names; without names all of the zones.
 * - `full`: read and write them, but for protected types.
 * - `panel`: as `full`, with CAA, TLSA and DS; the zones may also be created and deleted.
 * - `acme`: TXT at `_acme-challenge` below each name; without names at any `_acme-challenge` of the zones.
 * - `dyndns`: A and AAAA at the names, of which there must be some.
 * @param zones patterns of zones; none: every zone, which only `panel` allows
 * @param names patterns relative to the zone, `@` for the apex
 * @throws {DnsDataError} `rule.no-zones`, `rule.no-names`, `rule.too-many`, or with the problems of the
 *   patterns
 */
export function presetRights(preset: Preset, zones: readonly string[], names: readonly string[]): Rights {
  if (zones.length === 0 && preset !== 'panel')
    throw new DnsDataError([problem('rule.no-zones', { preset })]);
  if (names.length === 0 && preset === 'dyndns')
    throw new DnsDataError([problem('rule.no-names', { preset })]);
  const listed = zones.length === 0 ? ['**'] : zones;
  // A rule for each zone and name: so many would take long to write out.
  const tooMany = tooManyRules(listed.length * Math.max(1, new Set(names).size));
  if (tooMany !== null) throw new DnsDataError([tooMany]);
  const isPanel = preset === 'panel';
  const rights: Rights = {
    rules: listed.flatMap((zone) => presetRules(preset, zone, names)),
    createZones: isPanel ? listed : [],
    deleteZones: isPanel ? listed : [],
    protectedTypes: isPanel ? panelTypes : [],
  };
  const problems = checkRights(rights);
  if (problems.length > 0) throw new DnsDataError(problems);
  return rights;
}

function presetRules(preset: Preset, zone: string, names: readonly string[]): readonly Rule[] {
  const rules = (owners: readonly string[], types: Rule['types'], allow: readonly Verb[]): readonly Rule[] =>
    [...new Set(owners)].map((name) => ({ zone, name, types, allow }));
  const everywhere = names.length === 0 ? ['@', '**'] : names;
  switch (preset) {
    case 'acme':
      return rules(names.length === 0 ? ['_acme-challenge.**'] : names.map(challengeName), ['TXT'], verbs);
    case 'dyndns':
      return rules(names, ['A', 'AAAA'], verbs);
    case 'read':
      return rules(everywhere, '*', ['read']);
    case 'full':
    case 'panel':
      return rules(everywhere, '*', verbs);
  }
}

/**
 * Where a certificate authority looks for the challenge of a name. For a wildcard it looks where it does for
 * the name above.
 */
function challengeName(name: string): string {
  const above = name === String.raw`\*` ? '@' : name.replace(/^\\\*\./u, '');
  return above === '@' ? '_acme-challenge' : `_acme-challenge.${above}`;
}
