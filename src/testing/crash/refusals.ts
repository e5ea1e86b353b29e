/** Finds out which records a central of a crash story has refused in bulk. */
import { recordId } from '../../dns/record.ts';
import type { Journal } from '../../core/journal.ts';
import { edits } from '../../core/operation.ts';
import type { RefusedRecord } from './crash-central.ts';

/**
 * The refused records that no edit has sent. A comparison, or the create of a zone with its records, has sent
 * them. They stay in the panel and are listed (docs/adoption.md, "Refused in bulk"). But an edit whose record
 * is refused must be refused itself.
 */
export async function refusedInBulk(
  journal: Journal,
  refused: readonly RefusedRecord[],
): Promise<RefusedRecord[]> {
  const left: RefusedRecord[] = [];
  for (const one of refused) {
    const sent = edits(await journal.operations({ zone: one.zone }))
      .filter((operation) => operation.class !== 'follow')
      .flatMap(({ items }) => items.filter(({ mirrored }) => mirrored).map(({ add }) => add));
    if (!sent.some((add) => add !== null && recordId(add) === recordId(one.record))) left.push(one);
  }
  return left;
}
