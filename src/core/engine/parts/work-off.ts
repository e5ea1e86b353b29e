/**
 * Calls `work` for each item, for at most `most` items at the same time. After a failure, no further item is
 * begun. Settles once no call of `work` is running.
 * @param next returns the next item; undefined: no item is left
 * @throws the first error of `work` or `next`
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
