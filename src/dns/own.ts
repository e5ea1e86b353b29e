/**
 * Looks up a key from outside in a table. The keys `constructor` and `__proto__` are not special here,
 * although every object inherits members with these names.
 */
export function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
