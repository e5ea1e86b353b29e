import { appendFileSync } from 'node:fs';
import type { Log, LogFields, LogLevel } from '../core/log.ts';

const names: Readonly<Record<LogLevel, string>> = {
  1: 'error',
  2: 'warning',
  4: 'info',
  5: 'more',
  6: 'note',
  9: 'all',
};

/** A log file with one line per event; a line that cannot be written is counted and told with the next one that can. */
export class FileLog {
  readonly #path: string;
  level: number;
  #lost = 0;

  constructor(path: string, level: number) {
    this.#path = path;
    this.level = level;
  }

  readonly write: Log = (level, event, fields = {}) => {
    if (level > this.level) return;
    const lost = this.#lost > 0 ? ` lost-lines=${this.#lost}` : '';
    const line = `${new Date().toISOString()} ${names[level]} ${event}${describe(fields)}${lost}\n`;
    try {
      appendFileSync(this.#path, line, { mode: 0o600 });
      this.#lost = 0;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      // A full disk must not keep an edit from being answered.
      this.#lost += 1;
    }
  };
}

function describe(fields: LogFields): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${quoted(String(value))}`)
    .join('');
}

function quoted(text: string): string {
  return /^[\w.:@/+-]+$/.test(text) ? text : JSON.stringify(text);
}
