import { closeSync, openSync, writeSync } from 'node:fs';

/** The panel's log file, `var/<panel>.log`. The stderr of handlers goes there too. */
export class Log {
  readonly descriptor: number;
  readonly #now: () => number;

  constructor(path: string, now: () => number) {
    this.descriptor = openSync(path, 'a', 0o600);
    this.#now = now;
  }

  /** Appends a line. Line breaks in `text` are written as `\n`. */
  write(level: 'INFO' | 'EXTINFO' | 'WARN' | 'ERROR', text: string): void {
    const time = new Date(this.#now()).toISOString();
    writeSync(this.descriptor, `${time} ${level} ${text.replaceAll('\n', '\\n')}\n`);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
