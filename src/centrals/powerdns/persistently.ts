import type { CentralError } from '../../core/central.ts';
import { restated } from '../restate.ts';

/**
 * How often a write is tried that the server ended with 500 without effect, as one on sqlite does when others
 * write as well.
 */
const mostAttempts = 10;

/** A failed write after which a read showed the state before, where nothing of it can come any more. */
export class WithoutEffect extends Error {
  readonly error: CentralError;

  constructor(error: CentralError) {
    super(error.message, { cause: error });
    this.error = error;
  }
}

/**
 * Does the work again while it is without effect; its reads are the time in between.
 * @throws what the work throws; the error inside {@link WithoutEffect}, as `untouched`, after the last
 *   attempt
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
