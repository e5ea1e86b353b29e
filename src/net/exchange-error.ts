import { plainParams } from '../core/plain-text.ts';

/** A request without a usable answer. It contains nothing of the request, so no secret leaks through it. */
export class ExchangeError<K extends string> extends Error {
  readonly kind: K;
  /** `no`: no octet of the request was sent. `maybe`: the server may have carried it out. */
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
