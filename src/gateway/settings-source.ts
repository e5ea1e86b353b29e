import type { IniEntry } from '../config/ini.ts';
import { objection, optionKey, optionsOf, readOptions, type OptionTable } from '../config/option-table.ts';
import { secretReader } from '../config/secret-file.ts';
import { fileSecrets } from '../config/secret-options.ts';
import type { Problem } from '../dns/problem.ts';

/** The entries of the file by `section.option`, and a list that collects problems. */
export interface SettingsSource {
  readonly path: string;
  /** Name of the section `[backend NAME]` whose entries are read as those of `[backend]`; null: none is. */
  readonly section: string | null;
  readonly entries: ReadonlyMap<string, IniEntry>;
  readonly problems: Problem[];
}

/** Path, line and name of an option, for a problem. @param key `section.option` */
export function optionPlace({ path, section, entries }: SettingsSource, key: string): Record<string, string> {
  const [, option = ''] = key.split('.');
  const named = section === null ? option : `[${section}] ${option}`;
  return { path, line: String(entries.get(key)?.line ?? 0), option: named };
}

/** The values of all options, and the secrets in files. An option with a mistake gets its default. */
export function sourceValues<T>(table: OptionTable<T>, source: SettingsSource): T {
  const { path, entries, problems } = source;
  const reader = secretReader(() => process.env['CREDENTIALS_DIRECTORY'] ?? null);
  const secrets = fileSecrets(optionsOf(table), entries, path, reader);
  problems.push(...secrets.problems.map((one) => one.problem));
  return readOptions(
    table,
    (option) => secrets.texts.get(optionKey(option)) ?? entries.get(optionKey(option))?.value ?? '',
    (option) => problems.push(objection(option, optionPlace(source, optionKey(option)))),
  );
}
