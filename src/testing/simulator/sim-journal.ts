import type { Clock } from '../../core/clock.ts';
import {
  JournalError,
  type Batch,
  type Journal,
  type JournalErrorCode,
  type JournalReader,
} from '../../core/journal.ts';
import { acceptedFact, hostFact } from '../../core/journal-doubts.ts';
import { isEmptyBatch, isFresh } from '../../journal/commit-group.ts';
import { factsAtOpening } from '../../journal/doubts.ts';
import type { MemoryJournal } from '../memory-journal.ts';
import { GroupCommits } from './group-commits.ts';
import { never, type Life } from './life.ts';

/**
 * Faults of the disk that holds a journal. A fault lasts for one call, or until somebody repairs the disk.
 */
export type JournalFault =
  /** The disk is full, but the reserved space still takes commits that continue open operations. */
  | 'full'
  /** The disk is full, and the reserved space is used up. */
  | 'reserve-gone'
  /** The file system has become read-only. */
  | 'read-only'
  /** The sync of a commit fails. The commit throws, but its frames are in the file. */
  | 'unsynced'
  /** Another program holds the lock of the file for longer than a commit waits. */
  | 'busy'
  /** Another program holds the lock for two seconds, so the commit waits and then lands. */
  | 'waits'
  /** A page of the file is damaged. */
  | 'unreadable'
  /** The disk answers no read. */
  | 'read-error';

/**
 * The power fails, or the agent is killed, during a commit. Afterwards the commit is in the file
 * (`cut-after`), or it is not (`cut-before`).
 */
export type PowerCut = 'cut-before' | 'cut-after';

/** Kinds of journal calls that fail differently. `fresh`: a commit with a new operation. */
export type JournalCall = 'fresh' | 'commit' | 'read';

/**
 * The error of each fault for each kind of call, as in `src/journal/sqlite.ts` (sqlite.org/rescode.html). A
 * kind that is left out still works.
 */
const errors: Readonly<Record<JournalFault, Partial<Readonly<Record<JournalCall, JournalErrorCode>>>>> = {
  full: { fresh: 'journal.disk-full' },
  'reserve-gone': { fresh: 'journal.disk-full', commit: 'journal.disk-full' },
  'read-only': { fresh: 'journal.write-failed', commit: 'journal.write-failed' },
  unsynced: { fresh: 'journal.write-failed', commit: 'journal.write-failed' },
  busy: { fresh: 'journal.locked', commit: 'journal.locked' },
  waits: { fresh: 'journal.locked', commit: 'journal.locked' },
  unreadable: {
    fresh: 'journal.unreadable',
    commit: 'journal.unreadable',
    read: 'journal.unreadable',
  },
  'read-error': {
    fresh: 'journal.write-failed',
    commit: 'journal.write-failed',
    read: 'journal.write-failed',
  },
};

/** How long a commit waits for the lock of the file, milliseconds, as in `src/journal/sqlite.ts`. */
const lockPatience = 5_000;
/** How long a commit waits for the lock if it gets the lock in the end, milliseconds. */
const lockWait = 2_000;

/** Reasons why a journal may lack the newest events. */
export interface DoubtAtOpening {
  /** An older copy was put back. */
  readonly isOlder: boolean;
  /** There was no commit for more than 30 days. */
  readonly isAfterGap: boolean;
  /** The journal was written on another host, and no operator has accepted it on this one. */
  readonly isOthers: boolean;
}

/** The content of a journal at some time, and where and when it was written. */
export interface JournalImage {
  readonly file: MemoryJournal;
  readonly commits: number;
  readonly second: number;
  /** When the last commit was made (wall clock, milliseconds since 1970); 0: there was none. */
  readonly committedAt: number;
  readonly writtenOn: string | null;
}

/** A period of this length (ms) without a commit is a long gap (docs/decisions/016-older-journals.md). */
const longGap = 30 * 24 * 3_600_000;

/** The machine ids of the panel's host, and of a copy of that host. */
export const machines = { original: 'a'.repeat(32), copy: 'b'.repeat(32) } as const;

/**
 * The disk with the journal of one central. It outlives every engine. A power cut loses no acknowledged
 * commit, because each commit is synced. If the sync of a commit failed, the commit may come back when the
 * file is opened again. It does not if another commit has overwritten its frames (sqlite.org/wal.html, "The
 * WAL File").
 */
export class JournalDisk {
  #file: MemoryJournal;
  /** Number of commits in the file, and the largest such number in the second file. */
  #commits = 0;
  #second = 0;
  #committedAt = 0;
  #writtenOn: string | null = null;
  #unsynced: readonly Batch[] = [];
  #backup: JournalImage | null = null;
  /** Machine id of the host that has this disk. */
  readonly #host: string;
  /** The fault that every call meets until somebody repairs the disk; null: none. */
  trouble: JournalFault | null = null;
  /** The periods in which `trouble` lasted, or will last (monotonic milliseconds). */
  readonly outages: { readonly from: number; readonly until: number }[] = [];
  /** Chooses a fault for this call only; null: none. `name` describes what the call reads or writes. */
  nextFault: (call: JournalCall, name: string) => JournalFault | PowerCut | null = () => null;
  /** Called with every fault that occurs. */
  onFault: (fault: JournalFault | PowerCut) => void = () => undefined;
  /** Called with every commit once it is in the file. */
  onLanded: (batch: Batch) => void = () => undefined;
  /** Kills the agent, and with it every engine on this host. */
  cutPower: () => void = () => undefined;

  /** @param image the content of the disk of another host; this disk is a copy of it */
  constructor(file: MemoryJournal, image: JournalImage | null = null) {
    this.#file = image?.file.copy() ?? file;
    this.#host = image === null ? machines.original : machines.copy;
    if (image !== null) this.#take(image);
  }

  get file(): MemoryJournal {
    return this.#file;
  }

  /**
   * Opens the file as the killed agent left it. A commit whose sync failed may land now. The journal gets
   * facts about its doubts, as from `src/journal/lease.ts`.
   */
  async recover(clock: Clock): Promise<DoubtAtOpening> {
    if (this.#unsynced.length > 0) await this.#land(this.#file, this.#unsynced, clock);
    const [now, committedAt] = [clock.wall(), this.#committedAt];
    const doubt = {
      isOlder: this.#commits < this.#second,
      isAfterGap: committedAt > 0 && now - committedAt > longGap,
      isOthers: this.#writtenOn !== null && this.#writtenOn !== this.#host,
    };
    const [commits, second] = [this.#commits, this.#second];
    const host = { machine: this.#host, board: null };
    const writtenOn = await this.#file.fact(hostFact);
    this.#writtenOn ??= this.#host;
    this.#commits = second;
    const facts = factsAtOpening({ commits, second, committedAt, now, host, writtenOn });
    await this.#land(this.#file, [{ facts }], clock);
    return doubt;
  }

  /** The content of the disk at this moment. */
  image(): JournalImage {
    return {
      file: this.#file.copy(),
      commits: this.#commits,
      second: this.#second,
      committedAt: this.#committedAt,
      writtenOn: this.#writtenOn,
    };
  }

  /** Copies the file, so that `putBack` can restore it. */
  backUp(): void {
    this.#backup = this.image();
  }

  /**
   * Replaces the file by the copy that `backUp` made. The second file, which counts commits, is not replaced.
   * Call this only while no agent runs.
   * @returns whether there was a copy
   */
  putBack(): boolean {
    if (this.#backup === null) return false;
    this.#file = this.#backup.file.copy();
    this.#take({ ...this.#backup, second: this.#second });
    return true;
  }

  #take({ commits, second, committedAt, writtenOn }: JournalImage): void {
    this.#commits = commits;
    this.#second = second;
    this.#committedAt = committedAt;
    this.#writtenOn = writtenOn;
    this.#unsynced = [];
  }

  /**
   * Commits batches to the file, all of them or none. Never settles if a power cut kills the caller.
   * @throws {JournalError}
   */
  commit(file: MemoryJournal, batches: readonly Batch[], clock: Clock): Promise<void> {
    const call = batches.some(isFresh) ? 'fresh' : 'commit';
    const fault = this.#choose(call, batches.map(commitName).join(', '));
    if (fault === null) return this.#land(file, batches, clock);
    if (fault === 'waits') return clock.sleep(lockWait).then(() => this.#land(file, batches, clock));
    return isCut(fault)
      ? this.#cut(fault, file, batches, clock)
      : this.#failCommit(fault, call, batches, clock);
  }

  /**
   * Reads from the file.
   * @param name describes what the call reads; a part of the name of its random draws
   * @throws {JournalError}
   */
  read<T>(name: string, call: () => Promise<T>, clock: Clock): Promise<T> {
    const fault = this.#choose('read', name);
    return fault === null || isCut(fault) ? call() : this.#fail(fault, 'read', clock);
  }

  async #land(file: MemoryJournal, batches: readonly Batch[], clock: Clock): Promise<void> {
    this.#unsynced = [];
    for (const batch of batches) await file.commit(batch);
    this.#commits += 1;
    this.#committedAt = clock.wall();
    const isAccepted = batches.some(({ facts }) => typeof facts?.[acceptedFact] === 'string');
    if (isAccepted) this.#writtenOn = this.#host;
    this.#second = Math.max(this.#second, this.#commits);
    for (const batch of batches) this.onLanded(batch);
  }

  async #cut(cut: PowerCut, file: MemoryJournal, batches: readonly Batch[], clock: Clock): Promise<void> {
    if (cut === 'cut-after') await this.#land(file, batches, clock);
    this.cutPower();
  }

  async #failCommit(
    fault: JournalFault,
    call: 'fresh' | 'commit',
    batches: readonly Batch[],
    clock: Clock,
  ): Promise<never> {
    if (fault === 'unsynced') this.#unsynced = batches;
    return await this.#fail(fault, call, clock);
  }

  async #fail(fault: JournalFault, call: JournalCall, clock: Clock): Promise<never> {
    if (fault === 'busy') await clock.sleep(lockPatience);
    throw new JournalError(errors[fault][call] ?? 'journal.write-failed', { path: 'simulated' });
  }

  /** Chooses the fault of this call. @returns null: the call works */
  #choose(call: JournalCall, name: string): JournalFault | PowerCut | null {
    const fault = this.trouble ?? this.nextFault(call, name);
    if (fault === null || (isCut(fault) ? call === 'read' : errors[fault][call] === undefined)) return null;
    this.onFault(fault);
    return fault;
  }
}

/** Describes a commit in a few words, which become the name of its random draws. */
function commitName({ operations = [], zones = [], rows = [], facts = {} }: Batch): string {
  const [operation] = operations;
  if (operation !== undefined) return `${operation.kind} ${operation.zone} ${operation.state}`;
  const about = zones[0]?.zone ?? rows[0]?.zone ?? Object.keys(facts)[0] ?? 'owners';
  return `ledger ${about}`;
}

function isCut(fault: JournalFault | PowerCut): fault is PowerCut {
  return fault === 'cut-before' || fault === 'cut-after';
}

/**
 * The journal as one run of the agent sees it. After this run is killed, no call returns or throws any more,
 * and nothing is committed.
 */
export function mortalJournal(disk: JournalDisk, file: MemoryJournal, life: Life, clock: Clock): Journal {
  async function alive<T>(call: () => Promise<T>): Promise<T> {
    if (life.dead) return await never();
    try {
      const value = await call();
      if (!life.dead) return value;
    } catch (error) {
      if (!life.dead) throw error;
    }
    return await never();
  }
  const group = new GroupCommits(file, life, (batches) => {
    const all = batches.filter((batch) => !isEmptyBatch(batch));
    return all.length === 0 ? Promise.resolve() : disk.commit(file, all, clock);
  });
  const reader = (from: () => Promise<MemoryJournal>): JournalReader => {
    const read = async <T>(name: string, call: (journal: MemoryJournal) => Promise<T>): Promise<T> =>
      await alive(async () => {
        const journal = await from();
        return await disk.read(`read ${name}`, () => call(journal), clock);
      });
    return {
      operation: (id) => read('operation', (journal) => journal.operation(id)),
      operations: (filter) =>
        read(`operations ${filter.zone ?? ''}`, (journal) => journal.operations(filter)),
      zones: () => read('zones', (journal) => journal.zones()),
      zone: (zone) => read(`zone ${zone}`, (journal) => journal.zone(zone)),
      rows: (zone, names) => read(`rows ${zone}`, (journal) => journal.rows(zone, names)),
      owners: () => read('owners', (journal) => journal.owners()),
      counts: () => read('counts', (journal) => journal.counts()),
      zoneCounts: () => read('zone counts', (journal) => journal.zoneCounts()),
      fact: (name) => read(`fact ${name}`, (journal) => journal.fact(name)),
    };
  };
  return {
    ...reader(() => Promise.resolve(file)),
    pending: reader(() => group.pending()),
    commit: (batch: Batch) => alive(() => group.commit(batch)),
    close: () => alive(() => file.close()),
  };
}
