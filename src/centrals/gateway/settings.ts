import * as v from 'valibot';
import {
  addressSetting,
  checkedSettings,
  pinSetting,
  settingText,
  timeoutSetting,
  type SettingsOf,
} from '../connection.ts';

/** A token, which has to fit into an HTTP header. */
const token = v.regex<string, 'setting.bad-value'>(/^[\x21-\x7e]*$/u, 'setting.bad-value');

const schema = v.object({
  /** Base URL of the gateway, without a path: https, or http on this machine. */
  address: addressSetting(true, ({ origin }) => origin),
  /** The customer to whom the token belongs. */
  username: v.pipe(settingText, v.trim(), v.regex(/^[a-z0-9-]+$/u, 'setting.bad-value')),
  /** The token. */
  password: v.pipe(settingText, token),
  passwordNext: v.optional(v.pipe(v.string(), token), ''),
  timeout: timeoutSetting,
  pin: pinSetting,
  /** Name servers of new zones. If the list is empty, the gateway gets those that the panel asks for. */
  nameServers: v.optional(v.array(settingText), []),
});

/** Checked settings of a connection to a gateway. */
export type GatewaySettings = SettingsOf<typeof schema>;

/** @throws {SettingsRefused} with every problem, each with `params.setting` */
export function readGatewaySettings(input: unknown): GatewaySettings {
  const { pin: trust, ...rest } = checkedSettings(schema, input);
  return { ...rest, trust };
}
