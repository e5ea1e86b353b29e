import { parseIni } from '../../config/ini.ts';
import { options } from '../../config/options.ts';
import type { SecretReader } from '../../config/secret-file.ts';
import { fileOption } from '../../config/secret-options.ts';

/** Options whose values may be secrets although domainsync does not know the option. */
const telling = /pass|secret|key|token|auth|credential/iu;

/** Least length of a value whose option is not known, and of a line without an option, to be hidden. */
const least = 8;
const leastLine = 4;

/** Options by name. Those of further centrals have the same names. */
const known = new Map(options.map((option) => [option.option, option]));

/**
 * The secrets that a settings file holds or names. The file may have mistakes, and a mistyped option may hold
 * a password.
 * @param text the file; empty: there is none
 */
export function knownSecrets(text: string, read: SecretReader): readonly string[] {
  const { mistakes } = parseIni(text);
  // An option that is commented out may hold an earlier password.
  const { entries } = parseIni(text.replaceAll(/^[#;][#; \t]*/gmu, ''));
  const found = entries.flatMap(({ option, value }) => {
    const { values, option: name } = known.get(option) ?? {};
    if (name === undefined) return telling.test(option) || value.length >= least ? [value] : [];
    if (values?.kind === 'secret') return [value];
    if (name === 'webhook') return [...partsOfUrl(value), ...passwordsInUrls(value)];
    return isSecretFile(name) ? [read(value).text] : passwordsInUrls(value);
  });
  // A line that is no option may be the rest of a password.
  const broken = mistakes.filter(({ kind }) => kind === 'not-an-option').map((one) => one.text.trim());
  return [
    ...found.flatMap(withParts).filter((one) => one !== ''),
    ...broken.filter((one) => one.length >= leastLine),
  ];
}

/** Whether the option names the file of a secret. */
function isSecretFile(name: string): boolean {
  return [...known.values()].some(
    ({ option, values }) => values.kind === 'secret' && fileOption(option) === name,
  );
}

/** A value of several lines stands in one line elsewhere; each of its lines may be a secret. */
function withParts(value: string): readonly string[] {
  return value.includes('\n') ? [value, ...value.split('\n')] : [value];
}

/** The passwords that URLs in a value hold, as they stand there and decoded. No option expects one. */
function passwordsInUrls(value: string): readonly string[] {
  return [...value.matchAll(/:\/\/[^\s/?#:@]*:([^\s/?#]*)@/gu)].flatMap(([, written = '']) => [
    written,
    new URLSearchParams(`=${written.replaceAll('+', '%2B')}`).get('') ?? '',
  ]);
}

/** The parts of a webhook's URL that may be its token: all but the host. */
function partsOfUrl(value: string): readonly string[] {
  if (!URL.canParse(value)) return [value];
  const { pathname, search, searchParams, username, password } = new URL(value);
  const parts = [...pathname.split('/'), ...searchParams.values(), username, password];
  return [`${pathname}${search}`, ...parts].filter((one) => one.length >= least);
}
