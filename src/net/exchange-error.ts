import { plainParams } from '../core/plain-text.ts';

/**
 * A request that got no usable answer. The error contains no part of the request, so it cannot reveal a
 * secret.
 */
export class ExchangeError<K extends string> extends Error {
  readonly kind: K;
  /**
   * `no`: no octet of the request was sent. `maybe`: the server may have received the request and acted on
   * it.
   */
  readonly sent: 'no' | 'maybe';
  /** `text`: what happened, in English. */
  readonly params: Readonly<Record<string, string>>;

  constructor(kind: K, sent: 'no' | 'maybe', said: Readonly<Record<string, string>>, cause?: unknown) {
    const params = plainParams(said);
    super(`${kind}: ${params['text'] ?? ''}`, { cause });
    this.kind = kind;
    this.sent = sent;
    this.params = params;
  }
}
