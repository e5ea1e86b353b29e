import { plainParams } from '../core/plain-text.ts';

export type HttpErrorCode =
  /** No connection, connection cut, time-out, caller's deadline. */
  | 'unreachable'
  /** The other side did not prove who it is. */
  | 'certificate'
  /** The answer sends us elsewhere (`params.host`); it was not followed. */
  | 'redirect'
  /** The answer is larger than accepted. */
  | 'too-large';

/** A request without an answer. Holds nothing of the request: no secret can leak through it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly code: HttpErrorCode;
  /** `no`: no byte of the request has left; `maybe`: it may have been carried out. */
  readonly sent: 'no' | 'maybe';
  /** `text`: what happened, for people. */
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
