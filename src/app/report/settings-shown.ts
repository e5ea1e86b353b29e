import { parseIni, type IniEntry } from '../../config/ini.ts';
import type { Option } from '../../config/option-table.ts';
import { optionAt } from '../../config/sections.ts';
import type { Anonymiser } from './anonymiser.ts';
import { hiddenSecret } from './scrub.ts';

/**
 * Lists the options of a settings file with their values, without secrets. Comments, unknown options and
 * lines without an option are left out, because they may contain old or mistyped passwords.
 * @param names replaces names; null: names are shown
 */
export function shownSettings(text: string, names: Anonymiser | null): string {
  const { entries, mistakes } = parseIni(text);
  const lines = entries.map((entry) => `line ${entry.line}: ${shown(entry, names)}`);
  const wrong = mistakes.map(({ line, kind }) => `line ${line}: ${kind}, not shown`);
  return [...lines, ...wrong].join('\n');
}

const hiddenText = '(not shown)';

function shown(entry: IniEntry, names: Anonymiser | null): string {
  const known = optionAt(entry);
  if (known === undefined) return 'an option that is not known, not shown';
  const { section, option, value } = entry;
  return `[${section}] ${option} = ${value === '' ? '' : valueOf(known, value, names)}`;
}

function valueOf({ option, values }: Option, value: string, names: Anonymiser | null): string {
  if (values.kind === 'secret') return hiddenSecret;
  const visible = option === 'webhook' ? originOf(value) : value;
  if (names === null) return visible;
  if (values.kind === 'number' || (values.kind === 'choice' && values.choices.includes(value))) return value;
  // The provider writes free text here, such as a person's name or a telephone number.
  if (option === 'support') return hiddenText;
  return option === 'username' ? names.user(value) : names.text(visible);
}

/** A webhook's URL without the parts that may be its secret token. */
function originOf(value: string): string {
  return URL.canParse(value) ? `${new URL(value).origin}/${hiddenSecret}` : hiddenSecret;
}
