import { plainParams } from '../../core/plain-text.ts';

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

/** An exchange without a usable answer. It contains nothing of the request and no secret. */
export class DnsError extends Error {
  override readonly name = 'DnsError';
  readonly kind: DnsErrorKind;
  /** `no`: no octet of the request was sent. `maybe`: the server may have carried it out. */
  readonly sent: 'no' | 'maybe';
  /**
   * `text`: what happened, in English. With the kind `tsig` also `code` and `rcode`; with the code
   * `tsig.bad-time` also `serverTime`, the server's time in seconds since 1970.
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
