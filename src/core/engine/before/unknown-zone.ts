import type { EditEvent } from '../../panel.ts';
import { refuse, type Refusal } from './answer.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Name of the journal's fact with the time at which the first comparison of all zones ended (wall clock,
 * milliseconds since 1970).
 */
export const baselineFact = 'baseline';

/**
 * Refuses an edit in a zone without a ledger entry, because we do not know yet whether its edits go to the
 * central. The zone's comparison is put first in the queue once the panel's list shows the zone.
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
 * Asks for a comparison of a zone that a call names: at once if the ledger has it, else once the panel's list
 * shows it.
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
