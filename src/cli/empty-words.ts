import type { Command } from 'commander';

/**
 * Reports wrong usage and ends the program if an argument or the value of an option is empty. A script passes
 * an empty word if its variable is not set. Such a word must not mean the present folder or the root zone.
 * @param program has the options that stand before the command
 */
export function refuseEmptyWords(program: Command, command: Command): void {
  if (command.args.includes('')) command.error('error: an argument is empty.');
  for (const one of [program, command]) {
    const empty = one.options.find((option) => one.getOptionValue(option.attributeName()) === '');
    if (empty !== undefined) command.error(`error: the value of option '${empty.flags}' is empty.`);
  }
}
