import { randomUUID } from 'node:crypto';
import { styleText } from 'node:util';
import { safeJson, terminalText } from '../core/plain-text.ts';

/** Exit statuses of the program, as `domainsync --help` explains them. */
export const exitStatus = { done: 0, failed: 1, usage: 2, attention: 3 } as const;

/**
 * Whether a text reports something good or bad. On a terminal the text has a colour for it, unless `NO_COLOR`
 * is set.
 */
export type Mood = 'good' | 'bad' | 'care' | 'quiet' | 'plain';

export interface Cell {
  readonly text: string;
  readonly mood: Mood;
}

const styles = { good: 'green', bad: 'red', care: 'yellow', quiet: 'dim', plain: null } as const;

/**
 * {@link coloured} writes this text instead of the escape character, and {@link say} replaces it. It is
 * random, so that no text from outside can contain it.
 */
const introducer = `<${randomUUID()}>`;
const escape = '\u001b';

/** Colours a text by its mood. Print the result with {@link say} or {@link print}. */
export function coloured(text: string, mood: Mood): string {
  const style = styles[mood];
  if (style === null) return text;
  const [before = '', after = ''] = styleText(style, '\0', { stream: process.stdout }).split('\0');
  return `${before.replace(escape, introducer)}${text}${after.replace(escape, introducer)}`;
}

/** Prints a text for people. Makes control sequences that came from outside harmless. */
export function say(text: string): void {
  console.log(terminalText(text).replaceAll(introducer, escape));
}

/** Like {@link say}, but prints on standard error. */
export function complain(text: string): void {
  console.error(terminalText(text).replaceAll(introducer, escape));
}

/** Says how to cut the columns of a table so that the table fits on the terminal. */
interface Fit {
  /** Width of the terminal, columns of characters; null: nothing is cut. */
  readonly width: number | null;
  /**
   * The columns that may be cut, in the order in which they are cut, each with its number and smallest width.
   */
  readonly cut: readonly (readonly [column: number, least: number])[];
}

/**
 * Formats a table with headings. Each column is as wide as its widest cell, unless it is cut. Line breaks in
 * a cell become spaces, so that no text from outside looks like a row.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly (string | Cell)[])[],
  fit: Fit = { width: null, cut: [] },
): string {
  const cells = rows.map((row) => row.map((one) => inOneLine(typeof one === 'string' ? plain(one) : one)));
  const wanted = headings.map((heading, at) =>
    cells.reduce((most, row) => Math.max(most, widthOf(row[at]?.text ?? '')), widthOf(heading)),
  );
  const widths = fitted(wanted, fit);
  const line = (row: readonly Cell[]): string =>
    row
      .map(({ text, mood }, at) => {
        const shown = cutTo(text, widths[at] ?? 0);
        const gap = at === row.length - 1 ? '' : ' '.repeat((widths[at] ?? 0) - widthOf(shown));
        return `${coloured(shown, mood)}${gap}`;
      })
      .join('  ')
      .trimEnd();
  const head = headings.map((text): Cell => ({ text, mood: 'quiet' }));
  return [line(head), ...cells.map(line)].join('\n');
}

function inOneLine({ text, mood }: Cell): Cell {
  return { text: text.replaceAll(/\n+/gu, ' '), mood };
}

/** Cuts the columns that may be cut until the table fits. @returns the widths of all columns */
function fitted(wanted: readonly number[], { width, cut }: Fit): readonly number[] {
  const widths = [...wanted];
  if (width === null) return widths;
  for (const [column, least] of cut) {
    const tooMuch = widths.reduce((sum, one) => sum + one, 2 * (widths.length - 1)) - width;
    const has = widths[column] ?? 0;
    if (tooMuch > 0) widths[column] = Math.max(Math.min(has, least), has - tooMuch);
  }
  return widths;
}

/** Width of the terminal on standard output, in columns; null: standard output is not a terminal. */
export function terminalWidth(): number | null {
  return process.stdout.isTTY ? process.stdout.columns : null;
}

/** Characters that take two columns of a terminal (East Asian Width W and F, without emoji). */
const wide =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\uff01-\uff60\uffe0-\uffe6]/u;

/** Counts the columns of a terminal that a text takes. */
function widthOf(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + (wide.test(character) ? 2 : 1), 0);
}

/** Returns the text or, if it is too wide, its beginning with an ellipsis. */
function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let [shown, left] = ['', width - 1];
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    shown += character;
  }
  return `${shown}…`;
}

function plain(text: string): Cell {
  return { text, mood: 'plain' };
}

/** Writes a wall-clock time (milliseconds since 1970) as text, in the time zone of this host. */
export function localTime(wall: number): string {
  // The Swedish locale writes dates as in ISO 8601.
  return new Date(wall).toLocaleString('sv-SE');
}

/** Prints `value` as JSON if `json` is set, else the text. */
export function print(json: boolean, value: unknown, text: () => string): void {
  if (json) console.log(safeJson(value, 2));
  else say(text());
}

/** Prints a value as one line of JSON. */
export function sayJson(value: unknown): void {
  console.log(safeJson(value));
}

/** Prints values as one JSON list. Each value is printed as soon as it is available. */
export async function sayJsonList(values: AsyncIterable<unknown>): Promise<void> {
  let last: string | null = null;
  for await (const value of values) {
    console.log(last === null ? '[' : `${last},`);
    last = safeJson(value, 2).replaceAll(/^/gmu, '  ');
  }
  console.log(last === null ? '[]' : `${last}\n]`);
}

/** Prints the name of the present step on standard error, but only on a terminal. */
export function progress(text: string): void {
  if (process.stderr.isTTY)
    console.error(styleText('dim', `${terminalText(text)} ...`, { stream: process.stderr }));
}
