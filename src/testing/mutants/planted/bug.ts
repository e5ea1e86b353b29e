/** A bug as somebody could make it in the engine or the journal: one change of one source file. */
export interface PlantedBug {
  /** Short unique name. */
  readonly name: string;
  /** Path from the root of the repository. */
  readonly file: string;
  /** Text that the file contains exactly once. */
  readonly find: string;
  readonly replace: string;
  /** One sentence that says how the engine misbehaves with this bug. */
  readonly says: string;
}

export const engine = 'src/core/engine';
