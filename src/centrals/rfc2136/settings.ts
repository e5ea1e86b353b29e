import * as v from 'valibot';
import { problem, validOrElse, type Problem } from '../../dns/problem.ts';
import { readTsigKey, type TsigKey } from '../../dns/wire/tsig.ts';
import { peerOf } from '../../net/addresses.ts';
import type { Peer } from '../../net/connect.ts';
import {
  checkedSettings,
  pinSetting,
  readAs,
  SettingsRefused,
  settingText,
  timeoutSetting,
} from '../connection.ts';
import { otherSecret } from '../secrets.ts';

const schema = v.object({
  /** `dns://host:port`, as users see it and as the ledger stores it. */
  address: v.pipe(settingText, v.trim(), readAs(readServer)),
  username: settingText,
  password: settingText,
  passwordNext: v.optional(v.string(), ''),
  algorithm: v.optional(v.string(), 'hmac-sha256'),
  transport: v.optional(v.picklist(['tcp', 'tls', 'udp'], 'setting.bad-choice'), 'tcp'),
  /** Whether whole zones may be read by zone transfer. */
  axfr: v.optional(v.boolean(), false),
  pin: pinSetting,
  timeout: timeoutSetting,
});

/** Checked settings of a connection to a primary name server. */
export type Rfc2136Settings = ReturnType<typeof readRfc2136Settings>;

/**
 * Checks settings from a file. Required are `address` (`dns://host:port`), `username` and `password` (name
 * and secret of the TSIG key). Optional are `passwordNext`, `algorithm`, `transport`, `axfr`, `pin` and
 * `timeout`.
 * @throws {SettingsRefused} with every problem, each with `params.setting`
 */
export function readRfc2136Settings(input: unknown) {
  const { username, password, passwordNext, algorithm, pin, address, ...rest } = checkedSettings(
    schema,
    input,
  );
  const key = readKey({ name: username, secret: password, algorithm }, 'password');
  const other = otherSecret({ password, passwordNext });
  const nextKey =
    other === null ? null : readKey({ name: username, secret: other, algorithm }, 'password_next');
  return { ...rest, ...address, key, nextKey, trust: pin };
}

/** Parses the TSIG key of the settings. @param secret the setting that holds the secret */
function readKey(text: Parameters<typeof readTsigKey>[0], secret: string): TsigKey {
  return validOrElse(
    () => readTsigKey(text),
    ({ problems }) => {
      const about = ({ code, params }: Problem): Problem =>
        problem(code, { ...params, setting: settingOf(code, secret) });
      throw new SettingsRefused(problems.map(about));
    },
  );
}

function settingOf(code: string, secret: string): string {
  if (code.startsWith('name.')) return 'username';
  return code === 'tsig.bad-algorithm' ? 'algorithm' : secret;
}

/** Parses an address. @returns the problem code (a text) if the address cannot be used */
function readServer(address: string): { address: string; server: Peer } | string {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || url.protocol !== 'dns:' || url.hostname === '') return 'setting.bad-address';
  return { address, server: peerOf(url, 53) };
}
