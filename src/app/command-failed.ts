/** What was asked for cannot be done; the message is a sentence for the user at the terminal. */
export class CommandFailed extends Error {
  override readonly name: string = 'CommandFailed';
}
