import * as v from 'valibot';
import { problem, validOrElse, type Problem } from '../../dns/problem.ts';
import { readTsigKey, type TsigKey } from '../../dns/wire/tsig.ts';
import { peerOf } from '../../net/addresses.ts';
import type { Peer, Trust } from '../../net/connect.ts';
import { checkedSettings, pinSetting, SettingsRefused, settingText, timeoutSetting } from '../connection.ts';

/** Checked settings of a connection to a primary name server. */
export interface Rfc2136Settings {
  /** `dns://host:port`, as users see it and the ledger keeps it. */
  readonly address: string;
  readonly server: Peer;
  readonly key: TsigKey;
  readonly transport: 'tcp' | 'tls' | 'udp';
  /** Which certificates to trust; used with the transport `tls` only. */
  readonly trust: Trust;
  /** Whether whole zones may be read by zone transfer. */
  readonly axfr: boolean;
  /** Milliseconds that one exchange may take. */
  readonly timeout: number;
}

const schema = v.object({
  address: v.pipe(
    settingText,
    v.trim(),
    v.check((address) => readServer(address) !== null, 'setting.bad-address'),
  ),
  username: settingText,
  password: settingText,
  algorithm: v.optional(v.string(), 'hmac-sha256'),
  transport: v.optional(v.picklist(['tcp', 'tls', 'udp'], 'setting.bad-choice'), 'tcp'),
  axfr: v.optional(v.boolean(), false),
  pin: pinSetting,
  timeout: timeoutSetting,
});

/**
 * Checks settings as they come from a file: `address` (`dns://host:port`), `username` and `password` (name
 * and secret of the TSIG key). Optional are `algorithm`, `transport`, `axfr`, `pin`, `timeout`.
 * @throws {SettingsRefused} with every problem, each with `params.setting`
 */
export function readRfc2136Settings(input: unknown): Rfc2136Settings {
  const { username, password, algorithm, pin, address, ...rest } = checkedSettings(schema, input);
  const server = readServer(address);
  if (server === null) throw new SettingsRefused([problem('setting.bad-address', { setting: 'address' })]);
  const key = readKey({ name: username, secret: password, algorithm });
  return { ...rest, key, address, server, trust: pin ?? { kind: 'public' } };
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

function readServer(address: string): Peer | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || url.protocol !== 'dns:' || url.hostname === '') return null;
  return peerOf(url, 53);
}
