import * as v from 'valibot';
import { problem, type Problem } from '../dns/problem.ts';
import type { Trust } from '../net/connect.ts';
import { readFingerprint } from '../net/fingerprint.ts';
import { isLoopback } from '../net/http.ts';

/** What the settings of centrals have in common, as parts of a valibot schema. */

/** A text that is there. */
export const settingText = v.pipe(v.string('setting.missing'), v.nonEmpty('setting.missing'));

/** Milliseconds for one request; default 10 s. */
export const timeoutSetting = v.optional(
  v.pipe(
    v.number('setting.bad-number'),
    v.integer('setting.bad-number'),
    v.minValue(100, 'setting.bad-number'),
  ),
  10_000,
);

/** One certificate (`{ fingerprint }` in any spelling) or one authority (`{ ca }` in PEM) to be believed. */
export const pinSetting = v.optional(
  v.pipe(
    v.strictObject({ fingerprint: v.optional(v.string()), ca: v.optional(v.string()) }),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const trust = readPin(dataset.value);
      if (typeof trust !== 'string') return trust;
      addIssue({ message: trust });
      return NEVER;
    }),
  ),
);

/**
 * A base URL from what people write, with or without scheme, port and path.
 * @param plain whether `http:` is taken where the host is an address of this machine itself
 * @param spell the URL, and what was written, as the settings have it
 */
export function addressSetting(plain: boolean, spell: (address: URL, written: string) => string) {
  return v.pipe(
    settingText,
    v.trim(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const address = readAddress(dataset.value, plain);
      if (typeof address !== 'string') return spell(address, dataset.value);
      addIssue({ message: address });
      return NEVER;
    }),
  );
}

/** The settings cannot be used; carries every reason. */
export class SettingsRefused extends Error {
  override readonly name = 'SettingsRefused';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ code }) => code).join(', '));
    this.problems = problems;
  }
}

/** Settings that fit a schema. @throws {SettingsRefused} with every problem, each with `params.setting` */
export function checkedSettings<T>(schema: v.GenericSchema<unknown, T>, input: unknown): T {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const setting = (issue: v.BaseIssue<unknown>): string => v.getDotPath(issue)?.split('.')[0] ?? '';
  throw new SettingsRefused(
    result.issues.map((issue) => problem(codeOf(issue), { setting: setting(issue) })),
  );
}

/** Checks without a code of ours are about what is not there, or of the wrong kind altogether. */
function codeOf({ message, received }: v.BaseIssue<unknown>): string {
  if (message.startsWith('setting.')) return message;
  return received === 'undefined' ? 'setting.missing' : 'setting.bad-value';
}

/** A text is the code of what is wrong. */
function readPin(pin: {
  readonly fingerprint?: string | undefined;
  readonly ca?: string | undefined;
}): Trust | string {
  const { fingerprint, ca } = pin;
  if ((fingerprint === undefined) === (ca === undefined)) return 'setting.bad-value';
  if (ca !== undefined) {
    return ca.includes('-----BEGIN CERTIFICATE-----') ? { kind: 'ca', pem: ca } : 'setting.bad-certificate';
  }
  const sha256 = readFingerprint(fingerprint ?? '');
  return sha256 === null ? 'setting.bad-fingerprint' : { kind: 'fingerprint', sha256 };
}

/** A text is the code of what is wrong. */
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
