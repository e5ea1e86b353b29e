/** The command line: asks the agent, pauses and resumes, puts the plugin into a panel's root. */
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DnsDataError } from '../dns/problem.ts';
import { zoneName } from '../dns/name.ts';
import type { ZoneView } from '../core/engine/engine.ts';
import type { ZoneEntry } from '../core/ledger.ts';
import type { Operation } from '../core/operation.ts';
import { pathsOf, type Paths } from '../app/paths.ts';
import { endPause, pause } from '../app/pause.ts';
import { version } from '../app/version.ts';
import { askAgent, AskFailed } from './ask.ts';
import { installCommand, uninstallCommand, type Place } from './install.ts';
import { exitStatus, print } from './output.ts';
import { showHistory, showStatus, showZone, showZones, type StatusReport } from './show.ts';

interface Common {
  readonly root: string;
  readonly socket?: string;
  readonly json?: boolean;
}

const program = new Command('domainsync')
  .version(version, '--version', 'print the version')
  .description("Mirrors the panel's DNS changes into the provider's central DNS: both or neither.")
  .addOption(
    new Option('--root <dir>', "the panel's root directory")
      .default('/usr/local/ispmgr')
      .env('DOMAINSYNC_ROOT'),
  )
  .addOption(new Option('--socket <path>', "another place of the agent's socket").env('DOMAINSYNC_SOCKET'))
  .option('--json', 'JSON for programs')
  .addHelpText(
    'after',
    '\nExit status: 0 done, 1 failed, 2 wrong usage, 3 something needs a person (status).\n',
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitStatus.done : exitStatus.usage));

function common(): { paths: Paths; json: boolean } {
  const { root, socket, json } = program.opts<Common>();
  return { paths: pathsOf(resolve(root), socket), json: json === true };
}

program
  .command('status')
  .description('how the agent, the central and the operations are')
  .action(async () => {
    const { paths, json } = common();
    const report = (await askAgent(paths.socket, { do: 'status' })) as StatusReport;
    print(json, report, () => showStatus(report));
    const stuck = report.engine?.stuck.length ?? 0;
    if (stuck + report.problems.length + report.pending.length > 0) process.exitCode = exitStatus.attention;
  });

program
  .command('zones')
  .description('all zones and how they stand')
  .action(async () => {
    const { paths, json } = common();
    const zones = (await askAgent(paths.socket, { do: 'zones' })) as readonly ZoneEntry[];
    print(json, zones, () => showZones(zones));
  });

program
  .command('zone <name>')
  .description('one zone, both sides side by side')
  .action(async (name: string) => {
    const { paths, json } = common();
    const view = (await askAgent(paths.socket, { do: 'zone', zone: name })) as ZoneView;
    print(json, view, () => showZone(zoneName(name), view));
  });

program
  .command('history')
  .description('the newest operations')
  .option('--latest <n>', 'how many', wholeNumber, 20)
  .action(async ({ latest }: { latest: number }) => {
    const { paths, json } = common();
    const operations = (await askAgent(paths.socket, { do: 'history', latest })) as readonly Operation[];
    print(json, operations, () => showHistory(operations));
  });

program
  .command('check')
  .description('connection, login and rights at the central')
  .action(async () => {
    const { paths, json } = common();
    await askAgent(paths.socket, { do: 'check' });
    print(json, { ok: true }, () => 'The central answers and the account may list its zones.');
  });

program
  .command('compare [zone]')
  .description('compare one zone, or all, soon and in the background')
  .action(async (zone: string | undefined) => {
    const { paths, json } = common();
    await askAgent(paths.socket, { do: 'compare', zone: zone ?? null });
    print(json, { ok: true }, () => 'The comparison is on its way; see "domainsync status".');
  });

program
  .command('pause')
  .description('let edits pass in the panel only, whatever state domainsync is in')
  .option('--for <time>', 'end by itself, e.g. 30m or 2h', duration)
  .action((options: { for?: number }) => {
    const { paths, json } = common();
    pause(paths.pause, options.for === undefined ? Infinity : Date.now() + options.for);
    print(json, { paused: true }, () => 'Paused: edits pass in the panel only, until "domainsync resume".');
  });

program
  .command('resume')
  .description('end a pause and compare everything')
  .action(async () => {
    const { paths, json } = common();
    const was = endPause(paths.pause);
    print(json, { wasPaused: was }, () =>
      was ? 'Resumed; everything will be compared within seconds.' : 'It was not paused.',
    );
  });

const place = (): Place => ({ ...common(), socket: program.opts<Common>().socket });
program.addCommand(installCommand(place));
program.addCommand(uninstallCommand(place));

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted.');
  return Number(text);
}

function duration(text: string): number {
  const parts = /^(\d{1,5})(s|m|h|d)$/.exec(text);
  if (parts === null) throw new InvalidArgumentError('a time such as 30m or 2h is wanted.');
  const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[parts[2] ?? ''] ?? 0;
  return Number(parts[1]) * unit;
}

program.parseAsync().catch((error: unknown) => {
  const known = error instanceof AskFailed || error instanceof DnsDataError || error instanceof Error;
  console.error(`domainsync: ${known ? error.message : String(error)}`);
  process.exitCode = exitStatus.failed;
});
