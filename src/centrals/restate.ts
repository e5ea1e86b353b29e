import { CentralError, type CentralErrorFacts } from '../core/central.ts';

/** The same failure, with what a larger whole was left in. */
export function restated(error: CentralError, state: CentralErrorFacts['state']): CentralError {
  return new CentralError(error.code, { state, retry: error.retry, params: error.params, cause: error });
}

/** A check of the central after something else failed: what it found, or `unread` when it failed as well. */
export async function look<T>(read: () => Promise<T>): Promise<T | 'unread'> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CentralError) return 'unread';
    throw error;
  }
}
