import { JournalError, type Batch } from '../core/journal.ts';

/** The steps by which a group writes to the file. Each step throws {@link JournalError} when it fails. */
export interface GroupSteps {
  /** Begins a transaction. */
  begin(): void;
  /** Writes a batch into the transaction. When it throws, the transaction contains nothing of the batch. */
  apply(batch: Batch): void;
  /** Makes the transaction durable. When it throws, the transaction is undone. */
  commit(): void;
  /** Undoes the transaction, if it is still open. */
  cancel(): void;
  /** Whether the transaction is still open. After some failures, SQLite has already undone it. */
  isOpen(): boolean;
  /** Frees disk space that is reserved for steps of open operations. */
  makeRoom(): void;
}

/** A commit that takes at least this long (ms) is slow. */
const slowSync = 2;
/** The longest time that commits wait for others, milliseconds. */
const longestWait = 20;

interface Member {
  readonly batch: Batch;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const openGroups = new Set<CommitGroup>();

/**
 * Ends all open transactions of this process. Call this before opening a file. Otherwise this process could
 * wait for its own lock.
 */
export function endOpenGroups(): void {
  for (const group of openGroups) group.end();
}

/**
 * Lets all commits of one turn of the event loop share one transaction, and so one sync to disk. Other reads
 * wait until the transaction has ended, so that nobody acts on changes that may still be undone. If the
 * transaction fails, each commit in it fails.
 */
export class CommitGroup {
  readonly #steps: GroupSteps;
  #members: Member[] = [];
  #waiting: (() => void)[] = [];
  /** Cancels the timer that will end the open transaction; null: no transaction is open. */
  #end: (() => void) | null = null;
  /** When the last transaction ended, and how long its commit took (monotonic milliseconds). */
  #last = { at: -Infinity, took: 0, members: 0 };

  constructor(steps: GroupSteps) {
    this.#steps = steps;
  }

  /**
   * Writes a batch into the group's transaction; first begins a transaction if none is open. An empty batch
   * only waits for the transaction.
   * @returns resolves when the batch is on disk; rejects when nothing of the batch is on disk
   */
  add(batch: Batch): Promise<void> {
    return new Promise((resolve, reject) => {
      const member = { batch, resolve, reject };
      const isEmpty = isEmptyBatch(batch);
      if (isEmpty && this.#end === null) {
        resolve();
        return;
      }
      try {
        if (this.#end === null) this.#begin();
        if (!isEmpty) this.#steps.apply(batch);
        this.#members.push(member);
      } catch (error) {
        if (isDiskFull(error)) this.#failedWith(error, member);
        else if (this.#end === null || this.#steps.isOpen()) reject(error);
        else this.#fail(error, member);
      }
    });
  }

  /** Runs `read` as soon as no transaction is open. */
  outside<T>(read: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(read());
        } catch (error) {
          reject(error);
        }
      };
      if (this.#end === null) run();
      else this.#waiting.push(run);
    });
  }

  /**
   * Ends the open transaction now. If it fails, each commit in it gets the error, but this method does not
   * throw.
   */
  end(): void {
    if (this.#end === null) return;
    const began = performance.now();
    try {
      this.#steps.commit();
    } catch (error) {
      this.#failedWith(error, null);
      return;
    }
    const at = performance.now();
    this.#last = { at, took: at - began, members: this.#members.length };
    this.#close((one) => one.resolve());
  }

  #begin(): void {
    this.#steps.begin();
    openGroups.add(this);
    const wait = this.#wait();
    if (wait > 0) {
      const timer = setTimeout(() => this.end(), wait);
      this.#end = () => clearTimeout(timer);
    } else {
      const turn = setImmediate(() => this.end());
      this.#end = () => clearImmediate(turn);
    }
  }

  /**
   * Milliseconds until the transaction ends. If the disk is slow and several edits come at once, half of the
   * time is left for other work. So more commits share the next sync. A single edit never waits.
   */
  #wait(): number {
    const { at, took, members } = this.#last;
    if (members < 2 || took < slowSync) return 0;
    return Math.min(took, longestWait) - (performance.now() - at);
  }

  /**
   * Handles a failed transaction. If the disk was full and all members are steps of open operations, writes
   * them again with the reserved space. A group with a new operation fails as a whole, because later members
   * may rely on it.
   * @param last the batch whose write failed; null: the commit failed
   */
  #failedWith(error: unknown, last: Member | null): void {
    const members = last === null ? this.#members : [...this.#members, last];
    if (!isDiskFull(error) || members.some(({ batch }) => isFresh(batch))) {
      this.#fail(error, last);
      return;
    }
    this.#steps.cancel();
    this.#members = members;
    try {
      this.#steps.makeRoom();
      this.#steps.begin();
      for (const { batch } of members) this.#steps.apply(batch);
      this.#steps.commit();
    } catch (again) {
      this.#fail(again, null);
      return;
    }
    this.#close((one) => one.resolve());
  }

  #fail(error: unknown, last: Member | null): void {
    this.#steps.cancel();
    if (last !== null) this.#members.push(last);
    this.#close((one) => one.reject(error));
  }

  #close(answer: (member: Member) => void): void {
    this.#end?.();
    this.#end = null;
    openGroups.delete(this);
    for (const member of this.#members.splice(0)) answer(member);
    for (const run of this.#waiting.splice(0)) run();
  }
}

/** Whether the batch has a new operation, which must not use up the reserved space. */
export function isFresh({ operations = [] }: Batch): boolean {
  return operations.some(({ state }) => state === 'prepared');
}

/** Whether the batch changes nothing. */
export function isEmptyBatch({ operations, zones, dropZones, rows, owners, facts }: Batch): boolean {
  const lists = [operations, zones, dropZones, rows, Object.keys(facts ?? {})];
  return (owners?.size ?? 0) === 0 && lists.every((list) => (list?.length ?? 0) === 0);
}

function isDiskFull(error: unknown): boolean {
  return error instanceof JournalError && error.code === 'journal.disk-full';
}
