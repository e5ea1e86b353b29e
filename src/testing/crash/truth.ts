/**
 * What the users know: which values each of their records may have, by the answers that they got. Each record
 * has one user, who waits for one answer before the next edit.
 */
import type { Answer } from '../../../sandbox/index.ts';

/** What the answer to an edit says. */
export type AnswerKind =
  /** The panel has saved the edit. */
  | 'accepted'
  /** Neither side was changed, for certain. */
  | 'nothing'
  /** The panel was not changed; of the central nothing certain is said. */
  | 'refused'
  /** The panel may have saved it: it says so without the central, a handler died, or no answer came. */
  | 'unsure';

/** What an edit was answered. `text`: the words of a refusal, or of the error of the connection. */
export interface Heard {
  readonly kind: AnswerKind;
  readonly text: string;
}

/** Reads an answer as its user does: by the words. */
export function heardOf(answer: Answer): Heard {
  if (answer.ok) return { kind: 'accepted', text: '' };
  const text = answer.error?.text ?? answer.body.slice(0, 200);
  if (text.includes('Nothing was changed. ') || text.includes('Nothing was changed.['))
    return { kind: 'nothing', text };
  if (text.includes('was not changed; whether') || text.includes('Nothing was changed in the panel'))
    return { kind: 'refused', text };
  return { kind: text.includes(localFailure) ? 'refused' : 'unsure', text };
}

/** The words with which the sandbox refuses its own part of an edit (the switch `failLocal`). */
export const localFailure = 'the panel refuses its part';

/** One record of a user: a name with at most one address. */
export interface Slot {
  readonly zone: string;
  readonly name: string;
  /** The addresses that it may have by all answers so far; null: no record. */
  may: ReadonlySet<string | null>;
  /** Whether an answer was ever unsure, or the journal was lost since it was first written. */
  clouded: boolean;
  /** Whether the central may still have what was refused: no edit was accepted since. */
  pending: boolean;
}

/** Takes an answer into account. @param to the address that the edit wanted; null: the record removed */
export function learn(slot: Slot, { kind }: Heard, to: string | null): void {
  if (kind !== 'nothing') slot.pending = kind !== 'accepted';
  if (kind === 'accepted') slot.may = new Set([to]);
  else if (kind === 'unsure') {
    slot.may = new Set([...slot.may, to]);
    slot.clouded = true;
  }
}

/** The values of a slot in words. */
export function sayMay({ may }: Slot): string {
  return [...may].map((value) => value ?? 'nothing').join(' or ');
}
