/** Abilities of a version of PowerDNS. */
export type Abilities = ReturnType<typeof abilitiesOf>;

/**
 * The abilities of a version. Version 4.7.3 was tested; the others follow its documentation. If the version
 * cannot be parsed, every ability is false.
 */
export function abilitiesOf(version: string) {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/u.exec(version)?.slice(1).map(Number) ?? [];
  const atLeast = (...wanted: readonly number[]): boolean => {
    const at = wanted.findIndex((number, index) => number !== numbers[index]);
    return numbers.length > 0 && (at === -1 || (numbers[at] ?? 0) > (wanted[at] ?? 0));
  };
  return {
    /** Whether a read by name shows disabled records as well (5.0, pull request 15299). */
    showsDisabled: atLeast(5, 0, 0),
    /** Whether a PATCH may contain `EXTEND` and `PRUNE` (4.9.12 and 5.0.2, pull requests 16589 and 16652). */
    takesSingle: atLeast(5, 0, 2) || (atLeast(4, 9, 12) && !atLeast(5, 0, 0)),
  };
}
