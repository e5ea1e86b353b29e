import * as v from 'valibot';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import type { Trust } from '../../net/connect.ts';
import { addressSetting, checkedSettings, pinSetting, settingText, timeoutSetting } from '../connection.ts';

/** Checked settings of a connection to a PowerDNS Authoritative Server. */
export interface PowerdnsSettings {
  /**
   * URL of the API's server object, without a final slash. Example:
   * `https://dns.example.net/api/v1/servers/localhost`.
   */
  readonly address: string;
  /** The `account` that marks our zones. Zones with any other are foreign. */
  readonly username: string;
  /**
   * The API key. It gives full rights at the server, so domainsync itself keeps to the zones of the
   * account.
   */
  readonly password: string;
  readonly trust: Trust;
  /** The kind that new zones get. */
  readonly zoneKind: ZoneKind;
  /** Name servers of new zones; if empty, those that the panel asks for. */
  readonly nameServers: readonly DnsName[];
  /** Milliseconds that one request may take. */
  readonly timeout: number;
}

/**
 * Kinds of zones whose records can be edited at this server. Zones of other kinds get their records by
 * transfer.
 */
export const zoneKinds = ['Native', 'Master', 'Producer'] as const;

export type ZoneKind = (typeof zoneKinds)[number];

const defaultPath = '/api/v1/servers/localhost';

const schema = v.object({
  address: addressSetting(true, ({ origin, pathname }) => {
    const path = pathname.replace(/\/+$/u, '');
    return `${origin}${path === '' ? defaultPath : path}`;
  }),
  username: v.pipe(settingText, v.trim(), v.nonEmpty('setting.missing')),
  // The key has to fit into a header (RFC 9110 section 5.5).
  password: v.pipe(settingText, v.regex(/^[\x21-\x7e]*$/u, 'setting.bad-value')),
  pin: pinSetting,
  zoneKind: v.optional(v.picklist(zoneKinds, 'setting.bad-choice'), 'Native'),
  nameServers: v.optional(
    v.array(
      v.pipe(
        settingText,
        v.trim(),
        v.rawTransform(({ dataset, addIssue, NEVER }) => {
          try {
            return zoneName(dataset.value);
          } catch (error) {
            if (!(error instanceof DnsDataError)) throw error;
            addIssue({ message: 'setting.bad-value' });
            return NEVER;
          }
        }),
      ),
    ),
    [],
  ),
  timeout: timeoutSetting,
});

/**
 * Checks settings from a file or a form. Required are `address` (`https:`, or `http:` on this machine),
 * `username` (the account) and `password` (the API key). Optional are `pin` (`{ fingerprint }` or `{ ca
 * }`), `zoneKind`, `nameServers` and `timeout`.
 * @throws {SettingsRefused} with every problem, each with `params.setting`
 */
export function readPowerdnsSettings(input: unknown): PowerdnsSettings {
  const { pin, ...rest } = checkedSettings(schema, input);
  return { ...rest, trust: pin ?? { kind: 'public' } };
}
