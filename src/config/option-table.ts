/** Reads settings by a table of options: a valibot schema of sections, each an object of options. */
import * as v from 'valibot';
import type { Problem } from '../dns/problem.ts';
import type { IniEntry } from './ini.ts';
import type { OptionFacts } from './option.ts';

/** One option: its section, its name, and what the documentation and the form show about it. */
export interface Option extends OptionFacts {
  readonly section: string;
  readonly option: string;
}

/** The schema of a settings file, by section and option. It turns the texts of the file into values. */
export interface OptionTable<T> extends v.GenericSchema<unknown, T> {
  readonly entries: Readonly<
    Record<string, { readonly entries: Readonly<Record<string, { readonly facts: OptionFacts }>> }>
  >;
}

/** All options of a table, in its order. */
export function optionsOf({ entries }: Pick<OptionTable<unknown>, 'entries'>): readonly Option[] {
  return Object.entries(entries).flatMap(([section, own]) =>
    Object.entries(own.entries).map(([option, { facts }]) => ({ section, option, ...facts })),
  );
}

/** The key of an option, or of an entry of the file: `section.option`. */
export function optionKey({ section, option }: Pick<IniEntry, 'section' | 'option'>): string {
  return `${section}.${option}`;
}

/**
 * Reads the values of all options of a table. An option with a mistake gets its default.
 * @param textOf the text of an option; empty: the file does not have it
 * @param object called once for each option whose text has a mistake
 */
export function readOptions<T>(
  table: OptionTable<T>,
  textOf: (option: Option) => string,
  object: (option: Option) => void,
): T {
  const options = optionsOf(table);
  const mistaken = new Set<string>();
  const texts = (): unknown => {
    const bySection = Map.groupBy(options, ({ section }) => section);
    return Object.fromEntries(
      [...bySection].map(([section, own]) => [
        section,
        Object.fromEntries(
          own.map((option) => [option.option, mistaken.has(optionKey(option)) ? '' : textOf(option)]),
        ),
      ]),
    );
  };
  const read = v.safeParse(table, texts(), { abortPipeEarly: true });
  if (read.success) return read.output;
  for (const issue of read.issues) {
    const [section, name] = (v.getDotPath(issue) ?? '').split('.');
    const option = options.find((one) => one.section === section && one.option === name);
    if (option === undefined) throw new Error(`no option ${section}.${name}`);
    mistaken.add(optionKey(option));
    object(option);
  }
  return v.parse(table, texts());
}

/**
 * Makes the problem that an option does not accept its value.
 * @param params path, line and name of the option
 */
export function objection({ values }: Option, params: Readonly<Record<string, string>>): Problem {
  if (values.kind === 'number') {
    const { least, most } = values;
    return { code: 'settings.bad-number', params: { ...params, least: String(least), most: String(most) } };
  }
  if (values.kind === 'choice') {
    return { code: 'settings.bad-choice', params: { ...params, choices: values.choices.join(', ') } };
  }
  if (values.kind === 'parsed') return { code: `settings.bad-${values.form}`, params };
  return { code: 'settings.bad-address', params };
}
