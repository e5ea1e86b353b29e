import * as v from 'valibot';
import { problem, type Problem } from '../../dns/problem.ts';
import type { Trust } from '../../net/connect.ts';
import { readFingerprint } from '../../net/fingerprint.ts';
import { panelKinds, type PanelKind } from '../../net/ispmanager/panel-kind.ts';

/** A checked connection to an account; which panel it is, and its path, may be left open. */
export interface CentralSettings extends Omit<IspmanagerSettings, 'kind'> {
  readonly kind: PanelKind | 'auto';
}

/** A checked connection to an account of a known panel. */
export interface IspmanagerSettings {
  readonly kind: PanelKind;
  /** Base URL, with the panel's path, e.g. `https://dns.example.net:1500/ispmgr`; without, the usual places are looked at. */
  readonly address: string;
  readonly username: string;
  readonly password: string;
  readonly trust: Trust;
  /** Credentials in every call, or a session that is renewed when it ends (reference 3.1). */
  readonly login: 'authinfo' | 'session';
  /** Milliseconds for one request. */
  readonly timeout: number;
}

const defaultTimeout = 10_000;

export const settingText = v.pipe(v.string('setting.missing'), v.nonEmpty('setting.missing'));

export const pinSchema = v.optional(
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

const schema = v.object({
  kind: v.optional(v.picklist(['auto', ...panelKinds], 'setting.bad-choice'), 'auto'),
  address: v.pipe(
    settingText,
    v.trim(),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const address = readAddress(dataset.value);
      if (typeof address !== 'string') return spelled(address, dataset.value);
      addIssue({ message: address });
      return NEVER;
    }),
  ),
  // `authinfo` is cut at its first colon, so a user name cannot hold one (reference 16.16).
  username: v.pipe(
    settingText,
    v.trim(),
    v.nonEmpty('setting.missing'),
    v.regex(/^[^:]*$/u, 'setting.colon-in-user'),
  ),
  password: settingText,
  pin: pinSchema,
  login: v.optional(v.picklist(['authinfo', 'session'], 'setting.bad-choice'), 'authinfo'),
  timeout: v.optional(
    v.pipe(
      v.number('setting.bad-number'),
      v.integer('setting.bad-number'),
      v.minValue(100, 'setting.bad-number'),
    ),
    defaultTimeout,
  ),
});

/**
 * Checks settings as they come from a file or a form: `address username password`, optional `kind`, `pin` (`{ fingerprint }` in any
 * spelling, or `{ ca }` in PEM), `login`, `timeout`.
 * @returns the settings, or every problem; each has `params.setting`
 */
export function readIspmanagerSettings(
  input: unknown,
): { readonly settings: CentralSettings } | { readonly problems: readonly Problem[] } {
  const result = v.safeParse(schema, input);
  if (!result.success) return { problems: connectionIssues(result.issues) };
  const { pin, ...rest } = result.output;
  return { settings: { ...rest, trust: pin ?? { kind: 'public' } } };
}

/** What a schema objects to; each problem has `params.setting`. */
export function connectionIssues(issues: readonly v.BaseIssue<unknown>[]): readonly Problem[] {
  return issues.map((issue) =>
    problem(codeOf(issue), { setting: issue.path?.map(({ key }) => String(key))[0] ?? '' }),
  );
}

/** Checks without a code of ours are about what is not there, or of the wrong kind altogether. */
function codeOf({ message, received }: v.BaseIssue<unknown>): string {
  if (message.startsWith('setting.')) return message;
  return received === 'undefined' ? 'setting.missing' : 'setting.bad-value';
}

/** One certificate or one authority. A text is the code of what is wrong. */
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

/** Without a path where none was written; a URL forgets port 443, which then says where to look. */
function spelled(address: URL, written: string): string {
  if (address.pathname !== '/') return address.href;
  return `${address.origin}${/:443\/*$/u.test(written.trim()) ? ':443' : ''}`;
}

/** A base URL from what people write: with or without scheme, port and path. A text is the code of what is wrong with it. */
function readAddress(written: string): URL | string {
  const full = /^[a-z][a-z0-9+.-]*:\/\//iu.test(written) ? written : `https://${written}`;
  if (!URL.canParse(full)) return 'setting.bad-address';
  const url = new URL(full);
  if (url.protocol === 'http:') return 'setting.insecure';
  if (url.protocol !== 'https:' || url.hostname === '') return 'setting.bad-address';
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return 'setting.bad-address';
  return url;
}
