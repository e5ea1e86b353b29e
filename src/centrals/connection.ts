import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { own } from '../dns/own.ts';
import { problem, type Problem } from '../dns/problem.ts';
import type { Trust } from '../net/connect.ts';
import { readFingerprint } from '../net/fingerprint.ts';
import { isLoopback } from '../net/http.ts';
import { isSystemError } from '../net/system-error.ts';

/** Parts of valibot schemas that the settings of several centrals share. */

/** A required text: it must be given and must not be empty. */
export const settingText = v.pipe(v.string('setting.missing'), v.nonEmpty('setting.missing'));

/** How long one request may take, in milliseconds; 10 s by default. */
export const timeoutSetting = v.optional(
  v.pipe(
    v.number('setting.bad-number'),
    v.integer('setting.bad-number'),
    v.minValue(100, 'setting.bad-number'),
  ),
  10_000,
);

/**
 * What to trust: one certificate (`{ fingerprint }` in any spelling) or one authority (`{ ca }` in PEM).
 * Absent: the public authorities.
 */
export const pinSetting = v.optional(
  v.pipe(
    v.strictObject({ fingerprint: v.optional(v.string()), ca: v.optional(v.string()) }),
    readAs(readPin),
  ),
  {},
);

/**
 * Makes the setting `pin` from the options of a settings file.
 * @param fingerprint of the only certificate to trust; empty: there is none
 * @param caFile path of the authority to trust (PEM); empty: there is none
 * @throws {SettingsRefused} `settings.ca-unreadable`
 */
export function pinOf({ fingerprint, caFile }: { readonly fingerprint: string; readonly caFile: string }): {
  readonly pin?: { readonly fingerprint?: string; readonly ca?: string };
} {
  if (fingerprint !== '') return { pin: { fingerprint } };
  if (caFile === '') return {};
  try {
    return { pin: { ca: readFileSync(caFile, 'utf8') } };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new SettingsRefused([problem('settings.ca-unreadable', { path: caFile })]);
  }
}

/**
 * Makes a schema for a base URL. The user may write the address without scheme, port and path.
 * @param plain whether `http:` is accepted if the host is an address of this machine
 * @param spell makes the text of the setting from the URL and the text that the user wrote
 */
export function addressSetting(plain: boolean, spell: (address: URL, written: string) => string) {
  return v.pipe(
    settingText,
    v.trim(),
    readAs((written: string) => {
      const address = readAddress(written, plain);
      return typeof address === 'string' ? address : { text: spell(address, written) };
    }),
    v.transform(({ text }) => text),
  );
}

/**
 * Makes a schema step that converts a value.
 * @param read returns the converted value; for an invalid value a problem code (a text)
 */
export function readAs<I, T extends object>(read: (value: I) => T | string) {
  return v.rawTransform<I, T>(({ dataset, addIssue, NEVER }) => {
    const found = read(dataset.value);
    if (typeof found !== 'string') return found;
    addIssue({ message: found });
    return NEVER;
  });
}

/** The checked settings of a schema. The schema's field `pin` becomes the field `trust`. */
export type SettingsOf<S extends v.GenericSchema<unknown, { pin: Trust }>> = Readonly<
  Omit<v.InferOutput<S>, 'pin'> & { trust: Trust }
>;

/** Settings that cannot be used, with every reason. */
export class SettingsRefused extends Error {
  override readonly name = 'SettingsRefused';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ code }) => code).join(', '));
    this.problems = problems;
  }
}

/**
 * Names of options in the settings file, by field name. Options with the same name as their field are left
 * out.
 */
const optionNames: Readonly<Record<string, string>> = {
  passwordNext: 'password_next',
  zoneKind: 'zone_kind',
  nameServers: 'nameservers',
};

/**
 * Checks settings by a schema and returns them.
 * @throws {SettingsRefused} with every problem, each with `params.setting`
 */
export function checkedSettings<T>(schema: v.GenericSchema<unknown, T>, input: unknown): T {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const setting = (issue: v.BaseIssue<unknown>): string => {
    const key = v.getDotPath(issue)?.split('.')[0] ?? '';
    return own(optionNames, key) ?? key;
  };
  throw new SettingsRefused(
    result.issues.map((issue) => problem(codeOf(issue), { setting: setting(issue) })),
  );
}

/**
 * The problem code of a failed check. A message without `setting.` comes from valibot itself: the value is
 * missing or has the wrong type.
 */
function codeOf({ message, received }: v.BaseIssue<unknown>): string {
  if (message.startsWith('setting.')) return message;
  return received === 'undefined' ? 'setting.missing' : 'setting.bad-value';
}

/** Parses a pin. @returns the problem code (a text) if the pin cannot be used */
function readPin({
  fingerprint,
  ca,
}: {
  fingerprint?: string | undefined;
  ca?: string | undefined;
}): Trust | string {
  if (fingerprint !== undefined && ca !== undefined) return 'setting.bad-value';
  if (fingerprint === undefined && ca === undefined) return { kind: 'public' };
  if (ca !== undefined) {
    return ca.includes('-----BEGIN CERTIFICATE-----') ? { kind: 'ca', pem: ca } : 'setting.bad-certificate';
  }
  const sha256 = readFingerprint(fingerprint ?? '');
  return sha256 === null ? 'setting.bad-fingerprint' : { kind: 'fingerprint', sha256 };
}

/** Parses an address. @returns the problem code (a text) if the address cannot be used */
function readAddress(written: string, plain: boolean): URL | string {
  const full = /^[a-z][a-z0-9+.-]*:\/\//iu.test(written) ? written : `https://${written}`;
  if (!URL.canParse(full)) return 'setting.bad-address';
  const url = new URL(full);
  if (url.protocol === 'http:' && !(plain && isLoopback(url.hostname))) return 'setting.insecure';
  if (!['http:', 'https:'].includes(url.protocol) || url.hostname === '') return 'setting.bad-address';
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return 'setting.bad-address';
  return url;
}
