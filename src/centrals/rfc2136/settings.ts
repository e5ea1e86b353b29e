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

const schema = v.object({
  /** `dns://host:port`, as users see it and the ledger keeps it. */
  address: v.pipe(settingText, v.trim(), readAs(readServer)),
  username: settingText,
  password: settingText,
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
 * and secret of the TSIG key). Optional are `algorithm`, `transport`, `axfr`, `pin` and `timeout`.
 * @throws {SettingsRefused} with every problem, each with `params.setting`
 */
export function readRfc2136Settings(input: unknown) {
  const { username, password, algorithm, pin, address, ...rest } = checkedSettings(schema, input);
  const key = readKey({ name: username, secret: password, algorithm });
  return { ...rest, ...address, key, trust: pin };
}

function readKey(text: Parameters<typeof readTsigKey>[0]): TsigKey {
  return validOrElse(
    () => readTsigKey(text),
    ({ problems }) => {
      const about = ({ code, params }: Problem): Problem =>
        problem(code, { ...params, setting: settingOf(code) });
      throw new SettingsRefused(problems.map(about));
    },
  );
}

function settingOf(code: string): string {
  if (code.startsWith('name.')) return 'username';
  return code === 'tsig.bad-algorithm' ? 'algorithm' : 'password';
}

/** Reads an address. @returns a text if it cannot be used: the problem code */
function readServer(address: string): { address: string; server: Peer } | string {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || url.protocol !== 'dns:' || url.hostname === '') return 'setting.bad-address';
  return { address, server: peerOf(url, 53) };
}
