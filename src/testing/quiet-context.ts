import type { CallContext } from '../core/central.ts';

/** Makes a call context without a deadline. */
export function quietContext(): CallContext {
  return { signal: new AbortController().signal, operation: '-' };
}
