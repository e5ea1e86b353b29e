import type { Problem } from '../dns/problem.ts';

/** A command cannot be carried out. The message is a sentence for the user at the terminal. */
export class CommandFailed extends Error {
  override readonly name: string = 'CommandFailed';
  /** The same for programs; empty: it has no code. */
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[] = []) {
    super(message);
    this.problems = problems;
  }
}
