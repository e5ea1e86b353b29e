import { untilAborted } from '../net/until-aborted.ts';
import { outage } from './errors.ts';

/**
 * Lets several callers share one running request. When a caller's deadline passes, only that caller stops
 * waiting; the request continues for the others.
 * @param signal the caller's deadline
 * @throws {CentralError} `central.unreachable` at the deadline, else what the work throws
 */
export async function shared<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await untilAborted(work, signal, () => outage('central.unreachable', { text: 'no answer in time' }));
}
