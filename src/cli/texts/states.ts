import { own } from '../../dns/own.ts';
import type { Observed } from '../../core/decision.ts';
import type { RecordsOperation } from '../../core/operation.ts';
import type { OutcomeKind } from '../../core/outcome.ts';
import { pullSource } from '../../core/zone-plan.ts';
import type { Cell, Mood } from '../output.ts';

/** The mood of a state, which decides its colour. */
export function moodOfState(state: string): Mood {
  return own(moods, state) ?? 'plain';
}

const moods: Readonly<Record<string, Mood>> = {
  'both-sides': 'good',
  partly: 'care',
  undone: 'care',
  synced: 'good',
  running: 'good',
  refused: 'bad',
  stuck: 'bad',
  broken: 'bad',
  'not-running': 'bad',
  conflict: 'care',
  foreign: 'care',
  deleting: 'care',
  'panel-only': 'quiet',
  'central-only': 'quiet',
  excluded: 'quiet',
};

/** What texts call each outcome (`core/outcome.ts`). */
const outcomeWords: Readonly<Record<OutcomeKind, string>> = {
  'under-way': 'under way',
  'both-sides': 'done on both sides',
  partly: 'done in part',
  'panel-only': 'in the panel only',
  refused: 'refused',
  undone: 'undone',
  stuck: 'stuck',
  observed: 'observed',
};

/** What texts say about an edit that was only observed: how it would have ended. */
const wouldWords: Readonly<Record<Observed['would'], string>> = {
  'both-sides': 'would go to both sides',
  partly: 'would be done in part',
  'panel-only': 'would stay in the panel',
  refused: 'would be refused',
  unclear: 'not judged',
};

/** Makes a table cell that says how an entry of the history ended. */
export function outcomeCell(entry: { readonly outcome: OutcomeKind; readonly observed?: Observed }): Cell {
  const { outcome } = entry;
  const would = entry.observed?.would;
  const text = outcome === 'observed' ? `observed, ${wouldWords[would ?? 'unclear']}` : outcomeWords[outcome];
  return { text, mood: moodOfState(would ?? outcome) };
}

/** Makes a table cell that shows a state in the colour of its mood. */
export function inMood(state: string): Cell {
  return { text: state, mood: moodOfState(state) };
}

/** The name of a central in texts: its address and account. */
export function centralName({
  address,
  account,
}: {
  readonly address: string;
  readonly account: string;
}): string {
  return `${address} as ${account}`;
}

/** Shortens a text to 90 characters, so that it fits into a table. */
export function cutForTable(text: string): string {
  return text.length > 90 ? `${text.slice(0, 87)}...` : text;
}

/**
 * The records that an operation removes and adds, for the reader. A pull is stored as the undo of an edit
 * that never happened, so its records are swapped.
 */
export function shownItems({
  items,
  source,
}: Pick<RecordsOperation, 'items' | 'source'>): RecordsOperation['items'] {
  if (source !== pullSource) return items;
  return items.map((item) => ({ ...item, remove: item.add, add: item.remove, mirrored: true }));
}
