import { CentralError, type CentralErrorFacts } from '../core/central.ts';

/** Wraps the error of one step with the state of the whole change. */
export function restated(error: CentralError, state: CentralErrorFacts['state']): CentralError {
  return new CentralError(error.code, { state, retry: error.retry, params: error.params, cause: error });
}

/**
 * Reads the central after another call failed, so that a second failure does not hide the first.
 * @returns what the read returns, or `unread` if it throws a {@link CentralError}
 */
export async function look<T>(read: () => Promise<T>): Promise<T | 'unread'> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CentralError) return 'unread';
    throw error;
  }
}
