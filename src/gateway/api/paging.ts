import { ApiRefusal } from '../api-refusal.ts';

/** Which part of a list a client wants. */
export interface PageRequest {
  /** Most entries of the page. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

/** A part of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The client sends it as `cursor` to get the following page; null: this page is the last one. */
  readonly next: string | null;
}

/**
 * Cuts a page out of a list.
 * @param all the whole list, in the order of the keys
 * @param keyOf the key of an entry, which no other entry has
 * @param usual most entries of a page if the client does not say it
 * @throws {ApiRefusal} 400 for a cursor that is none
 */
export function pageOf<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { limit, cursor }: PageRequest,
  usual: number,
): Page<T> {
  const after = cursor === undefined ? null : readCursor(cursor);
  const from = after === null ? 0 : firstBehind(all, keyOf, after);
  const items = all.slice(from, from + (limit ?? usual));
  const last = items.at(-1);
  const isEnd = from + items.length >= all.length || last === undefined;
  return { items, next: isEnd ? null : Buffer.from(keyOf(last)).toString('base64url') };
}

/** The index of the first entry whose key is behind this one. */
function firstBehind<T>(all: readonly T[], keyOf: (item: T) => string, after: string): number {
  const found = all.findIndex((item) => keyOf(item) > after);
  return found < 0 ? all.length : found;
}

/** Reads a cursor that {@link pageOf} has made. @throws {ApiRefusal} 400 */
export function readCursor(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url');
  if (key.toString('base64url') === cursor) return key.toString();
  throw new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'cursor' } });
}
