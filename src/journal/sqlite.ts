import type { DnsName } from '../dns/name.ts';
import {
  JournalError,
  type Batch,
  type Journal,
  type JournalCounts,
  type JournalReader,
  type OperationFilter,
  type ZoneCounts,
} from '../core/journal.ts';
import type { Decision, ObservedCounts } from '../core/decision.ts';
import { hostFact } from '../core/journal-doubts.ts';
import type { LedgerRow, ZoneEntry } from '../core/ledger.ts';
import type { Operation } from '../core/operation.ts';
import { endOpenGroups, isFresh } from './commit-group.ts';
import { countOldFile } from './counts.ts';
import { Database, translate } from './database.ts';
import { DecisionTable } from './decision-table.ts';
import { factsAtOpening } from './doubts.ts';
import { FactTable } from './fact-table.ts';
import { FilePlace } from './file-place.ts';
import type { HistoryEntry, HistoryFilter, HistoryPage } from '../core/history.ts';
import type { HostIdentity } from './host-identity.ts';
import { History, type HistoryLimits, type PersonLimits } from './history.ts';
import { HistoryReader } from './history-reader.ts';
import { readerOf, type JournalReads } from './journal-reads.ts';
import { LedgerTable, rowsTally, ZoneDamaged } from './ledger-table.ts';
import { presentCounts } from './earlier-words.ts';
import { isDead, readHolder, thisProcess } from './lease.ts';
import { open, stateColumnOf, tablesOf, type StateColumn } from './open.ts';
import { OperationTable } from './operation-table.ts';
import { OwnerTable } from './owner-table.ts';
import { Reserve } from './reserve.ts';
import { countIn, CountFile } from './count-file.ts';
import { Tallies } from './tallies.ts';
import { Transactions } from './transactions.ts';
import { notesTally, zonesTally, ZoneTable } from './zone-table.ts';

export interface SqliteJournalOptions {
  /** Absolute path of the database file. Its directory is created with mode 0700 if it is missing. */
  readonly path: string;
  /**
   * Octets of disk space to reserve, so that open operations can be finished on a full disk; default 4 MiB.
   */
  readonly reserve?: number;
  /** How long to wait while another program locks the file, in milliseconds; default 5,000. */
  readonly patience?: number;
  /**
   * Whether this process may write. With `false` the journal takes no lease, counts no commits and migrates
   * nothing, and `commit` throws. It can still read files of earlier releases.
   */
  readonly writer: boolean;
  /** The identity of this host; default: not known. */
  readonly host?: HostIdentity;
  /** The wall clock, milliseconds since 1970; default: the system's. */
  readonly now?: () => number;
}

/** Code of the note that a zone gets when its ledger is damaged. */
export const damagedNote = 'journal.zone-damaged';

/**
 * Name of the fact that holds how many damaged operations the last full check found. If it found none, the
 * fact is absent.
 */
const damagedFact = 'damaged-operations';

/** Limits of one step of the ledger check. The step ends when it has checked this number of zones or rows. */
const mostZones = 50;
const mostRows = 500;

/**
 * The journal and the ledger of one central, in one SQLite file. It uses a write-ahead log (WAL), and every
 * commit is synced to disk.
 */
export class SqliteJournal implements Journal {
  readonly #database: Database;
  readonly #path: string;
  readonly #reserve: Reserve;
  readonly #writer: boolean;
  readonly #tables: ReadonlySet<string>;
  readonly #stateColumn: StateColumn;
  readonly #tallies: Tallies;
  readonly #operations: OperationTable;
  readonly #zones: ZoneTable;
  readonly #ledger: LedgerTable;
  readonly #owners: OwnerTable;
  readonly #facts: FactTable;
  readonly #history: History;
  readonly #decisions: DecisionTable;
  readonly #reader: HistoryReader;
  readonly #countFile: CountFile;
  readonly #now: () => number;
  readonly #transactions: Transactions;
  readonly #outside: JournalReader;
  readonly pending: JournalReader;

  /**
   * @throws {JournalError} `journal.unreadable`, `journal.newer`, `journal.in-use`, `journal.locked`,
   *   `journal.disk-full`, `journal.write-failed`
   */
  constructor(options: SqliteJournalOptions) {
    const { path, writer } = options;
    this.#path = path;
    this.#writer = writer;
    this.#now = options.now ?? Date.now;
    this.#reserve = new Reserve(`${path}.reserve`, options.reserve ?? 4 * 1024 * 1024);
    this.#countFile = new CountFile(`${path}.generation`);
    endOpenGroups();
    const file = translated(path, () => open(options));
    this.#database = new Database(path, file, writer ? new FilePlace(path) : null);
    try {
      this.#tables = this.#database.guard(() => tablesOf(file, path));
      const state = (this.#stateColumn = this.#database.guard(() => stateColumnOf(file)));
      // A file that this process only reads may have the schema of an earlier release, without checksums.
      const checked = this.#tables.has('ledger');
      this.#tallies = new Tallies(this.#database, writer);
      this.#operations = new OperationTable(this.#database, this.#tallies, checked);
      this.#zones = new ZoneTable(this.#database, this.#tallies, checked, state);
      this.#ledger = new LedgerTable(this.#database, this.#tallies, this.#tables, state);
      this.#owners = new OwnerTable(this.#database, this.#tallies, checked);
      this.#facts = new FactTable(this.#database, checked);
      this.#decisions = new DecisionTable(this.#database);
      this.#reader = new HistoryReader(this.#operations, this.#decisions, this.#facts, this.#tables);
      this.#history = new History(this.#operations, this.#facts, this.#tallies, this.#decisions);
      this.#transactions = new Transactions(
        {
          database: this.#database,
          operations: this.#operations,
          ledger: this.#ledger,
          tallies: this.#tallies,
          countFile: this.#countFile,
          now: this.#now,
        },
        {
          write: (batch) => this.#write(batch),
          makeRoom: () => this.#database.guard(() => this.#reserve.give()),
        },
      );
      const reads = this.#makeReads();
      this.#outside = readerOf(reads, (read) => this.#read(read));
      this.pending = readerOf(reads, async (read) => await Promise.resolve(this.#database.guard(read)));
      if (writer) this.#takeOver(options.host ?? { machine: null, board: null });
    } catch (error) {
      this.#countFile.close();
      this.#database.close();
      throw error;
    }
  }

  /**
   * Commits of one turn of the event loop share one transaction and one sync
   * (docs/decisions/023-group-commit.md).
   */
  async commit(batch: Batch): Promise<void> {
    // A new operation must not use up the reserved space. A step of an open operation may use it.
    if (isFresh(batch) && !this.#database.guard(() => this.#reserve.take()))
      throw new JournalError('journal.disk-full', { path: this.#path });
    await this.#transactions.group.add(batch);
  }

  /** Runs SQLite's `quick_check`. @returns the first fault as SQLite describes it; null: there is no fault */
  damage(): string | null {
    const said = this.#alone(() => this.#database.get('PRAGMA quick_check(1)')?.['quick_check']);
    return said === 'ok' ? null : String(said);
  }

  async operation(id: string): Promise<Operation | null> {
    return await this.#outside.operation(id);
  }

  async operations(filter: OperationFilter): Promise<readonly Operation[]> {
    return await this.#outside.operations(filter);
  }

  async zones(): Promise<readonly ZoneEntry[]> {
    return await this.#outside.zones();
  }

  async zone(zone: DnsName): Promise<ZoneEntry | null> {
    return await this.#outside.zone(zone);
  }

  /**
   * Reads the rows of a zone.
   * @throws {JournalError} `journal.zone-damaged`: the zone stays frozen until all its rows are dropped
   */
  async rows(zone: DnsName, names?: readonly DnsName[]): Promise<readonly LedgerRow[]> {
    return await this.#outside.rows(zone, names);
  }

  async counts(): Promise<JournalCounts> {
    return await this.#outside.counts();
  }

  async zoneCounts(): Promise<ReadonlyMap<DnsName, ZoneCounts>> {
    return await this.#outside.zoneCounts();
  }

  async owners(): Promise<ReadonlyMap<DnsName, readonly string[] | null>> {
    return await this.#outside.owners();
  }

  async fact(name: string): Promise<string | null> {
    return await this.#outside.fact(name);
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.#transactions.group.end();
    try {
      // If the file was deleted or replaced, this write throws `journal.lost`.
      if (this.#writer) translated(this.#path, () => this.#facts.put('lease', null));
    } finally {
      this.#countFile.close();
      this.#database.close();
    }
  }

  /**
   * Takes the lease, so that no other process writes the file. Stores reasons why the journal may lack the
   * latest changes (`doubts.ts`).
   * @throws {JournalError} `journal.in-use` if the process that holds the lease may still be alive
   */
  #takeOver(host: HostIdentity): void {
    this.#transactions.run(() => {
      const held = this.#facts.get('lease');
      if (held !== null && !isDead(readHolder(held)))
        throw new JournalError('journal.in-use', { path: this.#path });
      const { commits: counted, at: committedAt } = this.#transactions.heartbeat.get();
      // Earlier releases counted in the fact `generation` how many times the file was opened, and wrote the
      // same number into the second file. The higher number counts, so that such a journal does not look too
      // old.
      const commits = Math.max(counted, countIn(this.#facts.get('generation')));
      const second = this.#countFile.read();
      this.#transactions.commits = Math.max(commits, second);
      const writtenOn = this.#facts.get(hostFact);
      const doubts = factsAtOpening({ commits, second, committedAt, now: this.#now(), host, writtenOn });
      for (const [name, value] of Object.entries(doubts)) this.#facts.put(name, value);
      this.#facts.put('lease', JSON.stringify(thisProcess()));
      this.#reserve.take();
    });
    try {
      this.#database.guard(() => {
        this.#countFile.begin(this.#transactions.commits);
        this.#operations.takeOver(Date.now());
      });
    } catch (error) {
      this.#facts.put('lease', null);
      throw error;
    }
  }

  #write(batch: Batch): void {
    for (const operation of batch.operations ?? []) this.#operations.put(operation);
    for (const zone of batch.dropZones ?? []) {
      this.#ledger.drop(zone);
      this.#zones.drop(zone);
    }
    for (const entry of batch.zones ?? []) this.#zones.put(entry);
    for (const change of batch.rows ?? []) this.#ledger.change(change);
    this.#owners.put(batch.owners ?? new Map());
    for (const [name, value] of Object.entries(batch.facts ?? {})) this.#facts.put(name, value);
  }

  /**
   * Reads one page of the history, newest first. Only a limited number of entries is read. So a page may have
   * fewer entries than asked for although more follow.
   * @param before only entries whose id sorts before this one; null: start with the newest
   * @param most how many entries the page has at most
   * @throws {JournalError}
   */
  async page(filter: HistoryFilter, before: string | null, most: number): Promise<HistoryPage> {
    return await this.#read(() => this.#reader.page(filter, before, most));
  }

  /** Entries whose id begins with this text, oldest first. @throws {JournalError} */
  async entries(prefix: string): Promise<readonly HistoryEntry[]> {
    const operations = await this.operations({ prefix });
    return [...operations, ...(await this.#read(() => this.#reader.decisionsWith(prefix)))];
  }

  /**
   * Counts the edits observed since the given time (wall clock, milliseconds since 1970).
   * @throws {JournalError}
   */
  async observed(since: number): Promise<ObservedCounts> {
    return await this.#read(() => this.#reader.observed(since));
  }

  /** Stores decisions in one transaction. When it throws, no decision is stored. @throws {JournalError} */
  note(decisions: readonly Decision[]): void {
    this.#transactions.run(() => {
      for (const decision of decisions) this.#decisions.put(decision);
      this.#decisions.limit(new Set(decisions.map(({ actor }) => actor)));
    });
  }

  /** One step of {@link History.prune}. @throws {JournalError} */
  prune(after: string, limits: HistoryLimits): string | null {
    return this.#transactions.run(() => this.#history.prune(after, limits));
  }

  /** One step of {@link History.addSums}. @throws {JournalError} */
  addSums(after: string): string | null {
    return this.#transactions.run(() => this.#history.addSums(after));
  }

  /** One step of {@link History.addKeys}. @throws {JournalError} */
  addKeys(after: string): string | null {
    return this.#transactions.run(() => this.#history.addKeys(after));
  }

  /** One step of {@link History.erase}. @throws {JournalError} */
  erase(user: string): number {
    return this.#transactions.run(() => this.#history.erase(user));
  }

  /** One step of {@link History.forgetPersons}. @throws {JournalError} */
  forgetPersons(after: string, limits: PersonLimits): string | null {
    return this.#transactions.run(() => this.#history.forgetPersons(after, limits));
  }

  /** One step of {@link History.check}. @throws {JournalError} */
  checkOperations(after: string): ReturnType<History['check']> {
    return this.#alone(() => this.#history.check(after));
  }

  /**
   * Checks the rows of the next zones, and freezes each zone whose rows are damaged.
   * @param after the last zone that was checked; empty: start with the first zone
   * @returns `last`: the `after` of the next call, null after the last zone; `damaged`: the damaged zones
   *   that this call found
   * @throws {JournalError} if anything else in the file is damaged
   */
  checkLedger(after: string): { readonly last: DnsName | null; readonly damaged: readonly DnsName[] } {
    const damaged: DnsName[] = [];
    if (!this.#tables.has('ledger')) return { last: null, damaged };
    let last: DnsName | null = null;
    for (let [zones, rows] = [0, 0]; zones < mostZones && rows < mostRows; zones += 1) {
      const zone = this.#alone(() => this.#ledger.next(last ?? after));
      if (zone === null) return { last: null, damaged };
      last = zone;
      try {
        rows += this.#freezing(() => this.#ledger.verify(zone));
      } catch (error) {
        if (!(error instanceof ZoneDamaged)) throw error;
        damaged.push(zone);
      }
    }
    return { last, damaged };
  }

  /**
   * Writes the heartbeat although nothing has changed. It shows that the agent still uses the journal.
   * @throws {JournalError}
   */
  beat(): void {
    this.#transactions.run(() => undefined, true);
  }

  /** Stores how many damaged operations a full check found. @throws {JournalError} */
  async noteDamage(operations: number): Promise<void> {
    if (Number((await this.fact(damagedFact)) ?? 0) === operations) return;
    await this.commit({ facts: { [damagedFact]: operations === 0 ? null : String(operations) } });
  }

  async #read<T>(body: () => T): Promise<T> {
    await Promise.resolve();
    return await this.#transactions.group.outside(() => this.#database.guard(body));
  }

  /** Ends the open transaction of waiting commits, then runs `body`. */
  #alone<T>(body: () => T): T {
    this.#transactions.group.end();
    return this.#database.guard(body);
  }

  #makeReads(): JournalReads {
    return {
      operation: (id) => this.#operations.get(id),
      operations: (filter) => this.#operations.find(filter),
      zones: () => this.#zones.all(),
      zone: (zone) => this.#zones.get(zone),
      rows: (zone, names) => this.#freezing(() => this.#ledger.rows(zone, names)),
      counts: () => this.#counts(),
      zoneCounts: () => this.#ledger.countEach(),
      owners: () => (this.#tables.has('owner') ? this.#owners.all() : new Map()),
      fact: (name) => this.#facts.get(name),
    };
  }

  #counts(): JournalCounts {
    if (!this.#tables.has('tally')) return countOldFile(this.#database);
    return {
      zones: presentCounts(this.#tallies.group(zonesTally)),
      rows: presentCounts(this.#tallies.group(rowsTally)),
      // In files up to schema 6, this count has the name `remarks`.
      notes: this.#tallies.get(this.#stateColumn === 'state' ? notesTally : 'remarks'),
      frozen: this.#ledger.frozen().length,
      damagedOperations: Number(this.#facts.get(damagedFact) ?? 0),
    };
  }

  /**
   * Runs `body`, which reads the ledger. If `body` finds a damaged zone, stores that the zone is frozen, and
   * throws the error of `body`.
   */
  #freezing<T>(body: () => T): T {
    try {
      return this.#database.guard(body);
    } catch (error) {
      if (error instanceof ZoneDamaged && this.#writer) this.#freeze(error.zone);
      throw error;
    }
  }

  #freeze(zone: DnsName): void {
    this.#transactions.run(() => {
      if (this.#ledger.isFrozen(zone)) return;
      this.#ledger.freeze(zone);
      const entry = this.#zones.get(zone);
      if (entry !== null) this.#zones.put({ ...entry, note: damagedNote });
    });
  }
}

function translated<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw translate(error, path);
  }
}
