import type { Journal, JournalReader } from '../../journal.ts';
import type { Operation } from '../../operation.ts';

/** Code of the problem that an open operation gets when the ledger is forgotten (`forget-ledger.ts`). */
export const forgottenCode = 'journal.forgotten';

/**
 * Code of the problem that marks a zone left at the central. The ledger before the new baseline had the zone,
 * the central still has it, and the panel does not. A stuck delete with this code shows the zone to an
 * administrator. Nothing is sent for it.
 */
export const leftZoneCode = 'journal.zone-left';

const codes: ReadonlySet<string> = new Set([forgottenCode, leftZoneCode]);

/**
 * Whether the operation is stuck because the ledger was forgotten while the operation was open
 * (`forget-ledger.ts`). Nobody knows whether the operation was carried out, so nothing is sent for it. The
 * operation ends when both sides agree about its records or its zone.
 */
export function isForgotten({ state, problems }: Operation): boolean {
  return state === 'stuck' && problems.some(({ code }) => codes.has(code));
}

/**
 * Wraps a journal so that its open operations do not include forgotten ones. So no step waits for a forgotten
 * operation, and new edits of the same names are carried out.
 */
export function withoutForgotten(journal: Journal): Journal {
  const { pending } = journal;
  return {
    ...readerWithout(journal),
    ...(pending !== undefined && { pending: readerWithout(pending) }),
    commit: (batch) => journal.commit(batch),
    close: () => journal.close(),
  };
}

function readerWithout(journal: JournalReader): JournalReader {
  return {
    operation: (id) => journal.operation(id),
    operations: async (filter) => {
      const found = await journal.operations(filter);
      return filter.openAt === undefined ? found : found.filter((operation) => !isForgotten(operation));
    },
    zones: () => journal.zones(),
    zone: (zone) => journal.zone(zone),
    rows: (zone, names) => journal.rows(zone, names),
    counts: () => journal.counts(),
    zoneCounts: () => journal.zoneCounts(),
    owners: () => journal.owners(),
    fact: (name) => journal.fact(name),
  };
}
