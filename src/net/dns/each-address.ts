import { DnsError } from './dns-error.ts';

/**
 * Milliseconds without an answer from an address, after which the next address is asked as well (RFC 8305
 * section 5).
 */
const attemptDelay = 250;
/** Milliseconds to wait for a good answer from another address, after an answer that is not good. */
const graceAfterPoor = 1_000;

/** An answer, and the address that gave it. */
export interface Answered<T> {
  readonly address: string;
  readonly answer: T;
}

/** How to ask one address. */
export interface Asking<T> {
  /** Asks one address. @throws {DnsError} */
  readonly ask: (address: string, signal: AbortSignal) => Promise<T>;
  /**
   * Whether the answer is good and ends the search. If it reports an error, another address may give a better
   * one.
   */
  readonly isGood: (answer: T) => boolean;
}

/**
 * Asks the addresses of one server until one gives a good answer. Each address is asked when the previous one
 * has failed, or has not answered for {@link attemptDelay}.
 * @param addresses at least one
 * @returns the good answer; if there is none, the first other answer
 * @throws {DnsError} the first error, if no address answers
 */
export async function askEachAddress<T>(
  addresses: readonly string[],
  { ask, isGood }: Asking<T>,
  signal: AbortSignal,
): Promise<Answered<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered<T>>();
  const ending = new AbortController();
  const until = AbortSignal.any([signal, ending.signal]);
  const waiting = [...addresses];
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;
  let grace: NodeJS.Timeout | undefined;
  let poor: Answered<T> | null = null;
  let failure: unknown = null;
  const giveUp = (): void => {
    if (poor === null) reject(failure ?? noAddress());
    else resolve(poor);
  };
  const askOne = async (address: string): Promise<void> => {
    try {
      const answer = await ask(address, until);
      if (isGood(answer)) resolve({ address, answer });
      else poor ??= { address, answer };
      grace ??= setTimeout(giveUp, graceAfterPoor);
    } catch (error) {
      failure ??= error;
    }
  };
  const next = (): void => {
    clearTimeout(timer);
    const address = until.aborted ? undefined : waiting.shift();
    if (address === undefined) {
      if (underWay === 0) giveUp();
      return;
    }
    if (waiting.length > 0) timer = setTimeout(next, attemptDelay);
    underWay += 1;
    void askOne(address).finally(() => {
      underWay -= 1;
      next();
    });
  };
  next();
  return await promise.finally(() => {
    clearTimeout(timer);
    clearTimeout(grace);
    ending.abort();
  });
}

function noAddress(): DnsError {
  return new DnsError('unreachable', 'no', { text: 'the name has no address' });
}

/**
 * Sends a message that must not be sent twice. Tries the next address only if nothing was sent to the
 * previous one.
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
