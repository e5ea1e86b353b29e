import { own } from '../dns/own.ts';
import type { Row } from './database.ts';

/*
 * The names of states and notes in journals up to schema 6. The migration to schema 7 renames them in the
 * ledger. Stored operations keep the old names, and so do files of an earlier release that are only read.
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

/** Translates the state of a zone or record into the names of this release. */
export function presentState(state: string): string {
  return own(states, state) ?? state;
}

/** Translates a note into the names of this release. */
export function presentNote(note: string | null): string | null {
  return note === null ? null : (own(notes, note) ?? note);
}

/** Translates a row of the ledger or of the zones into the names of this release. */
export function presentRow(row: Row): Row {
  const { standing, note } = row;
  if (typeof standing !== 'string') return row;
  return {
    ...row,
    note: typeof note === 'string' ? presentNote(note) : note,
    state: presentState(standing),
  };
}

/** Translates counts by state into the names of this release. */
export function presentCounts(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).map(([state, n]) => [presentState(state), n]));
}
