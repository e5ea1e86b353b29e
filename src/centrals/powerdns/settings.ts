import * as v from 'valibot';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import type { Trust } from '../../net/connect.ts';
import { addressSetting, checkedSettings, pinSetting, settingText, timeoutSetting } from '../connection.ts';

/** A checked connection to a PowerDNS Authoritative Server, and as whom. */
export interface PowerdnsSettings {
  /**
   * URL of the server object of the API, without a final slash, e.g.
   * `https://dns.example.net/api/v1/servers/localhost`.
   */
  readonly address: string;
  /** The `account` of our zones: all others are somebody else's. */
  readonly username: string;
  /** The API key. It may do everything at that server, which is why only zones of the account are touched. */
  readonly password: string;
  readonly trust: Trust;
  /** Kind of the zones made here. */
  readonly zoneKind: ZoneKind;
  /** Name servers of the zones made here; empty: those the panel asked for. */
  readonly nameServers: readonly DnsName[];
  /** Milliseconds for one request. */
  readonly timeout: number;
}

/** Kinds of zones whose records are edited here; the others get theirs by transfer. */
export const zoneKinds = ['Native', 'Master', 'Producer'] as const;

export type ZoneKind = (typeof zoneKinds)[number];

const defaultPath = '/api/v1/servers/localhost';

const schema = v.object({
  address: addressSetting(true, ({ origin, pathname }) => {
    const path = pathname.replace(/\/+$/u, '');
    return `${origin}${path === '' ? defaultPath : path}`;
  }),
  username: v.pipe(settingText, v.trim(), v.nonEmpty('setting.missing')),
  // It travels as the value of a header (RFC 9110 section 5.5).
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
 * Checks settings as they come from a file or a form. Needed are `address` (`https:`, or `http:` on this
 * machine itself), `username` (the account), `password` (the API key). Optional are `pin` (`{ fingerprint }`
 * or `{ ca }`), `zoneKind`, `nameServers`, `timeout`.
 * @throws {SettingsRefused} with every problem, each with `params.setting`
 */
export function readPowerdnsSettings(input: unknown): PowerdnsSettings {
  const { pin, ...rest } = checkedSettings(schema, input);
  return { ...rest, trust: pin ?? { kind: 'public' } };
}
