import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { panelKindAt } from '../app/wiring/panel-at.ts';
import { defaultRoot, usualRoots } from '../panels/registry.ts';
import { pathsOf, type Paths } from '../app/paths.ts';

/** Options that stand before the name of the command. */
export interface GlobalOptions {
  readonly paths: Paths;
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
        .default(usualRoot(), 'the first usual one that has a panel')
        .env('DOMAINSYNC_ROOT'),
    )
    .addOption(new Option('--socket <path>', "another place of the agent's socket").env('DOMAINSYNC_SOCKET'))
    .option('--json', 'JSON for programs');
}

export function globalOptionsOf(program: Command): GlobalOptions {
  const { root, socket, json } = program.opts<Common>();
  return { paths: pathsOf(resolve(root), socket), socket, json: json === true };
}

function usualRoot(): string {
  return usualRoots.find((root) => panelKindAt(root) !== null) ?? defaultRoot;
}
