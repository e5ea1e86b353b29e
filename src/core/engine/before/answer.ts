import { refusal } from '../../catalogue.ts';
import type { LeftNote } from '../../decision.ts';
import type { EditEvent, InvalidEvent, LeftEdit, Verdict } from '../../panel.ts';

/** Facts about a `before` call that the engine needs besides the call's edits. */
export interface Call {
  /** Aborts at the deadline of the call. */
  readonly signal: AbortSignal;
  /** True: the engine only looks for objections and writes to neither side. */
  readonly isTrial: boolean;
}

export type Refusal = Extract<Verdict, { readonly kind: 'refuse' }>;

/**
 * The engine's answer to a call. `begun`: ids of the operations that the accepted call started. `left`: edits
 * of the call that are not sent to the central; absent if there are none.
 */
export type Answer =
  | { readonly kind: 'accept'; readonly begun: readonly string[]; readonly left?: readonly LeftEdit[] }
  | Refusal;

/** Accepts a call that needs no operation. */
export const nothingToDo: Answer = { kind: 'accept', begun: [] };

/** Accepts an edit that is made in the panel only, and is not sent to the central. */
export function leftToPanel(event: EditEvent | InvalidEvent, why: LeftNote): Answer {
  return { kind: 'accept', begun: [], left: [{ event, why }] };
}

export function accepted(operation: string): Answer {
  return { kind: 'accept', begun: [operation] };
}

/** Makes a refusal with one problem, for a call that changed nothing. */
export function refuse(...refused: Parameters<typeof refusal>): Refusal {
  return { kind: 'refuse', problems: [refusal(...refused)], changed: 'nothing' };
}

/**
 * Combines the refusals of the edits of one `after` call into one refusal. If only some edits were refused,
 * the answer is `panel-unknown`, because the central has the others.
 * @param edits number of all edits of the call
 */
export function allRefusals(refusals: readonly Refusal[], edits: number): Refusal {
  const isCertain = refusals.length === edits && refusals.every(({ changed }) => changed === 'panel');
  return {
    kind: 'refuse',
    problems: refusals.flatMap(({ problems }) => problems),
    changed: isCertain ? 'panel' : 'panel-unknown',
  };
}

/**
 * Turns an answer into the verdict for the panel. Leaves out the ids of the operations that the call began.
 */
export function toVerdict(answer: Answer): Verdict {
  if (answer.kind === 'refuse') return answer;
  return answer.left === undefined ? { kind: 'accept' } : { kind: 'accept', left: answer.left };
}
