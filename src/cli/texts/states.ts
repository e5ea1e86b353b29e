import { own } from '../../dns/own.ts';
import type { Cell, Mood } from '../output.ts';

/** The colour of a state. */
export function moodOfState(state: string): Mood {
  return own(moods, state) ?? 'plain';
}

const moods: Readonly<Record<string, Mood>> = {
  confirmed: 'good',
  synced: 'good',
  running: 'good',
  refused: 'bad',
  stuck: 'bad',
  broken: 'bad',
  'not-running': 'bad',
  reverting: 'care',
  reverted: 'care',
  conflict: 'care',
  foreign: 'care',
  deleting: 'care',
  'panel-only': 'quiet',
  'central-only': 'quiet',
  excluded: 'quiet',
};

/** A cell in the mood of its state. */
export function inMood(state: string): Cell {
  return { text: state, mood: moodOfState(state) };
}

/** How a central is called. */
export function centralName({
  address,
  account,
}: {
  readonly address: string;
  readonly account: string;
}): string {
  return `${address} as ${account}`;
}

/** A record at most as long as a line of a table. */
export function cutForTable(text: string): string {
  return text.length > 90 ? `${text.slice(0, 87)}...` : text;
}
