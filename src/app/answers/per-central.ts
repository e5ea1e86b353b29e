import type { CentralId } from '../../core/central.ts';

/** A value of one central. */
export interface OfCentral<T> {
  /** Its number in the settings. */
  readonly number: number;
  readonly id: CentralId;
  readonly value: T;
}

/** One of a list, with the number of its central where the panel has several. */
export type Numbered<T> = T & { readonly central?: number };

/** One thing at each of several centrals: as the first has it, and all of them. */
export type AtEach<T> = Numbered<T> & { readonly centrals?: readonly (T & AtCentral)[] };

interface AtCentral {
  readonly central: number;
  readonly address: string;
  readonly account: string;
}

/**
 * The lists of all centrals as one.
 * @param several whether the panel has more than one: only then each has its number
 */
export function oneList<T extends object>(
  lists: readonly OfCentral<readonly T[]>[],
  several: boolean,
): readonly Numbered<T>[] {
  return lists.flatMap(({ number, value }) =>
    value.map((one) => (several ? { ...one, central: number } : one)),
  );
}

/** The newest operations of all centrals, newest first. */
export function newestOfAll<T extends { readonly createdAt: number }>(
  lists: readonly OfCentral<readonly T[]>[],
  several: boolean,
  latest: number,
): readonly Numbered<T>[] {
  const all = oneList(lists, several);
  return several ? all.toSorted((a, b) => b.createdAt - a.createdAt).slice(0, latest) : all;
}

/** One thing at every central. */
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
