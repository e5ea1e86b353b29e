import { SettingsRefused } from '../centrals/connection.ts';
import { CentralError } from '../core/central.ts';
import { describeInFull } from '../core/describe.ts';
import { JournalError } from '../core/journal.ts';
import { PanelError } from '../core/panel.ts';
import { DnsDataError, type Problem } from '../dns/problem.ts';

/** Thrown when a question cannot be answered. `problem` is the reason. */
export class Unanswerable extends Error {
  override readonly name = 'Unanswerable';
  readonly problem: Problem;

  constructor(code: string, params: Readonly<Record<string, string>> = {}) {
    super(code);
    this.problem = { code, params };
  }
}

/**
 * The problems that caused an error; null: the error is a programming error, or its message is already a text
 * for users.
 */
export function knownProblems(error: unknown): readonly Problem[] | null {
  if (error instanceof DnsDataError || error instanceof SettingsRefused) return error.problems;
  if (error instanceof CentralError || error instanceof Unanswerable) return [error.problem];
  if (error instanceof JournalError || error instanceof PanelError)
    return [{ code: error.code, params: error.params }];
  return null;
}

/** The problems and their causes as English text for the terminal. Each is printed once, on its own line. */
export function inWords(problems: readonly Problem[]): string {
  const lines = problems.map((problem) => `${describeInFull(problem, 'en')} [${problem.code}]`);
  return [...new Set(lines)].join('\n');
}
