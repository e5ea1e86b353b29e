import { ExchangeError } from './exchange-error.ts';

export type HttpErrorKind =
  /** No connection, a broken connection, a timeout, or the caller's deadline. */
  | 'unreachable'
  /** The server did not prove its identity. */
  | 'certificate'
  /** The answer is a redirect to `params.host`, which was not followed. */
  | 'redirect'
  /** The answer is larger than the request allows. */
  | 'too-large';

/** An HTTP request that got no usable answer. */
export class HttpError extends ExchangeError<HttpErrorKind> {
  override readonly name = 'HttpError';
}
