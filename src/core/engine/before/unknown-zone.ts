import type { EditEvent } from '../../panel.ts';
import { refuse, type Refusal } from './answer.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Name of the journal's fact that holds when the first comparison of all zones ended (wall clock,
 * milliseconds since 1970).
 */
export const baselineFact = 'baseline';

/**
 * Refuses an edit in a zone without a ledger entry, because we do not know yet whether its edits are sent to
 * the central. Once the panel's list shows the zone, it is compared before other zones.
 */
export async function unknownZone(
  runtime: Runtime,
  { zone, actor }: Pick<EditEvent, 'zone' | 'actor'>,
): Promise<Refusal> {
  runtime.askForZone(zone, { reason: 'edit-waits', follow: 'no', lane: actor.name, awaited: true });
  const complete = (await runtime.ports.journal.fact(baselineFact)) !== null;
  const code = complete ? 'zone.not-known-yet' : 'zone.baseline-running';
  return refuse(code, { zone });
}

/**
 * Schedules a comparison for a zone that a call names. If the ledger lacks the zone, it is compared only once
 * the panel's list shows it.
 * @throws {JournalError}
 */
export async function compareNamed(
  runtime: Runtime,
  { zone, actor }: Pick<EditEvent, 'zone' | 'actor'>,
  reason: string,
  follow: CompareRequest['follow'] = 'no',
): Promise<void> {
  const request = { reason, follow, lane: actor.name };
  if ((await runtime.ports.journal.zone(zone)) === null) runtime.askForZone(zone, request);
  else runtime.agenda.want(zone, request);
}
