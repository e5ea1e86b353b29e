import { plainParams } from '../core/plain-text.ts';

export type HttpErrorCode =
  /** No connection, a broken connection, a timeout, or the caller's deadline. */
  | 'unreachable'
  /** The server did not prove its identity. */
  | 'certificate'
  /** The answer is a redirect to `params.host`, which was not followed. */
  | 'redirect'
  /** The answer is larger than the request allows. */
  | 'too-large';

/** A request without an answer. It contains nothing of the request, so no secret leaks through it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;
  /** `no`: no octet of the request was sent. `maybe`: the server may have carried it out. */
  readonly sent: 'no' | 'maybe';
  /** `text`: what happened, in English. */
  readonly params: Readonly<Record<string, string>>;

  constructor(
    code: HttpErrorCode,
    sent: 'no' | 'maybe',
    said: Readonly<Record<string, string>>,
    cause?: unknown,
  ) {
    const params = plainParams(said);
    super(`${code}: ${params['text'] ?? ''}`, { cause });
    this.code = code;
    this.sent = sent;
    this.params = params;
  }
}
