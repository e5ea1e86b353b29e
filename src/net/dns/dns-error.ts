import { plainParams } from '../../core/plain-text.ts';

export type DnsErrorKind =
  /** No connection, connection cut, time-out, caller's deadline. */
  | 'unreachable'
  /** The other side did not prove who it is (TLS). */
  | 'certificate'
  /** The answer is not an answer to what was asked, or no DNS message. */
  | 'garbled'
  /** The answer has no valid signature, or the server takes ours for invalid; `params.code` says which. */
  | 'tsig'
  /** The server does not hand the zone out (transfers only); `params.rcode` says why. */
  | 'refused';

/** An exchange without a usable answer. Holds nothing of the request and no secret. */
export class DnsError extends Error {
  override readonly name = 'DnsError';
  readonly kind: DnsErrorKind;
  /** `no`: no octet of the request has left; `maybe`: it may have been carried out. */
  readonly sent: 'no' | 'maybe';
  /**
   * `text`: what happened, for people; `code` where there is one, `serverTime` (seconds since 1970) with
   * `tsig.bad-time`.
   */
  readonly params: Readonly<Record<string, string>>;

  constructor(
    kind: DnsErrorKind,
    sent: 'no' | 'maybe',
    said: Readonly<Record<string, string>>,
    cause?: unknown,
  ) {
    const params = plainParams(said);
    super(`${kind}: ${params['text'] ?? ''}`, { cause });
    this.kind = kind;
    this.sent = sent;
    this.params = params;
  }
}

export function deadlineOver(sent: 'no' | 'maybe'): DnsError {
  return new DnsError('unreachable', sent, { text: 'no answer in time' });
}
