/** A bug that somebody could make in the engine or the journal, as one change of one source file. */
export interface PlantedBug {
  /** Short unique name. */
  readonly name: string;
  /** Path from the root of the repository. */
  readonly file: string;
  /** Text that the file contains exactly once. */
  readonly find: string;
  readonly replace: string;
  /** A sentence about what the engine does wrong with this bug. */
  readonly says: string;
}

export const engine = 'src/core/engine';
