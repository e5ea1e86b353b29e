import type { DnsName } from '../../dns/name.ts';
import { refusal } from '../catalogue.ts';
import type { Verdict } from '../panel.ts';
import type { Runtime } from './runtime.ts';

/** Fact in the journal: wall-clock time at which the first comparison of all zones was completed. */
export const baselineFact = 'baseline';

/**
 * The verdict for an edit in a zone without a ledger entry: refused, because nobody can say yet whether it is mirrored. The
 * zone's comparison is put first in the queue.
 */
export async function unknownZone(runtime: Runtime, zone: DnsName): Promise<Verdict> {
  runtime.compareSoon(zone, 'edit-waits');
  const complete = (await runtime.ports.journal.fact(baselineFact)) !== null;
  const code = complete ? 'zone.not-known-yet' : 'zone.baseline-running';
  return { kind: 'refuse', problems: [refusal(code, { zone })], changed: 'nothing' };
}
