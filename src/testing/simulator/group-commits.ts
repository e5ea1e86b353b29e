import type { Batch } from '../../core/journal.ts';
import type { MemoryJournal } from '../memory-journal.ts';
import { never, type Life } from './life.ts';

/**
 * A group accepts further commits for this many turns of the promise queue. Virtual time does not pass
 * meanwhile.
 */
const turns = 40;

/** Commits that share one write to the disk. */
interface Group {
  readonly batches: Batch[];
  readonly staged: Staged;
  readonly landed: Promise<void>;
}

/** The file as it will be once the commits of a group have landed. */
class Staged {
  readonly #file: MemoryJournal;
  /** A copy with all commits so far. Most groups need none: they have one commit, which nobody reads. */
  #copy: MemoryJournal | null = null;
  #first: Batch | null = null;

  constructor(file: MemoryJournal) {
    this.#file = file;
  }

  /** Adds a commit. @throws Error if an operation may not take its step; then nothing is added */
  async commit(batch: Batch): Promise<void> {
    await Promise.resolve();
    if (this.#copy === null && this.#first === null) {
      this.#file.assertSteps(batch);
      this.#first = batch;
    } else this.journal().apply(batch);
  }

  /** The journal with the commits so far. Later commits are added to it. */
  journal(): MemoryJournal {
    if (this.#copy === null) {
      this.#copy = this.#file.copy();
      if (this.#first !== null) this.#copy.apply(this.#first);
    }
    return this.#copy;
  }
}

/**
 * Groups the commits of one run of the agent, as `src/journal/commit-group.ts` does. They share a write to
 * the disk, which lands or fails for all of them. A kill before the write drops the group.
 */
export class GroupCommits {
  readonly #file: MemoryJournal;
  readonly #life: Life;
  readonly #land: (batches: readonly Batch[]) => Promise<void>;
  #open: Group | null = null;
  /** Resolves when the write of the last group has landed or failed. */
  #landing: Promise<void> = Promise.resolve();

  constructor(file: MemoryJournal, life: Life, land: (batches: readonly Batch[]) => Promise<void>) {
    this.#file = file;
    this.#life = life;
    this.#land = land;
  }

  async commit(batch: Batch): Promise<void> {
    await this.#landing;
    const group = (this.#open ??= this.#begin());
    // If the journal refuses a batch, only this batch fails, not the group.
    await group.staged.commit(batch);
    group.batches.push(batch);
    await group.landed;
  }

  /** The journal as a transaction sees it: with the commits that still wait for the disk. */
  async pending(): Promise<MemoryJournal> {
    await this.#landing;
    return this.#open?.staged.journal() ?? this.#file;
  }

  #begin(): Group {
    const batches: Batch[] = [];
    const landed = this.#end(batches);
    // Each commit of the group throws the failure. Without commits, nobody awaits this promise.
    landed.catch(() => undefined);
    return { batches, staged: new Staged(this.#file), landed };
  }

  async #end(batches: readonly Batch[]): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    this.#open = null;
    if (this.#life.dead) return await never();
    const landing = batches.length === 0 ? Promise.resolve() : this.#land(batches);
    this.#landing = landing.catch(() => undefined);
    await landing;
  }
}
