/**
 * The entry of a table under a key that comes from outside. Here `constructor` and `__proto__` are keys like
 * any other, not members that every object inherits.
 */
export function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
