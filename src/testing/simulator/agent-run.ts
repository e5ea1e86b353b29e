import type { Engine } from '../../core/engine/engine.ts';
import { JournalError, type Journal } from '../../core/journal.ts';
import { journalStatus } from '../../app/answers/journal-status.ts';
import type { Several } from '../../core/several.ts';
import type { Life } from './life.ts';
import type { PowerCut } from './sim-journal.ts';

/** The running agent: its engines and what they use. */
export interface Run {
  readonly life: Life;
  readonly engines: readonly Engine[];
  /** The journals, in the order of `engines`, as the engines use them. */
  readonly journals: readonly Journal[];
  readonly several: Several;
  /** Resolves when `end` is called because the agent is killed. */
  readonly killed: Promise<'killed'>;
  readonly end: () => void;
}

/** A planned power cut: in which commit from now on (from 1), whether that commit lands, and what follows. */
export interface ComingCut {
  commits: number;
  readonly kind: PowerCut;
  readonly onCut: () => void;
}

/** Pause (ms) of the agent before it tries an unusable journal again. */
export const startAgain = 2_000;

/** Starts engines one after the other. @returns `journal` when a journal cannot be used */
export async function startAll(engines: readonly Engine[]): Promise<'started' | 'journal'> {
  try {
    for (const engine of engines) await engine.start();
    return 'started';
  } catch (error) {
    if (error instanceof JournalError) return 'journal';
    throw error;
  }
}

/** Number of open operations; 1 if the journal cannot be read. */
export async function openAt(journal: Journal, wall: number): Promise<number> {
  try {
    return (await journalStatus(journal, wall)).open;
  } catch (error) {
    if (error instanceof JournalError) return 1;
    throw error;
  }
}

/**
 * Whether a log line with this event, at level 1, reports an error that no interface of the engine declares.
 */
export function isDefect(event: string): boolean {
  return ['engine.defect', 'zone.later', 'compare.failed', 'owners.later'].includes(event);
}
