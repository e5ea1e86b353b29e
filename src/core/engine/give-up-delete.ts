import type { Operation } from '../operation.ts';
import { newOperation } from './operations.ts';
import type { Runtime } from './runtime.ts';

/**
 * Ends a zone delete because the panel has the zone: nothing is deleted. Call it inside `exclusively`.
 * @throws {JournalError}
 */
export async function giveUpDelete(runtime: Runtime, operation: Operation): Promise<void> {
  const { journal, clock, settings } = runtime.ports;
  const fresh = await journal.operation(operation.id);
  const entry = await journal.zone(operation.zone);
  if (fresh === null || fresh.state !== operation.state) return;
  if (entry === null) {
    await journal.commit({ operations: [runtime.next(fresh, 'reverted')] });
    return;
  }
  // A panel slower than our patience may still delete it, and its `after` may get lost, or reads show it later: stay on watch.
  const watchUntil = clock.wall() + settings.watch;
  const ended = runtime.next(fresh, 'reverted', { watchUntil });
  if (operation.added.length === 0) {
    await journal.commit({ operations: [ended], zones: [{ ...entry, standing: 'joined' }] });
    return;
  }
  // A create that was undone came true after all: its content is due, and what was ours before may go.
  const { zone, incarnation, added } = operation;
  const again = newOperation(runtime, {
    kind: 'zone-create',
    class: 'follow',
    zone,
    incarnation,
    snapshot: added,
  });
  await journal.commit({
    operations: [ended, { ...again, state: 'kept', afterSeen: true }],
    zones: [{ ...entry, standing: 'creating' }],
  });
  runtime.wakeZone(zone, 0);
}
