import * as v from 'valibot';
import { zoneName } from '../../dns/name.ts';
import { validOr } from '../../dns/problem.ts';
import {
  addressSetting,
  checkedSettings,
  pinSetting,
  settingText,
  timeoutSetting,
  type SettingsOf,
} from '../connection.ts';

/**
 * Kinds of zones whose records can be edited on this server. Zones of other kinds get their records by
 * transfer.
 */
export const zoneKinds = ['Native', 'Master', 'Producer'] as const;

/**
 * The API key, which has to fit into an HTTP header (RFC 9110 section 5.5). The key gives full rights at the
 * server, so domainsync itself makes sure that it touches only zones of the account.
 */
const key = v.regex<string, 'setting.bad-value'>(/^[\x21-\x7e]*$/u, 'setting.bad-value');

const defaultPath = '/api/v1/servers/localhost';

const schema = v.object({
  /**
   * URL of the API's server object, without a final slash. Example:
   * `https://dns.example.net/api/v1/servers/localhost`.
   */
  address: addressSetting(true, ({ origin, pathname }) => {
    const path = pathname.replace(/\/+$/u, '');
    return `${origin}${path === '' ? defaultPath : path}`;
  }),
  /** The text in the field `account` of our zones at the server. Zones with another text are foreign. */
  username: v.pipe(settingText, v.trim(), v.nonEmpty('setting.missing')),
  password: v.pipe(settingText, key),
  passwordNext: v.optional(v.pipe(v.string(), key), ''),
  pin: pinSetting,
  /** The kind that new zones get. */
  zoneKind: v.optional(v.picklist(zoneKinds, 'setting.bad-choice'), 'Native'),
  /** Whether everybody who changes a zone of kind `native` also raises its serial. */
  nativeSerials: v.optional(v.boolean(), false),
  /**
   * Name servers of new zones. If the list is empty, a new zone gets the name servers that the panel asks
   * for.
   */
  nameServers: v.optional(
    v.array(
      v.pipe(
        settingText,
        v.trim(),
        v.check((text) => validOr(() => zoneName(text), null) !== null, 'setting.bad-value'),
        v.transform((text) => zoneName(text)),
      ),
    ),
    [],
  ),
  timeout: timeoutSetting,
});

/** Checked settings of a connection to a PowerDNS Authoritative Server. */
export type PowerdnsSettings = SettingsOf<typeof schema>;

/**
 * Checks settings from a file or a form. Required are `address` (`https:`, or `http:` on this machine),
 * `username` (the account) and `password` (the API key). Optional are `passwordNext`, `pin` (`{ fingerprint
 * }` or `{ ca }`), `zoneKind`, `nativeSerials`, `nameServers` and `timeout`.
 * @throws {SettingsRefused} with every problem, each with `params.setting`
 */
export function readPowerdnsSettings(input: unknown): PowerdnsSettings {
  const { pin: trust, ...rest } = checkedSettings(schema, input);
  return { ...rest, trust };
}
