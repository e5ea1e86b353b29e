/**
 * Derives from the answers to a user's edits which values his records may have. Only one user edits a record,
 * and he waits for each answer.
 */
import type { Answer } from '../../../sandbox/index.ts';

/** The promise that an answer makes to the user. */
export type AnswerKind =
  /** The panel has saved the edit. */
  | 'accepted'
  /** The answer says that neither side was changed. */
  | 'nothing'
  /** The panel has not saved the edit. The answer does not say what the central has. */
  | 'refused'
  /**
   * The panel may have saved the edit. It answered without the central, a handler was killed, or no answer
   * came.
   */
  | 'unsure';

/** The answer to an edit. `text`: the words of a refusal, or of a connection error. */
export interface Heard {
  readonly kind: AnswerKind;
  readonly text: string;
}

/** Recognises the kind of an answer by its words, as a user would. */
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

/** A record that one user edits: a name that has one address or none. */
export interface Slot {
  readonly zone: string;
  readonly name: string;
  /** Addresses that the record may have, by all answers so far. Null among them: the record may be absent. */
  may: ReadonlySet<string | null>;
  /** Whether, since the record was first edited, an answer was `unsure` or the journal was lost. */
  clouded: boolean;
  /** Whether the central may still have the address of a refused edit; no longer after an accepted edit. */
  pending: boolean;
}

/**
 * Updates what is known of a record when its edit was answered.
 * @param to address that the edit wanted the record to have; null: no record
 */
export function learn(slot: Slot, { kind }: Heard, to: string | null): void {
  if (kind !== 'nothing') slot.pending = kind !== 'accepted';
  if (kind === 'accepted') slot.may = new Set([to]);
  else if (kind === 'unsure') {
    slot.may = new Set([...slot.may, to]);
    slot.clouded = true;
  }
}

/** Lists in words the values that a record may have. */
export function sayMay({ may }: Slot): string {
  return [...may].map((value) => value ?? 'nothing').join(' or ');
}
