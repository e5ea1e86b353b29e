import type { Batch } from '../core/journal.ts';
import { CommitGroup } from './commit-group.ts';
import type { CountFile } from './count-file.ts';
import type { Database } from './database.ts';
import { Heartbeat } from './heartbeat.ts';
import type { LedgerTable } from './ledger-table.ts';
import type { OperationTable } from './operation-table.ts';
import type { Tallies } from './tallies.ts';

/**
 * The parts of a journal that a transaction uses. Some keep data in memory that must change with the file.
 */
export interface TransactionParts {
  readonly database: Database;
  readonly operations: OperationTable;
  readonly ledger: LedgerTable;
  readonly tallies: Tallies;
  readonly countFile: CountFile;
  /** The wall clock, milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Runs the transactions of a journal. Each transaction also writes the changed counts, the zone totals and
 * the heartbeat. If a transaction fails, its changes in memory are discarded too.
 */
export class Transactions {
  readonly heartbeat: Heartbeat;
  /** The commits that share a transaction. */
  readonly group: CommitGroup;
  /** Number of commits in the file. */
  commits = 0;
  readonly #parts: TransactionParts;

  /**
   * @param steps `write`: writes a batch into the open transaction. `makeRoom`: frees the reserved disk space
   */
  constructor(
    parts: TransactionParts,
    steps: { readonly write: (batch: Batch) => void; readonly makeRoom: () => void },
  ) {
    const { database } = parts;
    this.#parts = parts;
    this.heartbeat = new Heartbeat(database);
    let changes = 0;
    this.group = new CommitGroup({
      begin: () => {
        database.begin();
        ({ changes } = database);
      },
      apply: (batch) => this.#apply(() => steps.write(batch)),
      commit: () => this.#end(() => undefined, false, changes),
      cancel: () => {
        database.rollBack();
        this.#forget();
      },
      isOpen: () => database.isOpen,
      makeRoom: steps.makeRoom,
    });
  }

  /**
   * Runs `body` in a transaction of its own. The waiting commits are written before it.
   * @param beats whether to write the heartbeat even if `body` changes nothing
   * @throws {JournalError} nothing of `body` was written
   */
  run<T>(body: () => T, beats = false): T {
    const { database } = this.#parts;
    this.group.end();
    database.begin();
    return this.#end(body, beats, database.changes);
  }

  /**
   * Runs `body` in the open transaction, then commits it. @param changes `Database.changes` when the
   * transaction began
   */
  #end<T>(body: () => T, beats: boolean, changes: number): T {
    const { database, operations, countFile, now } = this.#parts;
    const before = this.commits;
    try {
      const result = database.commit(() => {
        const value = body();
        this.#flush();
        if (beats || database.changes !== changes) {
          this.commits += 1;
          this.heartbeat.put({ commits: this.commits, at: now() });
        }
        return value;
      });
      operations.commit();
      countFile.follow(this.commits);
      return result;
    } catch (error) {
      this.commits = before;
      this.#forget();
      throw error;
    }
  }

  #apply(write: () => void): void {
    const { database, operations, ledger, tallies } = this.#parts;
    try {
      database.part(() => {
        write();
        this.#flush();
      });
      operations.endPart(true);
    } catch (error) {
      operations.endPart(false);
      ledger.forget();
      tallies.forget();
      throw error;
    }
  }

  #flush(): void {
    this.#parts.ledger.flush();
    this.#parts.tallies.flush();
  }

  #forget(): void {
    this.#parts.operations.forget();
    this.#parts.ledger.forget();
    this.#parts.tallies.forget();
  }
}
