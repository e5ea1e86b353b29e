import { closeSync, openSync, writeSync } from 'node:fs';

/** The panel's log file, `var/<panel>.log`, which also gets the stderr of handlers. */
export class Log {
  readonly descriptor: number;
  readonly #now: () => number;

  constructor(path: string, now: () => number) {
    this.descriptor = openSync(path, 'a', 0o600);
    this.#now = now;
  }

  /** Appends a line; line breaks inside `text` are written as `\n`. */
  write(level: 'INFO' | 'EXTINFO' | 'WARN' | 'ERROR', text: string): void {
    const time = new Date(this.#now()).toISOString();
    writeSync(this.descriptor, `${time} ${level} ${text.replaceAll('\n', '\\n')}\n`);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
