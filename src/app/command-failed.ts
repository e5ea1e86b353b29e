import type { Problem } from '../dns/problem.ts';

/** Thrown when a command cannot be carried out. The message is a sentence for the user at the terminal. */
export class CommandFailed extends Error {
  override readonly name: string = 'CommandFailed';
  /** The reasons as codes, for programs; empty: there is no code for the reason. */
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[] = []) {
    super(message);
    this.problems = problems;
  }
}
