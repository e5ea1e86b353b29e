import type { CentralError } from '../../core/central.ts';
import { restated } from '../errors.ts';

/**
 * Maximum number of attempts for a write that the server ends with status 500 and without effect. A server
 * with sqlite ends a write like this while another write runs.
 */
const mostAttempts = 10;

/**
 * A failed write that certainly had no effect: the server has ended it, and a read shows the same state as
 * before the write.
 */
export class WithoutEffect extends Error {
  readonly error: CentralError;

  constructor(error: CentralError) {
    super(error.message, { cause: error });
    this.error = error;
  }
}

/**
 * Repeats the work while it throws {@link WithoutEffect}. No pause is needed, because the reads within the
 * work take time.
 * @throws what the work throws; after the last attempt the error inside {@link WithoutEffect}, with the state
 *   `untouched`
 */
export async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof WithoutEffect)) throw error;
      if (attempt === mostAttempts) throw restated(error.error, 'untouched');
    }
  }
}
