import { own } from '../dns/own.ts';
import type { Row } from './database.ts';

/*
 * Words of journals up to schema 6. The step to schema 7 renames rows of the ledger. Operations keep the
 * words, and so does a file of an earlier release that is only read.
 */

const states: Readonly<Record<string, string>> = {
  joined: 'synced',
  differs: 'conflict',
  released: 'excluded',
};

const notes: Readonly<Record<string, string>> = {
  'note.differs': 'note.conflict',
  'note.beside-differs': 'note.beside-conflict',
  'note.released': 'note.excluded',
  'note.beside-released': 'note.beside-excluded',
};

/** The state of a zone or record in the words of this release. */
export function presentState(state: string): string {
  return own(states, state) ?? state;
}

/** A note in the words of this release. */
export function presentNote(note: string | null): string | null {
  return note === null ? null : (own(notes, note) ?? note);
}

/** A row of the ledger or of the zones in the words of this release. */
export function presentRow(row: Row): Row {
  const { standing, note, ...rest } = row;
  return {
    ...rest,
    note: typeof note === 'string' ? presentNote(note) : note,
    ...(typeof standing === 'string' && { state: presentState(standing) }),
  };
}

/** Counts by state in the words of this release. */
export function presentCounts(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).map(([state, n]) => [presentState(state), n]));
}
