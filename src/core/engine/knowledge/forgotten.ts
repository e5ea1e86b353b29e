import type { Journal } from '../../journal.ts';
import type { Operation } from '../../operation.ts';

/** The problem of an operation whose journal was forgotten while it was open. */
export const forgottenCode = 'journal.forgotten';

/** The problem of an operation that lists a zone of a forgotten ledger, which only the central has now. */
export const leftZoneCode = 'journal.zone-left';

const codes: ReadonlySet<string> = new Set([forgottenCode, leftZoneCode]);

/**
 * Whether the operation is stuck because its journal was forgotten (`forget-ledger.ts`). Nobody knows what
 * became of it, so nothing is sent for it. It ends when both sides agree.
 */
export function isForgotten({ state, problems }: Operation): boolean {
  return state === 'stuck' && problems.some(({ code }) => codes.has(code));
}

/**
 * The journal as the engine's steps see it: its open operations do not include forgotten ones. Those decide
 * nothing, so no step waits for them, and edits of their names are carried out.
 */
export function withoutForgotten(journal: Journal): Journal {
  return {
    commit: (batch) => journal.commit(batch),
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
    close: () => journal.close(),
  };
}
