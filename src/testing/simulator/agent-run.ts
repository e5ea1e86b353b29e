import type { Engine } from '../../core/engine/engine.ts';
import { JournalError, type Journal } from '../../core/journal.ts';
import { journalStatus } from '../../app/answers/journal-status.ts';
import type { Several } from '../../core/several.ts';
import type { Life } from './life.ts';
import type { PowerCut } from './sim-journal.ts';

/** The engines of one agent that runs, and what they work with. */
export interface Run {
  readonly life: Life;
  readonly engines: readonly Engine[];
  /** Of each engine, as it reads it. */
  readonly journals: readonly Journal[];
  readonly several: Several;
  /** Resolves when the run is killed, by `end`. */
  readonly killed: Promise<'killed'>;
  readonly end: () => void;
}

/** A power cut to come: in which commit from now on, what of that commit is left, and what follows. */
export interface ComingCut {
  commits: number;
  readonly kind: PowerCut;
  readonly onCut: () => void;
}

/** How long (ms) the agent waits before it tries to use a journal again. */
export const startAgain = 2_000;

/** @returns `journal` when one of the journals could not be read */
export async function startAll(engines: readonly Engine[]): Promise<'started' | 'journal'> {
  try {
    for (const engine of engines) await engine.start();
    return 'started';
  } catch (error) {
    if (error instanceof JournalError) return 'journal';
    throw error;
  }
}

/** How many operations are open; where the journal cannot tell, at least one. */
export async function openAt(journal: Journal, wall: number): Promise<number> {
  try {
    return (await journalStatus(journal, wall)).open;
  } catch (error) {
    if (error instanceof JournalError) return 1;
    throw error;
  }
}

/** Whether the engine logs by this event, at level 1, an error that none of its ports declares. */
export function isDefect(event: string): boolean {
  return ['engine.defect', 'zone.later', 'compare.failed', 'owners.later'].includes(event);
}
