import * as v from 'valibot';
import { ispmanagerKinds } from '../../net/ispmanager/kinds.ts';
import {
  addressSetting,
  checkedSettings,
  pinSetting,
  settingText,
  timeoutSetting,
  type SettingsOf,
} from '../connection.ts';

const schema = v.object({
  kind: v.optional(v.picklist(['auto', ...ispmanagerKinds], 'setting.bad-choice'), 'auto'),
  /**
   * Base URL with the panel's path, such as `https://dns.example.net:1500/ispmgr`. If the path is missing,
   * the usual paths are tried.
   */
  address: addressSetting(false, spelled),
  /**
   * Name of the account. It must not contain a colon, because the panel splits `authinfo` at the first colon
   * (docs/protocol.md#login).
   */
  username: v.pipe(
    settingText,
    v.trim(),
    v.nonEmpty('setting.missing'),
    v.regex(/^[^:]*$/u, 'setting.colon-in-user'),
  ),
  password: settingText,
  passwordNext: v.optional(v.string(), ''),
  pin: pinSetting,
  /**
   * How calls authenticate: with credentials in each call, or with a session that is renewed
   * (docs/protocol.md#login).
   */
  login: v.optional(v.picklist(['authinfo', 'session'], 'setting.bad-choice'), 'authinfo'),
  timeout: timeoutSetting,
});

/**
 * Checked settings of a connection to an account. The kind of the panel may be `auto`, and the path may be
 * missing.
 */
export type CentralSettings = SettingsOf<typeof schema>;

/**
 * Checks settings from a file or a form. Required are `address`, `username` and `password`. Optional are
 * `kind`, `passwordNext`, `pin` (`{ fingerprint }` in any spelling, or `{ ca }` in PEM), `login` and
 * `timeout`.
 * @throws {SettingsRefused} with every problem, each with `params.setting`
 */
export function readIspmanagerSettings(input: unknown): CentralSettings {
  const { pin: trust, ...rest } = checkedSettings(schema, input);
  return { ...rest, trust };
}

/**
 * The address as text. It has a path only if the user wrote one. If the user wrote `:443`, it stays, although
 * a URL drops it. The search for the panel then tries only this port.
 */
function spelled(address: URL, written: string): string {
  if (address.pathname !== '/') return address.href;
  return `${address.origin}${/:443\/*$/u.test(written.trim()) ? ':443' : ''}`;
}
