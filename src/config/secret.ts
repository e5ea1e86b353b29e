import { inspect } from 'node:util';

/**
 * Holds a secret text, which only `reveal` returns. Logs, errors, JSON and the debugger show `[secret]`
 * instead.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
