/** Finds the section of the settings file in which each central has its options. */
import type { IniEntry } from './ini.ts';
import { options } from './options.ts';
import type { Option } from './option-table.ts';

/**
 * Sections that each central has for itself. For the further centrals, they have these names with a number.
 */
const furtherNames: Readonly<Record<string, string>> = { isp_master: 'central', verify: 'verify' };

const furtherSection = /^(central|verify)_([2-9]|[1-9]\d{1,2})$/u;

/** The numbers of the centrals: 1, and the N of each section `[central_N]`, ascending. */
export function numbersIn(entries: readonly IniEntry[]): readonly number[] {
  const further = entries.flatMap(({ section }) => {
    const [, name, number] = furtherSection.exec(section) ?? [];
    return name === 'central' ? [Number(number)] : [];
  });
  return [1, ...[...new Set(further)].toSorted((a, b) => a - b)];
}

/**
 * The name of the section in which a central has its own `section`. The first central's section has the plain
 * name. Sections that all centrals share keep their name.
 */
export function sectionOf(section: string, number: number): string {
  const name = furtherNames[section];
  return number === 1 || name === undefined ? section : `${name}_${number}`;
}

/**
 * Finds the option that an entry of the settings file sets.
 * @param entry section and name as in the file; the section may be one of a further central
 * @returns undefined: the section has no such option, or there is no such section
 */
export function optionAt(entry: Pick<IniEntry, 'section' | 'option'>): Option | undefined {
  const [, , number = '1'] = furtherSection.exec(entry.section) ?? [];
  return options.find(
    ({ section, option }) => option === entry.option && sectionOf(section, Number(number)) === entry.section,
  );
}
