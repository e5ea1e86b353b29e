import { DnsError } from './dns-error.ts';

/** Milliseconds without an answer after which the next address is asked as well (RFC 8305 section 5). */
const attemptDelay = 250;
/** Milliseconds to wait for a good answer after a poor one. */
const graceAfterPoor = 1_000;

/** An answer, with the address that gave it. */
export interface Answered<T> {
  readonly address: string;
  readonly answer: T;
}

/** How to ask one address. */
export interface Asking<T> {
  /** Asks one address. @throws {DnsError} */
  readonly ask: (address: string, signal: AbortSignal) => Promise<T>;
  /** Whether the answer ends the search. If it is an error, another address may answer better. */
  readonly isGood: (answer: T) => boolean;
}

/**
 * Asks the addresses of one server until one gives a good answer. The next address is asked if the one
 * before fails, or is silent for a moment.
 * @param addresses at least one
 * @returns the good answer, or else the first of the others
 * @throws {DnsError} the first error, if no address answers
 */
export async function askEachAddress<T>(
  addresses: readonly string[],
  asking: Asking<T>,
  signal: AbortSignal,
): Promise<Answered<T>> {
  const search = new Search(addresses, asking, signal);
  const found = await search.result();
  if (found instanceof Error) throw found;
  return found;
}

class Search<T> {
  readonly #asking: Asking<T>;
  readonly #waiting: string[];
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;
  #poor: Answered<T> | null = null;
  #error: Error | null = null;
  #resolve: (found: Answered<T> | Error) => void = () => undefined;

  constructor(addresses: readonly string[], asking: Asking<T>, signal: AbortSignal) {
    this.#waiting = [...addresses];
    this.#asking = asking;
    this.#signal = AbortSignal.any([signal, this.#ending.signal]);
  }

  async result(): Promise<Answered<T> | Error> {
    try {
      return await new Promise((resolve) => {
        this.#resolve = resolve;
        this.#next();
      });
    } finally {
      clearTimeout(this.#timer);
      clearTimeout(this.#grace);
      this.#ending.abort();
    }
  }

  #next(): void {
    clearTimeout(this.#timer);
    const address = this.#signal.aborted ? undefined : this.#waiting.shift();
    if (address === undefined) {
      if (this.#underWay === 0) this.#giveUp();
      return;
    }
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#next(), attemptDelay);
    this.#underWay += 1;
    void this.#ask(address).finally(() => {
      this.#underWay -= 1;
      this.#next();
    });
  }

  async #ask(address: string): Promise<void> {
    try {
      const answer = await this.#asking.ask(address, this.#signal);
      if (this.#asking.isGood(answer)) this.#resolve({ address, answer });
      else this.#poor ??= { address, answer };
      this.#grace ??= setTimeout(() => this.#giveUp(), graceAfterPoor);
    } catch (error) {
      this.#error ??= error instanceof Error ? error : new Error(String(error));
    }
  }

  #giveUp(): void {
    this.#resolve(this.#poor ?? this.#error ?? noAddress());
  }
}

function noAddress(): DnsError {
  return new DnsError('unreachable', 'no', { text: 'the name has no address' });
}

/**
 * Sends a message that must not be sent twice. It tries the next address only if nothing was sent to the
 * one before.
 * @param addresses at least one
 * @throws {DnsError}
 */
export async function sendToOneAddress<T>(
  addresses: readonly string[],
  ask: (address: string) => Promise<T>,
): Promise<Answered<T>> {
  for (const [at, address] of addresses.entries()) {
    try {
      return { address, answer: await ask(address) };
    } catch (error) {
      const unsent = error instanceof DnsError && error.sent === 'no';
      if (!unsent || at === addresses.length - 1) throw error;
    }
  }
  throw noAddress();
}
