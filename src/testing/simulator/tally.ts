import type { Batch, Journal } from '../../core/journal.ts';
import { mayStep, type OperationKind, type OperationState } from '../../core/operation.ts';

/** How often each of something was counted, by its kind. */
export type Counts = Readonly<Record<string, number>>;

/** What a history consisted of, apart from whether a law was broken. */
export interface Measures {
  /** Operations that were journalled, at all centrals together. */
  readonly operations: number;
  /** What went wrong on purpose, by kind. */
  readonly faults: Counts;
  /** Operations that were in each state, however often. */
  readonly states: Counts;
  /** Steps of operations from one state to another, as `applied > kept`. */
  readonly steps: Counts;
  /** Differences that a law let pass, by the id of the excuse. */
  readonly excuses: Counts;
}

const stateNames: Readonly<Record<OperationState, true>> = {
  prepared: true,
  applied: true,
  kept: true,
  confirmed: true,
  refused: true,
  reverting: true,
  reverted: true,
  stuck: true,
};

/** Every state of an operation. */
export const states: readonly string[] = Object.keys(stateNames);

const kinds: readonly OperationKind[] = ['records', 'zone-create', 'zone-delete'];

/** Every step from one state to another that an operation may take, as {@link Measures.steps} names them. */
export const allowedSteps: readonly string[] = states.flatMap((from) =>
  states
    .filter(
      (to) => from !== to && isState(from) && isState(to) && kinds.some((kind) => mayStep(kind, from, to)),
    )
    .map((to) => stepName(from, to)),
);

function isState(name: string): name is OperationState {
  return name in stateNames;
}

function stepName(from: string, to: string): string {
  return `${from} > ${to}`;
}

/** Counts what happens in one history. */
export class Tally {
  readonly #faults: Record<string, number> = {};
  readonly #excuses: Record<string, number> = {};
  readonly #steps: Record<string, number> = {};
  readonly #states: Record<string, number> = {};
  /** The state of each operation, by central and id. */
  readonly #known = new Map<string, OperationState>();
  #operations = 0;

  /** Something goes wrong on purpose. @param kind what, in a few words */
  fault(kind: string): void {
    count(this.#faults, kind);
  }

  /** A law lets something pass. @param id of the excuse (`laws/excuses.ts`) */
  excuse(id: string, times: number): void {
    count(this.#excuses, id, times);
  }

  /** Operations are in these states now. @param central number of the one they are for */
  committed(central: number, { operations = [] }: Batch): void {
    for (const { id, state } of operations) {
      const before = this.#known.get(`${central} ${id}`);
      this.#known.set(`${central} ${id}`, state);
      if (before === state) continue;
      if (before === undefined) this.#operations += 1;
      else count(this.#steps, stepName(before, state));
      count(this.#states, state);
    }
  }

  /** Whether the journal for a central has had an operation. */
  hasSeen(central: number, operation: string): boolean {
    return this.#known.has(`${central} ${operation}`);
  }

  get measures(): Measures {
    return {
      operations: this.#operations,
      faults: { ...this.#faults },
      states: { ...this.#states },
      steps: { ...this.#steps },
      excuses: { ...this.#excuses },
    };
  }
}

function count(counts: Record<string, number>, kind: string, times = 1): void {
  counts[kind] = (counts[kind] ?? 0) + times;
}

/** The same journal; what is committed to it is counted. @param central number of the one it is for */
export function countedJournal(journal: Journal, central: number, tally: Tally): Journal {
  return {
    commit: async (batch) => {
      await journal.commit(batch);
      tally.committed(central, batch);
    },
    operation: (id) => journal.operation(id),
    operations: (filter) => journal.operations(filter),
    zones: () => journal.zones(),
    zone: (zone) => journal.zone(zone),
    rows: (zone, names) => journal.rows(zone, names),
    owners: () => journal.owners(),
    counts: () => journal.counts(),
    fact: (name) => journal.fact(name),
    close: () => journal.close(),
  };
}
