/**
 * Repeats each key as often as its number says, so that a draw picks it that often.
 * @throws {Error} if there is none
 */
export function repeated<T extends string>(weights: Readonly<Record<T, number>>): readonly [T, ...T[]] {
  const keys = Object.keys(weights) as T[];
  const [first, ...rest] = keys.flatMap((key) => Array.from({ length: weights[key] }, () => key));
  if (first === undefined) throw new Error('nothing to draw from');
  return [first, ...rest];
}
