import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { DnsName } from '../dns/name.ts';
import {
  JournalError,
  type Batch,
  type Journal,
  type JournalCounts,
  type OperationFilter,
} from '../core/journal.ts';
import type { LedgerRow, ZoneEntry } from '../core/ledger.ts';
import type { Operation } from '../core/operation.ts';
import { Database, translate } from './database.ts';
import { FactTable } from './fact-table.ts';
import { FilePlace } from './file-place.ts';
import { History, type HistoryLimits } from './history.ts';
import { LedgerTable, rowsTally, ZoneDamaged } from './ledger-table.ts';
import { presentCounts } from './earlier-words.ts';
import { isDead, readHolder, thisProcess } from './lease.ts';
import { open, stateColumnOf, tablesOf, type StateColumn } from './open.ts';
import { OperationTable } from './operation-table.ts';
import { OwnerTable } from './owner-table.ts';
import { Reserve } from './reserve.ts';
import { Tallies } from './tallies.ts';
import { notesTally, zonesTally, ZoneTable } from './zone-table.ts';

export interface SqliteJournalOptions {
  /** Absolute path of the database; its directory is made, 0700, when missing. */
  readonly path: string;
  /** Octets kept aside for finishing work on a full disk; default 4 MiB. */
  readonly reserve?: number;
  /** How long (ms) to wait for another program to let go of the file; default 5 s. */
  readonly patience?: number;
  /**
   * Without it the journal is opened for looking only: no lease, no generation, no migration, and `commit` is
   * an error. A file that an earlier release wrote last can be read.
   */
  readonly writer: boolean;
}

/** Note of a zone whose ledger is damaged. */
export const damagedNote = 'journal.zone-damaged';

/** Fact: how many operations the last whole check found damaged; absent: none. */
const damagedFact = 'damaged-operations';

/** What one step of a check of the ledger reads at most. */
const mostZones = 50;
const mostRows = 500;

/** The journal and ledger of one central in an SQLite file, WAL, synced to disk at every commit. */
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
  /**
   * True when the file is older than what was last written: a backup was put back (docs/glossary.md#ledger).
   */
  readonly regressed: boolean;

  /**
   * @throws {JournalError} `journal.unreadable`, `journal.newer`, `journal.in-use`, `journal.locked`,
   *   `journal.disk-full`, `journal.write-failed`
   */
  constructor(options: SqliteJournalOptions) {
    const { path, writer } = options;
    this.#path = path;
    this.#writer = writer;
    this.#reserve = new Reserve(`${path}.reserve`, options.reserve ?? 4 * 1024 * 1024);
    const file = translated(path, () => open(options));
    this.#database = new Database(path, file, writer ? new FilePlace(path) : null);
    try {
      this.#tables = this.#database.guard(() => tablesOf(file, path));
      const state = (this.#stateColumn = this.#database.guard(() => stateColumnOf(file)));
      // A file that is only read may be of an earlier release.
      const checked = this.#tables.has('ledger');
      this.#tallies = new Tallies(this.#database, writer);
      this.#operations = new OperationTable(this.#database, this.#tallies, checked);
      this.#zones = new ZoneTable(this.#database, this.#tallies, checked, state);
      this.#ledger = new LedgerTable(this.#database, this.#tallies, this.#tables, state);
      this.#owners = new OwnerTable(this.#database, this.#tallies, checked);
      this.#facts = new FactTable(this.#database, checked);
      this.#history = new History(this.#operations, this.#facts, this.#tallies);
      this.regressed = this.#database.guard(() => (writer ? this.#takeOver() : false));
      if (writer) this.#database.guard(() => this.#operations.takeOver(Date.now()));
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  async commit(batch: Batch): Promise<void> {
    await Promise.resolve();
    const fresh = (batch.operations ?? []).some(({ state }) => state === 'prepared');
    // New work may not eat the reserve; finishing what is open may.
    if (fresh && !this.#database.guard(() => this.#reserve.take()))
      throw new JournalError('journal.disk-full', { path: this.#path });
    try {
      this.#transaction(() => this.#write(batch));
    } catch (error) {
      if (!(error instanceof JournalError) || error.code !== 'journal.disk-full' || fresh) throw error;
      this.#database.guard(() => this.#reserve.give());
      this.#transaction(() => this.#write(batch));
    }
  }

  /** What SQLite finds wrong with the file, in its own words; null when it is whole. */
  damage(): string | null {
    const said = this.#database.guard(() => this.#database.get('PRAGMA quick_check(1)')?.['quick_check']);
    return said === 'ok' ? null : String(said);
  }

  async operation(id: string): Promise<Operation | null> {
    return await this.#read(() => this.#operations.get(id));
  }

  async operations(filter: OperationFilter): Promise<readonly Operation[]> {
    return await this.#read(() => this.#operations.find(filter));
  }

  async zones(): Promise<readonly ZoneEntry[]> {
    return await this.#read(() => this.#zones.all());
  }

  async zone(zone: DnsName): Promise<ZoneEntry | null> {
    return await this.#read(() => this.#zones.get(zone));
  }

  /** @throws {JournalError} also `journal.zone-damaged`: the zone is frozen until all its rows are dropped */
  async rows(zone: DnsName, names?: readonly DnsName[]): Promise<readonly LedgerRow[]> {
    await Promise.resolve();
    return this.#freezing(() => this.#ledger.rows(zone, names));
  }

  async counts(): Promise<JournalCounts> {
    return await this.#read(() => {
      if (!this.#tables.has('tally')) return this.#counted();
      return {
        zones: presentCounts(this.#tallies.group(zonesTally)),
        rows: presentCounts(this.#tallies.group(rowsTally)),
        // Counted under another name up to schema 6.
        notes: this.#tallies.get(this.#stateColumn === 'state' ? notesTally : 'remarks'),
        frozen: this.#ledger.frozen().length,
        damagedOperations: Number(this.#facts.get(damagedFact) ?? 0),
      };
    });
  }

  async owners(): Promise<ReadonlyMap<DnsName, readonly string[] | null>> {
    return await this.#read(() => (this.#tables.has('owner') ? this.#owners.all() : new Map()));
  }

  async fact(name: string): Promise<string | null> {
    return await this.#read(() => this.#facts.get(name));
  }

  async close(): Promise<void> {
    await Promise.resolve();
    try {
      // A file that is lost has no lease to give back.
      if (this.#writer) translated(this.#path, () => this.#facts.put('lease', null));
    } finally {
      this.#database.close();
    }
  }

  /** Takes the lease and counts the generation up; true when the second copy of it is ahead. */
  #takeOver(): boolean {
    const generationFile = `${this.#path}.generation`;
    return this.#transaction(() => {
      const held = this.#facts.get('lease');
      if (held !== null && !isDead(readHolder(held)))
        throw new JournalError('journal.in-use', { path: this.#path });
      const stored = countIn(this.#facts.get('generation'));
      const second = existsSync(generationFile) ? countIn(readFileSync(generationFile, 'utf8')) : 0;
      const generation = Math.max(stored, second) + 1;
      this.#facts.put('lease', JSON.stringify(thisProcess()));
      this.#facts.put('generation', String(generation));
      writeFileSync(generationFile, `${generation}\n`, { mode: 0o600 });
      this.#reserve.take();
      return second > stored;
    });
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

  /** One transaction, with the counts of what it changes. */
  #transaction<T>(body: () => T): T {
    try {
      const result = this.#database.transaction(() => {
        const value = body();
        this.#ledger.flush();
        this.#tallies.flush();
        return value;
      });
      this.#operations.commit();
      return result;
    } catch (error) {
      this.#operations.forget();
      this.#ledger.forget();
      this.#tallies.forget();
      throw error;
    }
  }

  /** One step of {@link History.prune}. @throws {JournalError} */
  prune(after: string, limits: HistoryLimits): string | null {
    return this.#transaction(() => this.#history.prune(after, limits));
  }

  /** One step of {@link History.addSums}. @throws {JournalError} */
  addSums(after: string): string | null {
    return this.#transaction(() => this.#history.addSums(after));
  }

  /** One step of {@link History.check}. @throws {JournalError} */
  checkOperations(after: string): ReturnType<History['check']> {
    return this.#database.guard(() => this.#history.check(after));
  }

  /**
   * Reads the ledger of the next zones, and freezes those that are damaged.
   * @param after the last zone that was checked; empty: none
   * @returns the zone to go on behind, null: these were the last; and the damaged ones
   * @throws {JournalError} where more than zones is damaged
   */
  checkLedger(after: string): { readonly last: DnsName | null; readonly damaged: readonly DnsName[] } {
    const damaged: DnsName[] = [];
    if (!this.#tables.has('ledger')) return { last: null, damaged };
    let last: DnsName | null = null;
    for (let [zones, rows] = [0, 0]; zones < mostZones && rows < mostRows; zones += 1) {
      const zone = this.#database.guard(() => this.#ledger.next(last ?? after));
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

  /** Remembers how many damaged operations a whole check has found. @throws {JournalError} */
  async noteDamage(operations: number): Promise<void> {
    if (Number((await this.fact(damagedFact)) ?? 0) === operations) return;
    await this.commit({ facts: { [damagedFact]: operations === 0 ? null : String(operations) } });
  }

  async #read<T>(body: () => T): Promise<T> {
    await Promise.resolve();
    return this.#database.guard(body);
  }

  /** Runs a read of the ledger; a zone that it finds damaged stays frozen, also after the next start. */
  #freezing<T>(body: () => T): T {
    try {
      return this.#database.guard(body);
    } catch (error) {
      if (error instanceof ZoneDamaged && this.#writer) this.#freeze(error.zone);
      throw error;
    }
  }

  #freeze(zone: DnsName): void {
    this.#transaction(() => {
      if (this.#ledger.isFrozen(zone)) return;
      this.#ledger.freeze(zone);
      const entry = this.#zones.get(zone);
      if (entry !== null) this.#zones.put({ ...entry, note: damagedNote });
    });
  }

  /** In a file of an earlier release. */
  #counted(): JournalCounts {
    const zones = this.#database.all('SELECT standing, count(*) AS n FROM zone GROUP BY standing');
    const rows = this.#database.all('SELECT standing, count(*) AS n FROM record GROUP BY standing');
    const notes = this.#database.get('SELECT count(note) AS n FROM zone');
    const tally = (found: typeof rows): Readonly<Record<string, number>> =>
      presentCounts(Object.fromEntries(found.map(({ standing, n }) => [String(standing), Number(n)])));
    return {
      zones: tally(zones),
      rows: tally(rows),
      notes: Number(notes?.['n']),
      frozen: 0,
      damagedOperations: 0,
    };
  }
}

/** The number in a text; what is none counts as 0, as a file that was lost. */
function countIn(text: string | null): number {
  return text !== null && /^\d{1,15}\s*$/u.test(text) ? Number(text) : 0;
}

function translated<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw translate(error, path);
  }
}
