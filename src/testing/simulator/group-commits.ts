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
  /** A copy of the file to which the commits of the group are already applied. */
  readonly staged: MemoryJournal;
  readonly landed: Promise<void>;
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
    return this.#open?.staged ?? this.#file;
  }

  #begin(): Group {
    const batches: Batch[] = [];
    const landed = this.#end(batches);
    // Each commit of the group throws the failure. Without commits, nobody awaits this promise.
    landed.catch(() => undefined);
    return { batches, staged: this.#file.copy(), landed };
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
