import type { Engine } from '../../core/engine/engine.ts';
import { JournalError, type Journal } from '../../core/journal.ts';
import { journalStatus } from '../../app/answers/journal-status.ts';
import type { Several } from '../../core/several.ts';
import type { Life } from './life.ts';
import type { PausingAgent } from './pauses.ts';
import type { PowerCut } from './sim-journal.ts';

/** The running agent: its engines and the objects that they use. */
export interface Run {
  readonly life: Life;
  readonly engines: readonly Engine[];
  /** The journals as the engines use them, in the order of `engines`. */
  readonly journals: readonly Journal[];
  readonly several: Several;
  /** The agent's part that handles pauses; null: the history has no pauses. */
  readonly pausing: PausingAgent | null;
  /** Resolves when the agent is killed. The kill calls `end`. */
  readonly killed: Promise<'killed'>;
  readonly end: () => void;
}

/** A planned power cut. `commits`: the cut comes during this commit, counted from now on, from 1. */
export interface ComingCut {
  commits: number;
  readonly kind: PowerCut;
  readonly onCut: () => void;
}

/** If the journal cannot be used, the agent tries again after this time, milliseconds. */
export const startAgain = 2_000;

/** Starts engines one after the other. @returns `journal` if a journal cannot be used */
export async function startAll(engines: readonly Engine[]): Promise<'started' | 'journal'> {
  try {
    for (const engine of engines) await engine.start();
    return 'started';
  } catch (error) {
    if (error instanceof JournalError) return 'journal';
    throw error;
  }
}

/** Counts open operations. Returns 1 if the journal cannot be read. */
export async function openAt(journal: Journal, wall: number): Promise<number> {
  try {
    return (await journalStatus(journal, wall)).open;
  } catch (error) {
    if (error instanceof JournalError) return 1;
    throw error;
  }
}

/**
 * Whether a log line at level 1 with this event reports an unexpected error, that is, a defect of the engine.
 */
export function isDefect(event: string): boolean {
  return ['engine.defect', 'zone.later', 'compare.failed', 'owners.later'].includes(event);
}
