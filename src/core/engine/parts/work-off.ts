/**
 * Does the work for one item after the other, `most` of them at the same time. After a failure no further
 * item is begun. Resolves once nothing runs any more.
 * @param next takes the next item; undefined: there is none left
 * @throws what the work, or `next`, threw first
 */
export async function workOff<T>(
  next: () => T | undefined,
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    try {
      for (let item = next(); item !== undefined; item = next()) {
        await work(item);
        if (failures.length > 0) return;
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: most }, worker));
  if (failures.length > 0) throw failures[0];
}
