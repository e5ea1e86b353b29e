import { ExchangeError } from '../exchange-error.ts';

export type DnsErrorKind =
  /** No connection, a broken connection, a timeout, or the caller's deadline. */
  | 'unreachable'
  /** The server did not prove its identity (TLS). */
  | 'certificate'
  /** The answer is to another question, or is no DNS message. */
  | 'garbled'
  /** The answer has no valid signature, or the server rejects ours; `params.code` says which. */
  | 'tsig'
  /** The server refuses to transfer the zone; `params.rcode` says why. */
  | 'refused';

/**
 * An exchange without a usable answer. With the kind `tsig` its `params` have also `code` and `rcode`. With
 * the code `tsig.bad-time` they have `serverTime` too, the server's time in seconds since 1970.
 */
export class DnsError extends ExchangeError<DnsErrorKind> {
  override readonly name = 'DnsError';
}

export function deadlineOver(sent: 'no' | 'maybe'): DnsError {
  return new DnsError('unreachable', sent, { text: 'no answer in time' });
}
