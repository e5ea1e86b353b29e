import type { CentralId } from '../../core/central.ts';

/** A value that belongs to one central. */
export interface OfCentral<T> {
  /** Its number in the settings. */
  readonly number: number;
  readonly id: CentralId;
  readonly value: T;
}

/** An element of a list; with several centrals it carries the number of its central. */
export type Numbered<T> = T & { readonly central?: number };

/** The value of the first central. With several centrals, `centrals` holds the value of each. */
export type AtEach<T> = Numbered<T> & { readonly centrals?: readonly (T & AtCentral)[] };

interface AtCentral {
  readonly central: number;
  readonly address: string;
  readonly account: string;
}

/**
 * Joins the lists of all centrals.
 * @param several whether the panel has several centrals; only then elements carry a number
 */
export function oneList<T extends object>(
  lists: readonly OfCentral<readonly T[]>[],
  several: boolean,
): readonly Numbered<T>[] {
  return lists.flatMap(({ number, value }) =>
    value.map((one) => (several ? { ...one, central: number } : one)),
  );
}

/** The newest operations of all centrals, newest first, at most `latest`. */
export function newestOfAll<T extends { readonly createdAt: number }>(
  lists: readonly OfCentral<readonly T[]>[],
  several: boolean,
  latest: number,
): readonly Numbered<T>[] {
  const all = oneList(lists, several);
  return several ? all.toSorted((a, b) => b.createdAt - a.createdAt).slice(0, latest) : all;
}

/** Joins the values of all centrals. @param several whether the panel has several centrals */
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
