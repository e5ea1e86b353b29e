/** Replaces each `@NAME@` in a template by its value. A name without a value stays as it is. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/@([A-Z]+)@/g, (whole, name: string) => values[name] ?? whole);
}
