import { ApiRefusal } from '../api-refusal.ts';
import type { ListPart, StoredToken, TokenPosition } from '../storage/storage.ts';

/** Number of entries in a page, if the client does not say it. */
const usualPage = 1_000;

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
 * @throws {ApiRefusal} 400 for a cursor that is none
 */
export function pageOf<T>(
  all: readonly T[],
  keyOf: (item: T) => string,
  { limit = usualPage, cursor }: PageRequest,
): Page<T> {
  const after = keyIn(cursor);
  const from = after === null ? 0 : firstBehind(all, keyOf, after);
  return firstPage(all.slice(from, from + limit + 1), limit, keyOf);
}

/**
 * Reads a page of a list whose parts can be read by themselves.
 * @param list reads a part of the list, in the order of the keys
 * @param keyOf the key of an entry, which no other entry has
 * @throws {ApiRefusal} 400 if the cursor is not one of ours; also what `list` throws
 */
export async function listPage<T>(
  request: PageRequest,
  list: (part: ListPart) => Promise<readonly T[]>,
  keyOf: (item: T) => string,
): Promise<Page<T>> {
  return await readPage(request, keyIn, list, keyOf);
}

/** As {@link listPage}, for tokens: they are listed in the order in which they were made. */
export async function pageOfTokens(
  request: PageRequest,
  list: (part: ListPart<TokenPosition>) => Promise<readonly StoredToken[]>,
): Promise<Page<StoredToken>> {
  return await readPage(request, positionIn, list, ({ createdAt, id }) => `${createdAt} ${id}`);
}

async function readPage<T, K>(
  { limit = usualPage, cursor }: PageRequest,
  read: (cursor: string | undefined) => K | null,
  list: (part: ListPart<K>) => Promise<readonly T[]>,
  keyOf: (item: T) => string,
): Promise<Page<T>> {
  // One extra entry shows whether another page follows this one.
  return firstPage(await list({ after: read(cursor), most: limit + 1 }), limit, keyOf);
}

function firstPage<T>(found: readonly T[], limit: number, keyOf: (item: T) => string): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const isEnd = found.length <= limit || last === undefined;
  return { items, next: isEnd ? null : Buffer.from(keyOf(last)).toString('base64url') };
}

/** The index of the first entry whose key is behind this one. */
function firstBehind<T>(all: readonly T[], keyOf: (item: T) => string, after: string): number {
  const found = all.findIndex((item) => keyOf(item) > after);
  return found < 0 ? all.length : found;
}

function positionIn(cursor: string | undefined): TokenPosition | null {
  const key = keyIn(cursor);
  if (key === null) return null;
  const [, createdAt, id] = /^(\d{1,15}) (\S{1,100})$/u.exec(key) ?? [];
  if (createdAt === undefined || id === undefined) throw badCursor();
  return { createdAt: Number(createdAt), id };
}

function keyIn(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const key = Buffer.from(cursor, 'base64url');
  if (key.toString('base64url') === cursor) return key.toString();
  throw badCursor();
}

function badCursor(): ApiRefusal {
  return new ApiRefusal(400, 'gateway.bad-request', { params: { text: 'cursor' } });
}
