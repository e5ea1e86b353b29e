import * as v from 'valibot';
import { problem, DnsDataError, type Problem } from '../../dns/problem.ts';
import { readTsigKey, type TsigKey } from '../../dns/wire/tsig.ts';
import type { Peer, Trust } from '../../net/connect.ts';
import { pinSetting, settingProblems, settingText, timeoutSetting } from '../connection.ts';

/** A checked connection to a primary name server. */
export interface Rfc2136Settings {
  /** `dns://host:port`, as it is shown to users and kept in the ledger. */
  readonly address: string;
  readonly server: Peer;
  readonly key: TsigKey;
  readonly transport: 'tcp' | 'tls' | 'udp';
  /** For `tls`. */
  readonly trust: Trust;
  /** Whether whole zones may be read by zone transfer. */
  readonly axfr: boolean;
  /** Milliseconds for one exchange. */
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
 * @returns the settings, or every problem; each has `params.setting`
 */
export function readRfc2136Settings(
  input: unknown,
): { readonly settings: Rfc2136Settings } | { readonly problems: readonly Problem[] } {
  const result = v.safeParse(schema, input);
  if (!result.success) return { problems: settingProblems(result.issues) };
  const { username, password, algorithm, pin, address, ...rest } = result.output;
  const server = readServer(address);
  const key = readKey({ name: username, secret: password, algorithm });
  if ('problems' in key || server === null) return { problems: 'problems' in key ? key.problems : [] };
  return { settings: { ...rest, ...key, address, server, trust: pin ?? { kind: 'public' } } };
}

/** Problems of the key carry the setting they are about. */
function readKey(text: {
  name: string;
  secret: string;
  algorithm: string;
}): { readonly key: TsigKey } | { readonly problems: readonly Problem[] } {
  try {
    return { key: readTsigKey(text) };
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    const problems = error.problems.map(({ code, params }) =>
      problem(code, { ...params, setting: settingOf(code) }),
    );
    return { problems };
  }
}

function settingOf(code: string): string {
  if (code.startsWith('name.')) return 'username';
  return code === 'tsig.bad-algorithm' ? 'algorithm' : 'password';
}

function readServer(address: string): Peer | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || url.protocol !== 'dns:' || url.hostname === '') return null;
  const host = url.hostname.replace(/^\[(.*)\]$/u, '$1');
  return { host, port: url.port === '' ? 53 : Number(url.port) };
}
