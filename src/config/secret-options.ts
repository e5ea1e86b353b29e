import type { Problem } from '../dns/problem.ts';
import type { IniEntry } from './ini.ts';
import type { Option } from './option-table.ts';
import type { SecretReader } from './secret-file.ts';

/** The secrets of one central that are in files. */
export interface FileSecrets {
  /** The secrets by `section.option`. The text is empty if the file cannot be used. */
  readonly texts: ReadonlyMap<string, string>;
  /** Paths of the files. */
  readonly files: readonly string[];
  /** One problem for each file that cannot be used, with the section of the option that names the file. */
  readonly problems: readonly { readonly section: string; readonly problem: Problem }[];
}

/**
 * Reads the secrets that the settings do not hold themselves, but name by file. Every option `NAME` that is a
 * secret has an option `NAME_file` beside it.
 * @param entries the entries of the settings file by `section.option`
 * @param path path of the settings file, for messages
 */
export function fileSecrets(
  options: readonly Option[],
  entries: ReadonlyMap<string, IniEntry>,
  path: string,
  read: SecretReader,
): FileSecrets {
  const texts = new Map<string, string>();
  const files: string[] = [];
  const problems: { section: string; problem: Problem }[] = [];
  for (const { section, option } of options.filter(({ values }) => values.kind === 'secret')) {
    const entry = entries.get(`${section}.${fileOption(option)}`);
    if (entry === undefined || entry.value === '') continue;
    const objection = ({ code, params }: Problem): void => {
      const place = { path, line: String(entry.line), option: entry.option, file: entry.value };
      problems.push({ section, problem: { code, params: { ...place, ...params } } });
    };
    const found = read(entry.value);
    if (found.path !== null) files.push(found.path);
    const both = (entries.get(`${section}.${option}`)?.value ?? '') !== '';
    if (both) objection({ code: 'settings.secret-twice', params: { other: option } });
    else if (found.problem !== null) objection(found.problem);
    texts.set(`${section}.${option}`, both ? '' : found.text);
  }
  return { texts, files, problems };
}

/** Name of the option that says in which file a secret is. */
export function fileOption(secret: string): string {
  return `${secret}_file`;
}
