import type { DnsName } from '../../../dns/name.ts';
import type { ZoneEntry } from '../../ledger.ts';
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
 * Name of the journal's fact that a zone without a ledger entry still gets a baseline, although the first
 * comparison of all zones has ended. An open create or delete of the zone kept it from being compared.
 */
export function baselineDueFact(zone: DnsName): string {
  return `baseline-due ${zone}`;
}

/**
 * Whether the ledger forgot the zone while it was being deleted. Until that has ended, we do not know whether
 * its edits are sent.
 * @throws {JournalError}
 */
export async function isBaselineDue({ ports }: Runtime, { zone, state }: ZoneEntry): Promise<boolean> {
  return state === 'deleting' && (await ports.journal.fact(baselineDueFact(zone))) !== null;
}

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
