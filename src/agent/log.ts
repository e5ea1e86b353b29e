import { appendFileSync } from 'node:fs';
import { safeJson } from '../core/plain-text.ts';
import { isSystemError } from '../net/system-error.ts';
import type { Log, LogFields, LogLevel } from '../core/log.ts';

const names: Readonly<Record<LogLevel, string>> = {
  1: 'error',
  2: 'warning',
  4: 'info',
  5: 'more',
  6: 'note',
  9: 'all',
};

export type LogFormat = 'text' | 'json';

/**
 * A log file with mode 0600 and one line for each event: words (`time level event field=value ...`) or a JSON
 * object. Each write opens the file by its name, so that log rotation needs no signal. If lines could not be
 * written, the next line reports how many.
 */
export class FileLog {
  readonly #path: string;
  level: number;
  format: LogFormat = 'text';
  #lost = 0;

  constructor(path: string, level: number) {
    this.#path = path;
    this.level = level;
  }

  readonly write: Log = (level, event, fields = {}) => {
    if (level > this.level) return;
    const told = this.#lost > 0 ? { ...fields, lostLines: this.#lost } : fields;
    const line = formats[this.format](new Date(), names[level], event, told);
    try {
      appendFileSync(this.#path, `${line}\n`, { mode: 0o600 });
      this.#lost = 0;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      // An edit must be answered even if the disk is full.
      this.#lost += 1;
    }
  };
}

type Format = (time: Date, level: string, event: string, fields: LogFields) => string;

const formats: Readonly<Record<LogFormat, Format>> = {
  text: (time, level, event, fields) =>
    [time.toISOString(), level, event, ...Object.entries(fields).map(inWords)].join(' '),
  json: (time, level, event, fields) => safeJson({ ...fields, time: time.toISOString(), level, event }),
};

function inWords([name, value]: readonly [string, string | number | boolean | null]): string {
  const text = String(value);
  return `${name}=${/^[\w.:@/+-]+$/.test(text) ? text : safeJson(text)}`;
}
