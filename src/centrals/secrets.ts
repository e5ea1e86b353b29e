import { CentralError, type CentralErrorCode } from '../core/central.ts';
import { hasCode } from './errors.ts';
import { Slots } from './slots.ts';

/** Errors that do not show whether the central accepted the login. */
const silent: ReadonlySet<CentralErrorCode> = new Set([
  'central.login',
  'central.unreachable',
  'central.certificate',
  'central.garbled',
  'central.clock',
]);

/**
 * Called when the account's other secret is used from now on.
 * @param isNext whether this is the next secret
 */
export type SecretChanged = (isNext: boolean) => void;

/**
 * The secret of an account, and a next secret that may replace it. If the central refuses the login of a
 * request, it has not carried out the request. The request is then sent once more with the other secret. If
 * the central accepts the other secret, all later requests use it.
 *
 * After too many refused logins, a central may lock the account. So the other secret is tried only once for
 * all requests that run at the same time. Later requests try both secrets again, but the circuit breaker lets
 * only few of them through.
 */
export class Secrets<S> {
  readonly #first: S;
  readonly #next: S | null;
  readonly #changed: SecretChanged;
  #isNextInUse = false;
  /** Number of times that both secrets were refused. */
  #refusals = 0;
  readonly #trials = new Slots();

  /** @param next null: there is no other secret */
  constructor(first: S, next: S | null, changed: SecretChanged = () => undefined) {
    this.#first = first;
    this.#next = next;
    this.#changed = changed;
  }

  /** The secrets: one, or two if there is a next secret. */
  get all(): readonly S[] {
    return this.#next === null ? [this.#first] : [this.#first, this.#next];
  }

  /**
   * Makes a request with the secret in use.
   * @param signal ends the wait while another request tries the other secret
   * @param request throws `central.login` only if the request was not carried out
   * @throws what `request` throws; if both secrets are refused, the first error
   */
  async use<T>(signal: AbortSignal, request: (secret: S) => Promise<T>): Promise<T> {
    const [isNext, refusals] = [this.#isNextInUse, this.#refusals];
    try {
      return await request(this.#secret(isNext));
    } catch (error) {
      if (!hasCode(error, 'central.login') || this.#next === null) throw error;
      const done = await this.#trials.take('', signal, async () => {
        if (this.#isNextInUse !== isNext) return null;
        if (this.#refusals !== refusals) throw error;
        return { result: await this.#tryOther(request, error) };
      });
      // Another request has found out that the other secret works.
      return done === null ? await request(this.#secret(!isNext)) : done.result;
    }
  }

  async #tryOther<T>(request: (secret: S) => Promise<T>, refused: CentralError): Promise<T> {
    try {
      const result = await request(this.#secret(!this.#isNextInUse));
      this.#change();
      return result;
    } catch (error) {
      if (error instanceof CentralError && !silent.has(error.code)) this.#change();
      if (!hasCode(error, 'central.login')) throw error;
      this.#refusals += 1;
      throw refused;
    }
  }

  #secret(isNext: boolean): S {
    return isNext && this.#next !== null ? this.#next : this.#first;
  }

  #change(): void {
    this.#isNextInUse = !this.#isNextInUse;
    this.#changed(this.#isNextInUse);
  }
}

/** The next secret; null if it is empty or equal to the current secret. */
export function otherSecret({
  password,
  passwordNext,
}: {
  password: string;
  passwordNext: string;
}): string | null {
  return passwordNext === '' || passwordNext === password ? null : passwordNext;
}
