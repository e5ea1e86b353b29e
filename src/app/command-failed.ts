/** A command cannot be carried out. The message is a sentence for the user at the terminal. */
export class CommandFailed extends Error {
  override readonly name: string = 'CommandFailed';
}
