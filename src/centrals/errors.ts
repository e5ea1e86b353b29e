import { CentralError, type CentralErrorCode, type CentralErrorFacts } from '../core/central.ts';

type State = CentralErrorFacts['state'];
type Params = Readonly<Record<string, string>>;

/** The error of a call that changed nothing and would fail again. */
export function centralRefusal(code: CentralErrorCode, params: Params = {}, cause?: unknown): CentralError {
  return new CentralError(code, { state: 'untouched', retry: 'never', params, cause });
}

/** The error of a call that changed nothing and may succeed later. */
export function outage(code: CentralErrorCode, params: Params = {}, cause?: unknown): CentralError {
  return new CentralError(code, { state: 'untouched', retry: 'later', params, cause });
}

/** The error of a write that the central answered with success, although a later read does not show it. */
export function noEffect(retry: CentralErrorFacts['retry'] = 'never'): CentralError {
  return new CentralError('central.no-effect', { state: 'unknown', retry });
}

/** Whether something thrown is a central's error with this code. */
export function hasCode(error: unknown, code: CentralErrorCode): error is CentralError {
  return error instanceof CentralError && error.code === code;
}

/** Wraps the error of one step with the state of the whole change. */
export function restated(error: CentralError, state: State): CentralError {
  return new CentralError(error.code, { state, retry: error.retry, params: error.params, cause: error });
}

/**
 * Carries out one step of a change. A {@link CentralError} of the step gets the state of the whole change.
 */
export async function withState<T>(state: State, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof CentralError ? restated(error, state) : error;
  }
}

/**
 * Reads the central after another call failed, so that a second failure does not hide the first.
 * @returns the result of the read, or `unread` if it throws a {@link CentralError}
 */
export async function look<T>(read: () => Promise<T>): Promise<T | 'unread'> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CentralError) return 'unread';
    throw error;
  }
}
