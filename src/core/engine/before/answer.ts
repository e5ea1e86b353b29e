import { refusal } from '../../catalogue.ts';
import type { Verdict } from '../../panel.ts';

/** A `before` call of the panel. */
export interface Call {
  /** Aborts at the deadline of the call. */
  readonly signal: AbortSignal;
  /** Only what is against it is asked for: nothing is written anywhere. */
  readonly isTrial: boolean;
}

export type Refusal = Extract<Verdict, { readonly kind: 'refuse' }>;

/** A verdict with the ids of the operations that stand for what was accepted. */
export type Answer = { readonly kind: 'accept'; readonly begun: readonly string[] } | Refusal;

/** Nothing has to be done for it. */
export const nothingToDo: Answer = { kind: 'accept', begun: [] };

export function accepted(operation: string): Answer {
  return { kind: 'accept', begun: [operation] };
}

/** A refusal before anything was changed. */
export function refuse(...refused: Parameters<typeof refusal>): Refusal {
  return { kind: 'refuse', problems: [refusal(...refused)], changed: 'nothing' };
}
