import type { CentralId } from '../../core/central.ts';
import type { HistoryPage } from '../../core/history.ts';

/** A value, with the central of the panel that it belongs to. */
export interface OfCentral<T> {
  /** Number of the central in the settings. */
  readonly number: number;
  readonly id: CentralId;
  readonly value: T;
}

/**
 * An element of a list. If the panel has several centrals, `central` is the number of the one it belongs to.
 */
export type Numbered<T> = T & { readonly central?: number };

/**
 * The value for the first central. If the panel has several centrals, `centrals` holds one value for each.
 */
export type AtEach<T> = Numbered<T> & { readonly centrals?: readonly (T & AtCentral)[] };

interface AtCentral {
  readonly central: number;
  readonly address: string;
  readonly account: string;
}

/**
 * Joins the lists of all centrals into one.
 * @param several whether the panel has several centrals; if so, each element gets the number of its central
 */
export function oneList<T extends object>(
  lists: readonly OfCentral<readonly T[]>[],
  several: boolean,
): readonly Numbered<T>[] {
  return lists.flatMap(({ number, value }) =>
    value.map((one) => (several ? { ...one, central: number } : one)),
  );
}

/**
 * Makes one page of the history, newest first, from one page of each central.
 * @param several as in {@link oneList}
 * @param most how many entries the page may have
 */
export function newestOfAll<T extends { readonly id: string }>(
  pages: readonly OfCentral<HistoryPage<T>>[],
  several: boolean,
  most: number,
): HistoryPage<Numbered<T>> {
  // The pages of the centrals end at different ids. Entries older than the newest of these ends may be
  // missing from some page, so they are left for the next page.
  const floor = pages.reduce((last, { value: { next } }) => (next !== null && next > last ? next : last), '');
  const all = oneList(
    pages.map((page) => ({ ...page, value: page.value.entries })),
    several,
  )
    .filter(({ id }) => id >= floor)
    .toSorted((a, b) => (a.id < b.id ? 1 : -1));
  const entries = all.slice(0, most);
  const rest = floor === '' ? null : floor;
  return { entries, next: all.length > most ? (entries.at(-1)?.id ?? null) : rest };
}

/** Combines the values of all centrals. @param several whether the panel has several centrals */
export function atEachCentral<T extends object>(
  values: readonly OfCentral<T>[],
  several: boolean,
): AtEach<T> {
  const [first] = values;
  if (first === undefined) throw new Error('asked of no central');
  if (!several) return first.value;
  const centrals = values.map(({ number, id: { address, account }, value }) => ({
    ...value,
    central: number,
    address,
    account,
  }));
  return { ...first.value, central: first.number, centrals };
}
