import * as v from 'valibot';
import type { Trust } from '../../net/connect.ts';
import { ispmanagerKinds, type IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import { addressSetting, checkedSettings, pinSetting, settingText, timeoutSetting } from '../connection.ts';

/**
 * Checked settings of a connection to an account. The kind of the panel may be `auto`, and the path may be
 * missing.
 */
export interface CentralSettings extends Omit<IspmanagerSettings, 'kind'> {
  readonly kind: IspmanagerKind | 'auto';
}

/** Settings of a connection to a panel whose kind and path are decided. */
export interface IspmanagerSettings {
  readonly kind: IspmanagerKind;
  /**
   * Base URL with the panel's path, such as `https://dns.example.net:1500/ispmgr`. Without a path the usual
   * ones are tried.
   */
  readonly address: string;
  readonly username: string;
  readonly password: string;
  readonly trust: Trust;
  /**
   * How calls prove who we are: with credentials in each call, or with a session that is renewed
   * (docs/protocol.md#login).
   */
  readonly login: 'authinfo' | 'session';
  /** Milliseconds that one request may take. */
  readonly timeout: number;
}

const schema = v.object({
  kind: v.optional(v.picklist(['auto', ...ispmanagerKinds], 'setting.bad-choice'), 'auto'),
  address: addressSetting(false, spelled),
  // The panel cuts `authinfo` at its first colon, so a user name cannot have one (docs/protocol.md#login).
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
 * Checks settings from a file or a form. Required are `address`, `username` and `password`. Optional are
 * `kind`, `pin` (`{ fingerprint }` in any spelling, or `{ ca }` in PEM), `login` and `timeout`.
 * @throws {SettingsRefused} with every problem, each with `params.setting`
 */
export function readIspmanagerSettings(input: unknown): CentralSettings {
  const { pin, ...rest } = checkedSettings(schema, input);
  return { ...rest, trust: pin ?? { kind: 'public' } };
}

/**
 * The address as text, with a path only if the user wrote one. It keeps `:443`, which a URL drops, because
 * a written port limits the search.
 */
function spelled(address: URL, written: string): string {
  if (address.pathname !== '/') return address.href;
  return `${address.origin}${/:443\/*$/u.test(written.trim()) ? ':443' : ''}`;
}
