import { ExchangeError } from '../exchange-error.ts';

export type DnsErrorKind =
  /** No connection, a broken connection, a timeout, or the caller's deadline. */
  | 'unreachable'
  /** The server did not prove its identity (TLS). */
  | 'certificate'
  /** The answer is to another question, or is no DNS message. */
  | 'garbled'
  /**
   * The answer has no valid signature, or the server rejects our signature. `params.code` says what is wrong.
   */
  | 'tsig'
  /** The server refuses to transfer the zone; `params.rcode` says why. */
  | 'refused';

/**
 * An exchange that gave no usable answer. For the kind `tsig`, `params` also contain `code` and `rcode`. For
 * the code `tsig.bad-time` they also contain `serverTime`, the server's time in seconds since 1970.
 */
export class DnsError extends ExchangeError<DnsErrorKind> {
  override readonly name = 'DnsError';
}

export function deadlineOver(sent: 'no' | 'maybe'): DnsError {
  return new DnsError('unreachable', sent, { text: 'no answer in time' });
}
