import type { CentralStore } from '../sim-central.ts';
import type { Judgement } from './judgement.ts';

/** Last part of an address that only an intruder wants (`HistoryOptions.users`). */
export const forged = 250;

/** Whatever somebody without a right to a zone sends, nothing of it is ever at the central. */
export function checkRights(central: CentralStore, judgement: Judgement): void {
  const address = `192.0.2.${forged}`;
  if (central.provenance.effects.some(({ record, present }) => present && record?.rdata === address))
    judgement.violate(
      'rights.held',
      'the central held what somebody without a right to the zone wanted there',
    );
}
