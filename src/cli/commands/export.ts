import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { CommandFailed } from '../../app/command-failed.ts';
import { ask } from '../../app/control/client.ts';
import { paced } from '../../app/plan/pace.ts';
import { fileFailed } from '../../app/plan/plan-file.ts';
import { commandClock } from '../../app/wiring/clock.ts';
import { centralsInForce } from '../../app/plan/work.ts';
import { inWords } from '../../app/problems.ts';
import { fileNameOf, writeWhole } from '../../app/zone-files/write.ts';
import { counted } from '../../core/describe.ts';
import { displayName, zoneName, type DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import { formatZoneFile } from '../../dns/zone-file.ts';
import { centralOption, type Chosen } from '../central-option.ts';
import type { GlobalOptions } from '../global-options.ts';
import { complain, exitStatus, print } from '../output.ts';
import { interrupted } from '../plan-options.ts';
import { WorkProgress } from '../work-progress.ts';

const examples = `
Examples:
  domainsync export example.org > example.org.zone
  domainsync export example.org --side central
  domainsync export --all zones/            a file for each zone
  domainsync export --all zones/ --force    ... and replace those that exist

The files are master files (RFC 1035). They have what the side shows: a panel shows no SOA record.
Exit status: 0 done; 1 not, or not all.
`;

type Side = 'panel' | 'central';
type Options = Chosen & { readonly all?: string; readonly side: Side; readonly force?: boolean };

export function exportCommand(globals: () => GlobalOptions): Command {
  return new Command('export')
    .argument('[zone]', 'the zone to print')
    .description('write zones as zone files')
    .option('--all <dir>', 'write all zones into files in this folder')
    .addOption(new Option('--side <side>', 'whose zone it is').choices(['panel', 'central']).default('panel'))
    .option('--force', 'replace files that exist')
    .addOption(centralOption())
    .addHelpText('after', examples)
    .action(async (zone: string | undefined, options: Options, self: Command) => {
      if ((zone === undefined) === (options.all === undefined))
        self.error('error: name a zone, or give --all; not both.');
      await centralsInForce(globals().paths);
      if (zone !== undefined) await exportOne(globals(), zoneName(zone), options);
      else await exportAll(globals(), options.all ?? '.', options);
    });
}

/** How long the agent may take to return one zone, milliseconds. */
const patience = 120_000;

async function contentOf(socket: string, zone: DnsName, { side, central = null }: Options): Promise<Content> {
  return await ask(socket, 'content', { zone, side, central }, patience);
}

type Content = readonly ResourceRecord[] | null;

async function exportOne({ paths, json }: GlobalOptions, zone: DnsName, options: Options): Promise<void> {
  const records = await contentOf(paths.socket, zone, options);
  if (records === null) throw new CommandFailed(`The ${options.side} has no zone ${displayName(zone)}.`);
  print(json, { zone, side: options.side, records }, () => textOf(zone, records, options.side).trimEnd());
}

function textOf(zone: DnsName, records: readonly ResourceRecord[], side: Side): string {
  return `; ${zone} ${counted(records.length, 'record')} of the ${side}\n${formatZoneFile(zone, records)}`;
}

async function exportAll({ paths, json }: GlobalOptions, folder: string, options: Options): Promise<void> {
  const { socket } = paths;
  makeFolder(folder);
  const zones = await ask(socket, 'zones-to-plan', { central: options.central ?? null });
  const progress = new WorkProgress('zones', zones.length);
  const files: string[] = [];
  let failed = 0;
  const pace = { stop: interrupted(), clock: commandClock };
  for await (const one of paced(zones, (zone) => contentOf(socket, zone, options), pace)) {
    progress.step();
    if (one.kind === 'worked') {
      if (one.result === null) continue;
      const file = join(folder, fileNameOf(one.item));
      const text = textOf(one.item, one.result, options.side);
      writeNext(file, text, { replaces: options.force === true, before: files.length });
      files.push(file);
      continue;
    }
    failed += 1;
    if (one.kind === 'failed') progress.say(`${displayName(one.item)}: ${inWords(one.problems)}`);
  }
  progress.end();
  if (failed > 0) complain(`${counted(failed, 'zone')} could not be read, and got no file.`);
  if (failed > 0) process.exitCode = exitStatus.failed;
  print(json, { files: files.toSorted(), failed }, () => `${counted(files.length, 'zone')} in ${folder}.`);
}

/**
 * Writes one of many files.
 * @throws {CommandFailed} the message also says how many files were written before
 */
function writeNext(
  file: string,
  text: string,
  { replaces, before }: { readonly replaces: boolean; readonly before: number },
): void {
  try {
    writeWhole(file, text, replaces);
  } catch (error) {
    if (!(error instanceof CommandFailed) || before === 0) throw error;
    throw new CommandFailed(`${error.message} ${counted(before, 'file')} before it were written whole.`);
  }
}

/** Makes a folder if it does not exist. @throws {CommandFailed} it cannot be made, or a file has its name */
function makeFolder(folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found !== undefined) {
    if (!found.isDirectory()) throw new CommandFailed(`${folder} is no folder.`);
    return;
  }
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    throw fileFailed(folder, 'written', error);
  }
}
