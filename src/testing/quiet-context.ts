import type { CallContext } from '../core/central.ts';

/** A call context without deadline. */
export function quietContext(): CallContext {
  return { signal: new AbortController().signal, operation: '-' };
}
