/**
 * Looks up a key from outside in a table. `constructor` and `__proto__` are keys like any other here, not
 * members that every object inherits.
 */
export function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
