import type { DnsName } from '../../../dns/name.ts';
import type { Clock } from '../../clock.ts';
import type { Batch, Journal, JournalReader, RowChange } from '../../journal.ts';
import type { ZoneEntry } from '../../ledger.ts';
import type { Log } from '../../log.ts';
import {
  isFinal,
  mayStep,
  type Operation,
  type OperationState,
  type RecordsOperation,
  type Took,
} from '../../operation.ts';

/**
 * An operation or a zone has changed since the caller read it and decided what to do. Nothing was written,
 * and the caller has to read the zone again.
 */
export class Moved extends Error {
  override readonly name = 'Moved';

  constructor(zone: DnsName) {
    super(`${zone} has moved on`);
  }
}

/** Functions that the store calls after it has written changes to the journal. */
export interface StoreEvents {
  /** An operation is new. The argument is its id. */
  begun(operation: string): void;
  /** An operation is new, or its `after` call has come. */
  heard(operation: string): void;
  /** An operation has ended. */
  ended(operation: string): void;
  /** The journal's data of the zone is about to change, or has just changed. */
  touched(zone: DnsName): void;
  /**
   * A committed comparison found both sides of the zone equal. It began at `began` (monotonic milliseconds).
   */
  inStep(zone: DnsName, began: number): void;
  wake(zone: DnsName, delay: number): void;
}

/** What the store writes to, and the time and the ids that it stores. */
export interface StorePorts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** The newest id of all operations. */
  readonly newestId: () => string;
}

/**
 * Fields of an operation that may change while its state stays. The state itself changes only by `advance` or
 * `record`.
 */
type Changes<T extends Operation> = Partial<Omit<T, Fixed>> | Partial<Omit<Operation, Fixed>>;
type Fixed = 'id' | 'kind' | 'zone' | 'state' | 'changedAt';

/**
 * The only code that writes to the journal. Until a transaction is committed, nothing that it has read can
 * change. So no write overwrites another one unnoticed.
 */
export class Store {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #newestId: () => string;
  readonly #events: StoreEvents;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ journal, clock, log, newestId }: StorePorts, events: StoreEvents) {
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
    this.#newestId = newestId;
    this.#events = events;
  }

  /**
   * Runs `body`, then commits all changes that `body` put into the transaction. If `body` throws, nothing is
   * written. Bodies run one after the other, so `body` must not be slow or start another transaction. Commits
   * may share a sync to disk ({@link Journal.pending}); each resolves only after that sync.
   * @throws {JournalError} nothing was written
   * @throws {Moved} an operation or zone has changed since the caller read it; nothing was written
   */
  async transact<T>(body: (tx: Transaction) => T | Promise<T>): Promise<T> {
    const mine = this.#turn.then(() => this.#begin(body));
    this.#turn = mine.then(
      () => undefined,
      // The caller of the failed transaction gets the error. The next transaction must run all the same.
      () => undefined,
    );
    const { tx, result, committed, zones } = await mine;
    await committed;
    this.#touch(zones);
    for (const [zone, began] of tx.inStep) this.#events.inStep(zone, began);
    for (const write of tx.writes) this.#note(write);
    for (const [zone, delay] of tx.wakes) this.#events.wake(zone, delay);
    return result;
  }

  /**
   * Takes an operation to its next state as {@link Transaction.advance} does, in a transaction of its own.
   * @returns the operation as journalled
   */
  async advance<T extends Operation>(judged: T, to: OperationState, changes: Changes<T> = {}): Promise<T> {
    return await this.transact((tx) => tx.advance(judged, to, changes));
  }

  /**
   * Stores one new operation in a transaction of its own, as {@link Transaction.create} does.
   * @throws {JournalError}
   */
  async create<T extends Operation>(draft: T, state?: OperationState): Promise<T> {
    return await this.transact((tx) => tx.create(draft, state));
  }

  /** Commits a batch that does not depend on what the journal contains. @throws {JournalError} */
  async commit(batch: Pick<Batch, 'facts' | 'owners' | 'zones' | 'dropZones'>): Promise<void> {
    await this.transact((tx) => tx.with(batch));
  }

  /**
   * Runs `body` and begins its commit. With {@link Journal.pending}, the next body may run before this commit
   * has ended. It then sees the changes of this commit.
   */
  async #begin<T>(body: (tx: Transaction) => T | Promise<T>): Promise<Begun<T>> {
    const { pending } = this.#journal;
    const tx = new Transaction(pending ?? this.#journal, this.#clock, this.#newestId);
    const result = await body(tx);
    // Called before and after the commit, so that a proof which is stored during the commit is forgotten too.
    const zones = zonesOf(tx.batch);
    this.#touch(zones);
    // A body that wrote nothing may have read changes that are not on disk yet. So its result also waits for
    // the disk.
    const waits = pending !== undefined || !tx.isEmpty;
    const committed = waits ? this.#journal.commit(tx.batch) : Promise.resolve();
    if (pending === undefined) await committed;
    return { tx, result, committed, zones };
  }

  #touch(zones: Iterable<DnsName>): void {
    for (const zone of zones) this.#events.touched(zone);
  }

  #note({ before, now }: Write): void {
    const { id, zone, actor, state } = now;
    const from = before?.state ?? '-';
    if (from !== state)
      this.#log(isFinal(state) ? 4 : 5, 'operation.step', { operation: id, zone, actor, from, to: state });
    if (before === null) this.#events.begun(id);
    if (isFinal(state)) this.#events.ended(id);
    else if (now.afterSeen ? before?.afterSeen !== true : before === null) this.#events.heard(id);
  }
}

/**
 * A transaction whose commit has begun. The commit's promise is a property, because an `async` function that
 * returned the bare promise would wait for it.
 */
interface Begun<T> {
  readonly tx: Transaction;
  readonly result: T;
  readonly committed: Promise<void>;
  /** The zones that the transaction changes. */
  readonly zones: Iterable<DnsName>;
}

/** An operation before a transaction (`before`; null: it did not exist) and after it (`now`). */
interface Write {
  readonly before: Operation | null;
  readonly now: Operation;
}

/**
 * Changes that are committed together. {@link Store.transact} makes a transaction, which may be used only
 * while `body` runs.
 */
export class Transaction {
  /**
   * The journal before this transaction. It contains the changes of earlier transactions, even if their
   * commits have not ended yet.
   */
  readonly journal: JournalReader;
  readonly #clock: Clock;
  readonly #newestId: () => string;
  readonly #writes = new Map<string, Write>();
  /** Ids of operations that the caller has passed in, but that the journal does not have yet. */
  readonly #drafts = new Set<string>();
  readonly #zones = new Map<DnsName, ZoneEntry>();
  readonly #rows: RowChange[] = [];
  readonly #wakes: [DnsName, number][] = [];
  /**
   * Zones that a comparison found equal on both sides, each with the comparison's begin (monotonic
   * milliseconds).
   */
  readonly inStep = new Map<DnsName, number>();
  #beside: Batch = {};

  constructor(journal: JournalReader, clock: Clock, newestId: () => string) {
    this.journal = journal;
    this.#clock = clock;
    this.#newestId = newestId;
  }

  /**
   * The zone's operations that are open, or have ended but are on watch for late writes. Oldest first.
   * @throws {JournalError}
   */
  async open(zone: DnsName): Promise<readonly Operation[]> {
    return await this.journal.operations({ zone, openAt: this.#clock.wall() });
  }

  /**
   * Returns the operation as it is now. If the journal does not have the operation (yet), returns it as the
   * caller passed it.
   * @throws {JournalError}
   */
  async current<T extends Operation>(judged: T): Promise<T> {
    const known = this.#writes.get(judged.id)?.now ?? (await this.journal.operation(judged.id));
    if (known === null) this.#drafts.add(judged.id);
    else if (isAlike(known, judged)) return known;
    return judged;
  }

  /**
   * Adds a new operation.
   * @param state the state to store, if the operation has already reached a later state than that of the
   * draft
   */
  create<T extends Operation>(draft: T, state: OperationState = draft.state): T {
    const before = this.#sinceOf(draft.createdAt);
    return this.#write(null, {
      ...draft,
      state,
      ...(before === 0 ? {} : { took: { ...draft.took, before } }),
    });
  }

  /**
   * Journals an operation that is about to be carried out, or was carried out just now. An edit that was left
   * to the panel has an operation in the journal already; that operation is updated.
   * @throws {JournalError}
   * @throws {Moved} the operation has changed in the meantime
   */
  async begin(draft: RecordsOperation, state: OperationState): Promise<RecordsOperation> {
    await this.current(draft);
    if (this.#drafts.has(draft.id)) return this.create(draft, state);
    const { items, removed, added } = draft;
    return await this.advance(draft, state, { items, removed, added });
  }

  /** Whether the operation's state has changed, or its `after` call has come, since the caller read it. */
  async isMoved(judged: Operation): Promise<boolean> {
    return hasMoved(judged, await this.current(judged));
  }

  /**
   * Returns the operation as it is now.
   * @throws {Moved} the operation has changed since the caller read it
   */
  async judge<T extends Operation>(judged: T): Promise<T> {
    const now = await this.current(judged);
    if (hasMoved(judged, now)) throw new Moved(judged.zone);
    return now;
  }

  /**
   * Takes an operation to its next state, if the operation has not changed since the caller read it.
   * @throws {Moved} the operation has changed
   */
  async advance<T extends Operation>(judged: T, to: OperationState, changes: Changes<T> = {}): Promise<T> {
    return this.#step(await this.judge(judged), to, changes);
  }

  /**
   * Takes an operation to its next state, even if the operation has changed in the meantime. Callers use this
   * if the event that the new state reports, such as a write, has already happened.
   * @param changes further fields, made from the operation as it is now
   */
  async record<T extends Operation>(
    operation: T,
    to: OperationState,
    changes: (now: T) => Changes<T> = () => ({}),
  ): Promise<T> {
    const now = await this.current(operation);
    return this.#step(now, to, changes(now));
  }

  /** Changes fields of an operation but not its state, even if the operation has changed meanwhile. */
  async amend<T extends Operation>(operation: T, changes: (now: T) => Changes<T>): Promise<T> {
    const now = await this.current(operation);
    return this.#write(now, { ...now, ...changes(now) });
  }

  /**
   * Replaces the ledger entry of a zone.
   * @param judged the entry as it was read; null: there was none
   * @throws {Moved} the zone's state or incarnation has changed since the read
   */
  async zone(judged: ZoneEntry | null, next: ZoneEntry): Promise<void> {
    const now = await this.journal.zone(next.zone);
    if (now?.state !== judged?.state || now?.incarnation !== judged?.incarnation) throw new Moved(next.zone);
    this.#zones.set(next.zone, next);
  }

  rows(change: RowChange): void {
    this.#rows.push(change);
  }

  /** Adds changes that do not depend on what the journal contains. */
  with({ facts, owners, zones = [], dropZones = [] }: Batch): void {
    for (const entry of zones) this.#zones.set(entry.zone, entry);
    const { facts: before, dropZones: dropped = [] } = this.#beside;
    this.#beside = {
      facts: { ...before, ...facts },
      dropZones: [...dropped, ...dropZones],
      ...(owners === undefined ? {} : { owners }),
    };
  }

  /**
   * Schedules a background step of the zone, once the transaction is committed.
   * @param delay milliseconds after the commit
   */
  wake(zone: DnsName, delay: number): void {
    this.#wakes.push([zone, delay]);
  }

  get batch(): Batch {
    return {
      ...this.#beside,
      operations: [...this.#writes.values()].map(({ now }) => now),
      zones: [...this.#zones.values()],
      rows: this.#rows,
    };
  }

  get isEmpty(): boolean {
    const { facts = {}, owners, dropZones = [] } = this.#beside;
    const beside = Object.keys(facts).length + (owners?.size ?? 0) + dropZones.length;
    return beside + this.#writes.size + this.#zones.size + this.#rows.length === 0;
  }

  get writes(): Iterable<Write> {
    return this.#writes.values();
  }

  get wakes(): readonly (readonly [DnsName, number])[] {
    return this.#wakes;
  }

  #step<T extends Operation>(now: T, to: OperationState, changes: Changes<T>): T {
    // Only a defect of domainsync can cause this.
    if (!mayStep(now.kind, now.state, to))
      throw new Error(`operation ${now.id} may not go from ${now.state} to ${to}`);
    const took = this.#took(now, to);
    const end = isFinal(to) ? { endedAfter: this.#newestId() } : {};
    return this.#write(now, {
      ...now,
      ...changes,
      ...took,
      ...end,
      state: to,
      changedAt: this.#clock.wall(),
    });
  }

  /**
   * Computes the field `took` of an operation that leaves its state: adds the time that the operation was in
   * this state.
   */
  #took({ state, changedAt, createdAt, took = {} }: Operation, to: OperationState): Pick<Operation, 'took'> {
    const step = stepOf[state];
    const since = Math.max(changedAt, createdAt + (took.before ?? 0));
    const ms = this.#sinceOf(since) + (step === undefined ? 0 : (took[step] ?? 0));
    return step === undefined || state === to || ms === 0 ? {} : { took: { ...took, [step]: ms } };
  }

  /** Milliseconds since a time of the wall clock; 0 if the clock was set back. */
  #sinceOf(wall: number): number {
    return Math.max(0, Math.round(this.#clock.wall() - wall));
  }

  #write<T extends Operation>(found: Operation | null, now: T): T {
    const earlier = this.#writes.get(now.id);
    const before = this.#drafts.has(now.id) ? null : found;
    this.#writes.set(now.id, { before: earlier === undefined ? before : earlier.before, now });
    return now;
  }
}

/** For each state, the name under which `took` counts the time that an operation spends in this state. */
const stepOf: Readonly<Partial<Record<OperationState, keyof Took>>> = {
  prepared: 'write',
  applied: 'after',
  kept: 'confirm',
  reverting: 'undo',
};

/**
 * Narrows the type. Always true for operations with the same id, because the kind of an operation never
 * changes.
 */
function isAlike<T extends Operation>(known: Operation, judged: T): known is T {
  return known.kind === judged.kind;
}

function zonesOf({ operations = [], zones = [], rows = [], dropZones = [] }: Batch): Set<DnsName> {
  return new Set([...[...operations, ...zones, ...rows].map(({ zone }) => zone), ...dropZones]);
}

function hasMoved(judged: Operation, now: Operation): boolean {
  return now.state !== judged.state || now.afterSeen !== judged.afterSeen;
}
