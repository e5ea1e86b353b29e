import { say, complain } from './output.ts';

/**
 * Least time between two lines of progress, milliseconds. On a terminal, each line overwrites the last one;
 * elsewhere, all lines stay.
 */
const every = { terminal: 200, elsewhere: 60_000 } as const;

/**
 * Shows on standard error how much of a long task is done, at which rate, and how long the rest will take.
 */
export class WorkProgress {
  readonly #what: string;
  readonly #total: number;
  readonly #began = performance.now();
  #done = 0;
  #shownAt = performance.now();
  #isLineOpen = false;

  /** @param what the things that are counted, as a plural word */
  constructor(what: string, total: number) {
    this.#what = what;
    this.#total = total;
  }

  /** Counts one more item as done. */
  step(): void {
    this.#done += 1;
    const now = performance.now();
    const isTerminal = process.stderr.isTTY;
    if (now - this.#shownAt < (isTerminal ? every.terminal : every.elsewhere)) return;
    this.#shownAt = now;
    const line = this.#line(now - this.#began);
    if (isTerminal) process.stderr.write(`\r\u001b[K${line}`);
    else complain(line);
    this.#isLineOpen = isTerminal;
  }

  /** Removes the line of progress from the terminal. */
  end(): void {
    if (this.#isLineOpen) process.stderr.write('\r\u001b[K');
    this.#isLineOpen = false;
  }

  /** Removes the line of progress, then prints a text for people. */
  say(text: string): void {
    this.end();
    say(text);
  }

  #line(spent: number): string {
    const rate = this.#done / (spent / 1_000);
    const left = (this.#total - this.#done) / Math.max(rate, 0.001);
    const count = `${this.#done.toLocaleString('en')} of ${this.#total.toLocaleString('en')} ${this.#what}`;
    return `${count}, ${rate.toFixed(1)} a second, ${duration(left)} left`;
  }
}

/** Writes a duration as text. @param seconds the duration */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 90) return `${whole} s`;
  return whole < 5_400 ? `${Math.round(whole / 60)} min` : `${(whole / 3_600).toFixed(1)} h`;
}
