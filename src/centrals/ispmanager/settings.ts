import * as v from 'valibot';
import type { Trust } from '../../net/connect.ts';
import { ispmanagerKinds, type IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import { addressSetting, checkedSettings, pinSetting, settingText, timeoutSetting } from '../connection.ts';

/** A checked connection to an account; which panel it is, and its path, may be left open. */
export interface CentralSettings extends Omit<IspmanagerSettings, 'kind'> {
  readonly kind: IspmanagerKind | 'auto';
}

/** A checked connection to an account of a known panel. */
export interface IspmanagerSettings {
  readonly kind: IspmanagerKind;
  /**
   * Base URL, with the panel's path, e.g. `https://dns.example.net:1500/ispmgr`; without, the usual places
   * are checked.
   */
  readonly address: string;
  readonly username: string;
  readonly password: string;
  readonly trust: Trust;
  /** Credentials in every call, or a session that is renewed when it ends (docs/protocol.md#login). */
  readonly login: 'authinfo' | 'session';
  /** Milliseconds for one request. */
  readonly timeout: number;
}

const schema = v.object({
  kind: v.optional(v.picklist(['auto', ...ispmanagerKinds], 'setting.bad-choice'), 'auto'),
  address: addressSetting(false, spelled),
  // `authinfo` is cut at its first colon, so a user name cannot hold one (docs/protocol.md#login).
  username: v.pipe(
    settingText,
    v.trim(),
    v.nonEmpty('setting.missing'),
    v.regex(/^[^:]*$/u, 'setting.colon-in-user'),
  ),
  password: settingText,
  pin: pinSetting,
  login: v.optional(v.picklist(['authinfo', 'session'], 'setting.bad-choice'), 'authinfo'),
  timeout: timeoutSetting,
});

/**
 * Checks settings as they come from a file or a form: `address username password`, optional `kind`, `pin` (`{
 * fingerprint }` in any spelling, or `{ ca }` in PEM), `login`, `timeout`.
 * @throws {SettingsRefused} with every problem, each with `params.setting`
 */
export function readIspmanagerSettings(input: unknown): CentralSettings {
  const { pin, ...rest } = checkedSettings(schema, input);
  return { ...rest, trust: pin ?? { kind: 'public' } };
}

/** Without a path where none was written; a URL forgets port 443, which then says where to look. */
function spelled(address: URL, written: string): string {
  if (address.pathname !== '/') return address.href;
  return `${address.origin}${/:443\/*$/u.test(written.trim()) ? ':443' : ''}`;
}
