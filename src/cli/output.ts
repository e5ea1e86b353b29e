import { styleText } from 'node:util';

/** Exit statuses; `domainsync --help` lists them. */
export const exitStatus = { done: 0, failed: 1, usage: 2, attention: 3 } as const;

/** How a cell is meant: shown in colour where a person looks (a terminal, and `NO_COLOR` not set). */
export type Mood = 'good' | 'bad' | 'care' | 'quiet' | 'plain';

export interface Cell {
  readonly text: string;
  readonly mood: Mood;
}

const styles = { good: 'green', bad: 'red', care: 'yellow', quiet: 'dim', plain: null } as const;

export function coloured(text: string, mood: Mood): string {
  const style = styles[mood];
  return style === null ? text : styleText(style, text, { stream: process.stdout });
}

/** Rows under headings, columns as wide as their widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly (string | Cell)[])[]): string {
  const cells = rows.map((row) => row.map((one) => (typeof one === 'string' ? plain(one) : one)));
  const widths = headings.map((heading, at) =>
    Math.max(heading.length, ...cells.map((row) => row[at]?.text.length ?? 0)),
  );
  const line = (row: readonly Cell[]): string =>
    row
      .map(({ text, mood }, at) => {
        const gap = at === row.length - 1 ? '' : ' '.repeat((widths[at] ?? 0) - text.length);
        return `${coloured(text, mood)}${gap}`;
      })
      .join('  ')
      .trimEnd();
  const head = headings.map((text): Cell => ({ text, mood: 'quiet' }));
  return [line(head), ...cells.map(line)].join('\n');
}

function plain(text: string): Cell {
  return { text, mood: 'plain' };
}

/** A wall-clock time (milliseconds since 1970) in the time zone of this host. */
export function localTime(wall: number): string {
  // Swedish writes dates as ISO 8601 does.
  return new Date(wall).toLocaleString('sv-SE');
}

/** Prints JSON for programs or text for people. */
export function print(json: boolean, value: unknown, text: () => string): void {
  console.log(json ? JSON.stringify(value, null, 2) : text());
}

/** What is being done, on standard error, only where a person looks. */
export function progress(text: string): void {
  if (process.stderr.isTTY) console.error(styleText('dim', `${text} ...`, { stream: process.stderr }));
}
