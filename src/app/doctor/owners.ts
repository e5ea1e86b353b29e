import { counted } from '../../core/describe.ts';
import type { OwnerKnowledge } from '../answers/owner-knowledge.ts';
import { note, ok, warning, type Finding } from './finding.ts';

const selfTest = '"domainsync doctor --self-test"';

/**
 * Reports whether domainsync knows the owners of zones. Without them it cannot refuse an edit of a user who
 * does not own the zone (docs/decisions/010-who-may.md).
 */
export function checkOwners({ check, provedAt, way, zones, unknown }: OwnerKnowledge): Finding[] {
  if (check === 'off') return [whereOff(provedAt)];
  if (check === 'proved') {
    const text = `the panel checks access before it calls domainsync (self-test of ${day(provedAt)})`;
    return [ok('owners', text)];
  }
  if (way === null) {
    const text =
      'the panel was not asked yet whose each zone is: until then edits of users are refused (panel.not-read-yet)';
    const wait = 'wait: the agent asks when it starts; if this stays, the log has the reason (owners.later)';
    return [note('owners', text, wait)];
  }
  if (way === 'none') {
    const text =
      'the panel does not report whose a zone is: edits of users cannot be refused in time, they are sent to the central ' +
      'after the panel has saved them; edits of administrators are refused as usual';
    const wayOut = `run ${selfTest}; or, if you know that the panel checks access before it calls handlers, set [sync] owner_check = off`;
    return [warning('owners', text, wayOut)];
  }
  const how = way === 'column' ? 'the panel reports' : 'the list as each account sees it reports';
  const except =
    unknown === 0 ? '' : `, ${unknown} of them of no owner that is known: edits of users there are followed`;
  return [ok('owners', `${how} whose each zone is: ${counted(zones, 'zone')}${except}`)];
}

function whereOff(provedAt: number | null): Finding {
  if (provedAt !== null) {
    const text = `owner_check = off; the panel checks access before it calls domainsync (self-test of ${day(provedAt)})`;
    return ok('owners', text);
  }
  const text =
    'owner_check = off: an edit is written at the central whoever makes it. If the panel does not check access before it ' +
    "calls handlers, any user can write any other user's zone there";
  return note('owners', text, `${selfTest} shows whether it does`);
}

/** A date in UTC, `YYYY-MM-DD`; `-` for null. */
function day(wall: number | null): string {
  return wall === null ? '-' : new Date(wall).toISOString().slice(0, 10);
}
