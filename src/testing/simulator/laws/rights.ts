import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { Actor } from '../../../core/panel.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { OwnerStatus } from '../../../core/engine/owners/read-owners.ts';
import type { CentralStore } from '../sim-central.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { SavedEdit } from './answers.ts';
import type { Judgement } from './judgement.ts';

/** A user without a right to any zone. The panel refuses all edits of this user. */
export const intruder: Actor = { name: 'eve', rank: 'user' };

/** The last part of the address in all edits of the intruder (`HistoryOptions.users`). */
export const forged = 250;

/**
 * Checks that the central never had a record that only a user without a right wanted. Also checks that no
 * request was sent for such a user.
 */
export function checkRights(central: CentralStore, witness: JournalWitness, judgement: Judgement): void {
  const { effects, requests } = central.provenance;
  const address = `192.0.2.${forged}`;
  if (effects.some(({ record, present }) => present && record?.rdata === address))
    judgement.violate(
      'rights.held',
      'the central held what somebody without a right to the zone wanted there',
    );
  for (const { operation, kind, zone, sentAt } of requests) {
    if (witness.operations.get(operation)?.operation.actor === intruder.name)
      judgement.violate(
        'rights.written',
        `${kind} in ${zone} at ${sentAt}, for somebody without a right to it`,
      );
  }
}

/** Checks that answers to the intruder contain no data of the zone except those that the intruder sent. */
export function checkReported(
  central: CentralStore,
  edits: readonly SavedEdit[],
  judgement: Judgement,
): void {
  for (const { event, items, answers } of edits) {
    if (event.actor.name !== intruder.name) continue;
    const sent = new Set(items.flatMap(({ remove, add }) => [remove, add]).flatMap(partsOf));
    const secret = central.provenance
      .known(event.zone)
      .flatMap(partsOf)
      .filter((part) => !sent.has(part) && part !== event.zone);
    for (const { verdict, at } of answers) {
      const told = verdict.kind === 'refuse' ? JSON.stringify(verdict.problems) : '';
      const found = secret.find((part) => told.includes(part));
      if (found !== undefined) judgement.violate('rights.reported', `${found} of ${event.zone} at ${at}`);
    }
  }
}

/** Checks at the end that the engine knows the owner of each zone whose owner the panel's list shows. */
export function checkOwners(
  { zones, hidden, owners: told }: PanelStore,
  { unknown }: OwnerStatus,
  judgement: Judgement,
): void {
  const listed = [...zones.keys()].filter((zone) => !hidden.has(zone));
  const untold = listed.filter((zone) => told.get(zone) === null).length;
  if (unknown > untold)
    judgement.violate('rights.unread', `of ${unknown} zones the owner is not known, of ${untold} not told`);
}

function partsOf(record: ResourceRecord | null): string[] {
  return record === null ? [] : [record.name, record.rdata, recordId(record)];
}
