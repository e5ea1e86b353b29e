import { parseIni } from '../../config/ini.ts';
import { options } from '../../config/options.ts';
import type { SecretReader } from '../../config/secret-file.ts';
import { fileOption } from '../../config/secret-options.ts';

/**
 * If the name of an option that domainsync does not know matches this, the option's value may be a secret.
 */
const telling = /pass|secret|key|token|auth|credential/iu;

/**
 * Least length (characters) from which the value of an unknown option is hidden, and from which a line that
 * is no option is hidden.
 */
const least = 8;
const leastLine = 4;

/** The options of domainsync by name. Sections of further centrals have options with the same names. */
const known = new Map(options.map((option) => [option.option, option]));

/**
 * Finds the secrets in a settings file and in the files that it names. The settings file may have mistakes: a
 * mistyped option may hold a password.
 * @param text the text of the settings file; empty: there is none
 */
export function knownSecrets(text: string, read: SecretReader): readonly string[] {
  const { mistakes } = parseIni(text);
  // Remove comment signs, because an option that is commented out may hold an earlier password.
  const { entries } = parseIni(text.replaceAll(/^[#;][#; \t]*/gmu, ''));
  const found = entries.flatMap(({ option, value }) => {
    const { values, option: name } = known.get(option) ?? {};
    if (name === undefined) return telling.test(option) || value.length >= least ? [value] : [];
    if (values?.kind === 'secret') return [value];
    if (name === 'webhook') return [...partsOfUrl(value), ...passwordsInUrls(value)];
    return isSecretFile(name) ? [read(value).text] : passwordsInUrls(value);
  });
  // A line that is no option may be the second line of a password.
  const broken = mistakes.filter(({ kind }) => kind === 'not-an-option').map((one) => one.text.trim());
  return [
    ...found.flatMap(withParts).filter((one) => one !== ''),
    ...broken.filter((one) => one.length >= leastLine),
  ];
}

/** Whether the value of this option is the path of a file with a secret. */
function isSecretFile(name: string): boolean {
  return [...known.values()].some(
    ({ option, values }) => values.kind === 'secret' && fileOption(option) === name,
  );
}

/**
 * Returns the value and, if it has several lines, each line too. Other texts may have the whole value in one
 * line, and each line may be a secret.
 */
function withParts(value: string): readonly string[] {
  return value.includes('\n') ? [value, ...value.split('\n')] : [value];
}

/**
 * Finds passwords in URLs within a value. Returns each as it is written there, and decoded. No option expects
 * such a password.
 */
function passwordsInUrls(value: string): readonly string[] {
  return [...value.matchAll(/:\/\/[^\s/?#:@]*:([^\s/?#]*)@/gu)].flatMap(([, written = '']) => [
    written,
    new URLSearchParams(`=${written.replaceAll('+', '%2B')}`).get('') ?? '',
  ]);
}

/** The parts of a webhook's URL that may be its secret token: all parts except the host. */
function partsOfUrl(value: string): readonly string[] {
  if (!URL.canParse(value)) return [value];
  const { pathname, search, searchParams, username, password } = new URL(value);
  const parts = [...pathname.split('/'), ...searchParams.values(), username, password];
  return [`${pathname}${search}`, ...parts].filter((one) => one.length >= least);
}
