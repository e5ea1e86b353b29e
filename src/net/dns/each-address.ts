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
