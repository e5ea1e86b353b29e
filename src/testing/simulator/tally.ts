import type { Batch, Journal } from '../../core/journal.ts';
import { mayStep, type Operation, type OperationKind, type OperationState } from '../../core/operation.ts';

/** Counts by kind. */
export type Counts = Readonly<Record<string, number>>;

/** What happened in a history, whether or not a law was broken. */
export interface Measures {
  /** Number of journalled operations, at all centrals together. */
  readonly operations: number;
  /** Faults that the simulator caused, by kind. */
  readonly faults: Counts;
  /** How many times operations entered each state. */
  readonly states: Counts;
  /** Steps of operations from one state to another, by name, such as `applied > kept`. */
  readonly steps: Counts;
  /** Differences that a law excused, by the id of the excuse. */
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

/** Names of steps, made once: an object finds a new text more slowly than one that it knows. */
const stepNames = new Map<string, Map<string, string>>();

/** Every step that an operation may take from one state to another, named as in {@link Measures.steps}. */
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
  const known = stepNames.get(from)?.get(to);
  if (known !== undefined) return known;
  const name = `${from} > ${to}`;
  stepNames.set(from, (stepNames.get(from) ?? new Map<string, string>()).set(to, name));
  return name;
}

/** Counts the operations, faults and excuses of one history. */
export class Tally {
  readonly #faults: Record<string, number> = {};
  readonly #excuses: Record<string, number> = {};
  readonly #steps: Record<string, number> = {};
  readonly #states: Record<string, number> = {};
  /** The last state of each operation, by the number of its central, then by its id. */
  readonly #known = new Map<number, Map<string, OperationState>>();
  #operations = 0;

  /** Counts a fault that the simulator causes. @param kind the fault in a few words */
  fault(kind: string): void {
    count(this.#faults, kind);
  }

  /** Counts differences that a law excused. @param id the excuse's id (`laws/excuses.ts`) */
  excuse(id: string, times: number): void {
    count(this.#excuses, id, times);
  }

  /** Counts what a commit changes. @param central number of the journal's central, from 1 */
  committed(central: number, { operations = [] }: Batch): void {
    let known = this.#known.get(central);
    if (known === undefined) this.#known.set(central, (known = new Map()));
    for (const { id, state } of operations) {
      const before = known.get(id);
      known.set(id, state);
      if (before === state) continue;
      if (before === undefined) this.#operations += 1;
      else count(this.#steps, stepName(before, state));
      count(this.#states, state);
    }
  }

  /**
   * Takes over the operations of a journal that an agent opens. The power may have failed after a commit
   * landed, and before it was counted.
   */
  opened(central: number, operations: Iterable<Operation>): void {
    for (const operation of operations)
      if (!this.hasSeen(central, operation.id)) this.committed(central, { operations: [operation] });
  }

  /** Whether the journal of this central has or had the operation. */
  hasSeen(central: number, operation: string): boolean {
    return this.#known.get(central)?.has(operation) === true;
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

/** Wraps a journal so that its commits are counted. @param central number of the journal's central, from 1 */
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
    zoneCounts: () => journal.zoneCounts(),
    fact: (name) => journal.fact(name),
    close: () => journal.close(),
  };
}
