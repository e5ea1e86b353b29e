import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  defaultRuns,
  everyMode,
  gatewayModes,
  isGatewayMode,
  isMode,
  mechanicalRuns,
  type Mode,
} from './modes.ts';

/** The options of one call of `npm run simulate`. */
export interface Asked {
  readonly seed: number;
  readonly runs: number;
  readonly modes: readonly Mode[];
  readonly threads: number;
  readonly json: boolean;
  /** Whether to print the result as rows of the table in docs/reliability.md, one row for each mode. */
  readonly slice: boolean;
  /** Whether the gateway is played, instead of the engine. */
  readonly gateway: boolean;
  /** Whether to search for planted bugs, instead of playing histories. */
  readonly mutants: boolean;
  /** How many mechanical mutants to try, instead of playing histories; null: none. */
  readonly mechanical: number | null;
  /** Only mutants whose name or file contains this text are tried; empty: all. */
  readonly only: string;
}

type Options = Omit<Asked, 'modes' | 'mechanical' | 'runs'> & {
  readonly runs?: number;
  readonly mode?: Asked['modes'];
  readonly mechanical?: number;
};

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/u.test(text)) throw new InvalidArgumentError('a whole number is expected');
  return Number(text);
}

function modesIn(text: string): readonly Mode[] {
  if (text === 'all') return everyMode;
  return text.split(',').map((name) => {
    if (!isMode(name))
      throw new InvalidArgumentError(`modes are: all, ${[...everyMode, ...gatewayModes].join(', ')}`);
    return name;
  });
}

/**
 * Parses the command line. If an option is wrong or help is asked for, prints a text and ends the process.
 */
export function readOptions(argv: readonly string[]): Asked {
  const command = new Command('simulate')
    .description(
      'Plays seeded histories of the engine, or of the gateway, and checks the laws (docs/reliability.md).',
    )
    .argument('[runs]', 'the same as --runs', wholeNumber)
    .argument('[seed]', 'the same as --seed', wholeNumber)
    .argument('[mode]', 'the same as --mode', modesIn)
    .option(
      '--runs <number>',
      `histories of each mode (${defaultRuns}; --mechanical: ${mechanicalRuns})`,
      wholeNumber,
    )
    .option('--seed <number>', 'seed of the first history', wholeNumber, 1)
    .option('--mode <names>', `comma separated: all, ${everyMode.join(', ')}`, modesIn)
    .option('--gateway', `histories of the gateway, in the modes ${gatewayModes.join(', ')}`, false)
    .option('--threads <number>', 'how many histories at once', wholeNumber, availableParallelism())
    .option('--json', 'print the result as JSON', false)
    .addOption(
      new Option('--slice', 'print the result as rows for the table in docs/reliability.md')
        .default(false)
        .conflicts(['json', 'mutants', 'mechanical']),
    )
    .addOption(new Option('--mutants', 'look for planted bugs instead').default(false))
    .addOption(
      new Option('--mechanical <number>', 'try so many mechanical mutants, chosen by the seed')
        .argParser(wholeNumber)
        .conflicts('mutants'),
    )
    .option('--only <text>', 'only mutants whose name or file contains this', '')
    .allowExcessArguments(false)
    .parse([...argv], { from: 'user' });
  const options = command.opts<Options>();
  const [runs, seed, mode] = command.args;
  const modes = mode === undefined ? options.mode : modesIn(mode);
  const chosen = modes ?? (options.gateway ? gatewayModes : everyMode);
  if (chosen.some(isGatewayMode) !== options.gateway || (options.gateway && options.mechanical !== undefined))
    command.error('--gateway goes with the modes of the gateway, and not with --mechanical');
  const usual = options.mechanical === undefined ? defaultRuns : mechanicalRuns;
  return {
    ...options,
    runs: runs === undefined ? (options.runs ?? usual) : wholeNumber(runs),
    seed: seed === undefined ? options.seed : wholeNumber(seed),
    modes: chosen,
    threads: Math.max(1, options.threads),
    mechanical: options.mechanical ?? null,
  };
}
