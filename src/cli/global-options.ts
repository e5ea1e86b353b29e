import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { usualRoot } from '../app/install/usual-root.ts';
import { pathsOf, type Paths } from '../app/paths.ts';

/** Options that the user gives before the name of the command. */
export interface GlobalOptions {
  readonly paths: Paths;
  /** Whether the user gave the panel's root; false: the usual root is used. */
  readonly isRootGiven: boolean;
  /** Path of the agent's socket, if the user gave one; undefined: the default path. */
  readonly socket: string | undefined;
  readonly json: boolean;
}

interface Common {
  readonly root: string;
  readonly socket?: string;
  readonly json?: boolean;
}

export function addGlobalOptions(program: Command): Command {
  return program
    .addOption(
      new Option('--root <dir>', "the panel's root directory")
        .default(usualRoot(), 'the first usual one that has domainsync or else a panel')
        .env('DOMAINSYNC_ROOT'),
    )
    .addOption(new Option('--socket <path>', "another place of the agent's socket").env('DOMAINSYNC_SOCKET'))
    .option('--json', 'JSON for programs');
}

export function globalOptionsOf(program: Command): GlobalOptions {
  const { root, socket, json } = program.opts<Common>();
  const isRootGiven = program.getOptionValueSource('root') !== 'default';
  return { paths: pathsOf(resolve(root), socket), isRootGiven, socket, json: json === true };
}
