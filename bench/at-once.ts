/** Does the work for every item, `together` items at a time. @returns items per second */
export async function rate<T>(
  items: readonly T[],
  together: number,
  work: (item: T) => Promise<void>,
): Promise<number> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: together }, worker));
  return (items.length / (performance.now() - started)) * 1_000;
}
