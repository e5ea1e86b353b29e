import { recordId } from '../../../dns/record.ts';
import type { JournalWitness } from '../journal-witness.ts';
import type { SavedEdit } from './answers.ts';

/**
 * Records of edits that an engine left to the panel without hearing of them again, as `zone id`. They have no
 * operation and no accepted `after`. A comparison finds them, and lists those that it may not remove
 * (docs/adoption.md, row 24).
 */
export function leftToPanel(saved: readonly SavedEdit[], { operations }: JournalWitness): Set<string> {
  const left = new Set<string>();
  for (const { event, items, askedAt, answers, keptAt } of saved) {
    if (
      keptAt === null ||
      answers.some(({ stage, verdict }) => stage === 'after' && verdict.kind === 'accept')
    )
      continue;
    const isHeld = [...operations.values()].some(
      ({ operation, since }) =>
        operation.zone === event.zone && operation.fingerprint === event.fingerprint && since >= askedAt,
    );
    if (isHeld) continue;
    for (const record of items.flatMap(({ remove, add }) => [remove, add]))
      if (record !== null) left.add(`${event.zone} ${recordId(record)}`);
  }
  return left;
}
