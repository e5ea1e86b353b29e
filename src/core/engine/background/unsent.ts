import type { Operation } from '../../operation.ts';
import { Moved } from '../parts/store.ts';
import type { Runtime } from '../runtime.ts';

/** The `source` of operations that repair a zone after a write that took effect late. */
export const lateWriteSource = 'late-write';

/**
 * Whether the operation creates or deletes a zone because of a comparison, and has sent nothing yet. A create
 * that repairs a zone after a late write does not count.
 */
export function isUnsent(operation: Operation): boolean {
  const { kind, state, source, actor } = operation;
  if (operation.class !== 'follow' || state !== 'kept' || actor !== '') return false;
  if (kind === 'zone-create') return source !== lateWriteSource && !operation.requested && !operation.created;
  return kind === 'zone-delete';
}

/**
 * Ends the step if a pause holds the operation back. The step may have begun before the pause. To be called
 * right before the operation's first request.
 * @throws {Moved} the next step waits for the end of the pause
 */
export function demandNoPause(runtime: Runtime, operation: Operation): void {
  if (runtime.isPaused && isUnsent(operation)) throw new Moved(operation.zone);
}
