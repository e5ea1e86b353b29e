import type { DnsName } from '../../../dns/name.ts';

interface Waiter {
  readonly zone: DnsName;
  /** Owner names; `null`: the whole zone. */
  readonly names: ReadonlySet<DnsName> | null;
  readonly grant: () => void;
}

/** A lock that is held until `release` is called. A second call of `release` does nothing. */
export interface Held {
  release(): void;
}

/**
 * Locks for owner names in a zone. They are granted in the order of the requests. A lock is held during a
 * write or an undo at the central, never during the wait for the panel's `after` call
 * (docs/decisions/002-locks-and-claims.md). Locks exist in memory only. This is enough: the journal allows
 * only one agent for a panel, and a restarted agent continues from the journalled operations.
 */
export class NameLocks {
  readonly #held = new Set<Waiter>();
  readonly #waiting: Waiter[] = [];

  /**
   * Waits for a lock and takes it.
   * @param names owner names to lock, or `null` for the whole zone
   * @throws the signal's reason when it aborts before the lock is free; nothing is locked then
   */
  async acquire(zone: DnsName, names: readonly DnsName[] | null, signal: AbortSignal): Promise<Held> {
    signal.throwIfAborted();
    let waiter: Waiter | undefined;
    const granted = new Promise<void>((resolve, reject) => {
      const aborted = (): void => {
        this.#forget(own);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const own: Waiter = {
        zone,
        names: names === null ? null : new Set(names),
        grant: () => {
          signal.removeEventListener('abort', aborted);
          resolve();
        },
      };
      waiter = own;
      signal.addEventListener('abort', aborted, { once: true });
      this.#waiting.push(own);
    });
    this.#advance();
    await granted;
    return { release: () => this.#release(waiter) };
  }

  /**
   * Runs `body` while the names are locked.
   * @param names as for {@link acquire}
   * @throws like {@link acquire}; and any error of `body`
   */
  async during<T>(
    zone: DnsName,
    names: readonly DnsName[] | null,
    signal: AbortSignal,
    body: () => Promise<T>,
  ): Promise<T> {
    const held = await this.acquire(zone, names, signal);
    try {
      return await body();
    } finally {
      held.release();
    }
  }

  #release(waiter: Waiter | undefined): void {
    if (waiter !== undefined && this.#held.delete(waiter)) this.#advance();
  }

  #forget(waiter: Waiter): void {
    const at = this.#waiting.indexOf(waiter);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#advance();
  }

  #advance(): void {
    const passedOver: Waiter[] = [];
    for (const waiter of this.#waiting.slice()) {
      // No waiter gets a lock before an earlier waiter whose names overlap. So every waiter gets its turn.
      const blocked = [...this.#held, ...passedOver].some((other) => clash(waiter, other));
      if (blocked) {
        passedOver.push(waiter);
        continue;
      }
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      this.#held.add(waiter);
      waiter.grant();
    }
  }
}

function clash(a: Waiter, b: Waiter): boolean {
  if (a.zone !== b.zone) return false;
  if (a.names === null || b.names === null) return true;
  for (const name of a.names) if (b.names.has(name)) return true;
  return false;
}
