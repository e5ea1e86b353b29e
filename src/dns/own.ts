/**
 * Looks up a key from outside in a table. Every object inherits members such as `constructor` and
 * `__proto__`; they are not found here.
 */
export function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
