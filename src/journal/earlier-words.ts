import { own } from '../dns/own.ts';
import type { Row } from './database.ts';

/*
 * Earlier names of states and notes, used in journals up to schema 6. The migration to schema 7 renames them
 * in the ledger. Stored operations keep the earlier names. So do files of an earlier release that are only
 * read.
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

/** Returns the name that the state of a zone or record has in this release. */
export function presentState(state: string): string {
  return own(states, state) ?? state;
}

/** Returns the name that a note has in this release. */
export function presentNote(note: string | null): string | null {
  return note === null ? null : (own(notes, note) ?? note);
}

/** Returns a row of the ledger or of the zones with the state and the note named as in this release. */
export function presentRow(row: Row): Row {
  const { standing, note } = row;
  if (typeof standing !== 'string') return row;
  return {
    ...row,
    note: typeof note === 'string' ? presentNote(note) : note,
    state: presentState(standing),
  };
}

/** Returns counts by state with the states named as in this release. */
export function presentCounts(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).map(([state, n]) => [presentState(state), n]));
}
