import { say, complain } from './output.ts';

/**
 * Between two lines of progress, milliseconds: on a terminal the line is written over, elsewhere it stays.
 */
const every = { terminal: 200, elsewhere: 60_000 } as const;

/** Shows on standard error how far a long work has come, with its rate and the time that remains. */
export class WorkProgress {
  readonly #what: string;
  readonly #total: number;
  readonly #began = performance.now();
  #done = 0;
  #shownAt = performance.now();
  #isLineOpen = false;

  /** @param what what is counted, in the plural */
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

  /** Removes the line from the terminal. */
  end(): void {
    if (this.#isLineOpen) process.stderr.write('\r\u001b[K');
    this.#isLineOpen = false;
  }

  /** Prints a text for people without breaking the line of progress. */
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

/** @param seconds a duration */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 90) return `${whole} s`;
  return whole < 5_400 ? `${Math.round(whole / 60)} min` : `${(whole / 3_600).toFixed(1)} h`;
}
