import type { Log } from '../../core/log.ts';
import type { AuditHead, Storage } from '../storage/storage.ts';
import { HeadsUnreadable, type HeadsFile } from './heads-file.ts';

/**
 * Why the database may not know what happened last. `older`: it lacks the last exported entry of the audit,
 * or has another one. `no-heads`: clients have used it, and there is no file of heads. `bad-heads`: the file
 * cannot be read.
 */
export type DatabaseDoubt = 'older' | 'no-heads' | 'bad-heads';

/** For how long after an acceptance clients may ask for changes that the database has lost, milliseconds. */
const lostKeysTime = 7 * 86_400_000;

export interface GuardParts {
  readonly storage: Storage;
  readonly heads: HeadsFile;
  readonly log: Log;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
}

/** Finds out whether a database is in doubt. @throws {StorageError} */
export async function databaseDoubtOf({
  storage,
  heads,
}: Pick<GuardParts, 'storage' | 'heads'>): Promise<DatabaseDoubt | null> {
  const last = lastLine(heads);
  if (last === 'unreadable') return 'bad-heads';
  if (last === undefined) return (await hasServed(storage)) ? 'no-heads' : null;
  return (await hasHead(storage, last)) ? null : 'older';
}

/** Whether the database has this entry of the audit. */
async function hasHead(storage: Storage, { number, hash }: AuditHead): Promise<boolean> {
  if (number === 0) return true;
  const [link] = await storage.auditLinks(number - 1, 1);
  return link?.number === number && link.hash === hash;
}

function lastLine(heads: HeadsFile): ReturnType<HeadsFile['last']>[number] | undefined | 'unreadable' {
  try {
    return heads.last().at(-1);
  } catch (error) {
    if (error instanceof HeadsUnreadable) return 'unreadable';
    throw error;
  }
}

/** Whether heads must have been exported: clients have used this gateway, in a release after 0.2.0. */
async function hasServed(storage: Storage): Promise<boolean> {
  const { number } = await storage.auditHead();
  const [head] = number === 0 ? [] : await storage.auditLinks(number - 1, 1);
  if (head?.clientHash === undefined || head.clientHash === null) return false;
  for (const { id } of await storage.customers()) {
    const tokens = await storage.tokens(id);
    if (tokens.some(({ lastUsed }) => lastUsed !== null)) return true;
  }
  return false;
}

/**
 * Keeps a gateway from writing while its database is in doubt, and exports heads of the audit. An older copy
 * of the database lacks the zones, owners and revoked tokens of the time after it was made.
 */
export class DatabaseGuard {
  readonly #parts: GuardParts;
  #doubt: DatabaseDoubt | null = null;
  /** When the operator has accepted the database last, wall clock in milliseconds; null: not lately. */
  #acceptedAt: number | null = null;
  /** The head that was exported last; null: none yet. */
  #exported: AuditHead | null = null;

  private constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  /** @throws {StorageError} */
  static async open(parts: GuardParts): Promise<DatabaseGuard> {
    const guard = new DatabaseGuard(parts);
    await guard.#judge();
    return guard;
  }

  /**
   * Why nothing may be written now; null: it may. The operator's acceptance takes effect at once.
   * @throws {StorageError}
   */
  async doubt(): Promise<DatabaseDoubt | null> {
    if (this.#doubt !== null) await this.#judge();
    return this.#doubt;
  }

  /**
   * Whether the database may lack changes that were carried out. Then nobody knows the outcome of a change
   * whose key is not in the database.
   */
  mayLackKeys(): boolean {
    return this.#acceptedAt !== null && this.#parts.wall() - this.#acceptedAt < lostKeysTime;
  }

  /**
   * Writes the last entry of the audit into the file, if it is a new one. If the database lacks the entry
   * that was exported before, an older copy was put back while the gateway runs. Then nothing is written, and
   * the database is in doubt.
   * @throws {StorageError}
   */
  async export(): Promise<void> {
    const { storage, heads, log, wall } = this.#parts;
    if ((await this.doubt()) !== null) return;
    if (this.#exported !== null && !(await hasHead(storage, this.#exported))) {
      this.#doubt = 'older';
      this.#exported = null;
      log(1, 'database.in-doubt', { doubt: this.#doubt });
      return;
    }
    // The newest entry of all gateways. A gateway that writes nothing can so notice that entries of others
    // are lost.
    const { number, hash } = await storage.newestEntry();
    if (number === this.#exported?.number) return;
    try {
      heads.append({ at: wall(), number, hash });
      this.#exported = { number, hash };
    } catch (error) {
      if (!(error instanceof HeadsUnreadable)) throw error;
      log(1, 'audit.not-exported', { text: error.message });
    }
  }

  async #judge(): Promise<void> {
    this.#doubt = await databaseDoubtOf(this.#parts);
    if (this.#doubt !== null) return;
    this.#acceptedAt = this.#parts.heads.last().findLast(({ accepted }) => accepted)?.at ?? null;
  }
}
