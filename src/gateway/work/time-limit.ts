import { outage } from '../../centrals/errors.ts';

/**
 * Begins the time of a request.
 * @param wall wall clock, which goes on while a virtual machine is suspended; milliseconds
 * @param timeout how long the request may take, milliseconds
 * @returns throws {@link CentralError} `central.unreachable` once the time is over
 */
export function timeLimit(wall: () => number, timeout: number): () => void {
  const clocks = [wall, (): number => performance.now()];
  const begun = clocks.map((clock) => clock());
  return () => {
    const used = Math.max(...clocks.map((clock, at) => clock() - (begun[at] ?? 0)));
    if (used >= timeout) throw outage('central.unreachable', { text: 'no time left' });
  };
}
