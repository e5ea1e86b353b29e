import type { DnsName } from '../../../dns/name.ts';
import type { ZoneEntry } from '../../ledger.ts';
import type { EditEvent } from '../../panel.ts';
import { refuse, type Refusal } from './answer.ts';
import type { CompareRequest } from '../parts/agenda.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Name of the journal's fact that holds the time at which the first comparison of all zones ended (wall
 * clock, milliseconds since 1970).
 */
export const baselineFact = 'baseline';

/**
 * Name of the journal's fact that marks a zone whose baseline (its own first comparison) is still due. The
 * fact is set for a zone that is being created or deleted when the observe mode ends.
 */
export function baselineDueFact(zone: DnsName): string {
  return `baseline-due ${zone}`;
}

/**
 * Whether the zone is being deleted and still needs a baseline (its first comparison). Until the delete has
 * ended, we do not know whether edits in the zone are sent to the central.
 * @throws {JournalError}
 */
export async function isBaselineDue({ ports }: Runtime, { zone, state }: ZoneEntry): Promise<boolean> {
  return state === 'deleting' && (await ports.journal.fact(baselineDueFact(zone))) !== null;
}

/**
 * Refuses an edit in a zone without a ledger entry, because we do not know yet whether the zone's edits are
 * sent to the central. Once the panel's list shows the zone, we compare it before other zones.
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
 * Schedules a comparison of a zone that a call of the panel names. A zone that the ledger lacks is compared
 * only once the panel's list shows it.
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
