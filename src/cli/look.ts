import { Command, InvalidArgumentError } from 'commander';
import { zoneName } from '../dns/name.ts';
import { describeProblem } from '../core/describe.ts';
import { CentralError } from '../core/central.ts';
import type { ZoneEntry } from '../core/ledger.ts';
import type { Operation } from '../core/operation.ts';
import { loadSettings } from '../config/settings.ts';
import { countZones } from '../app/central-zones.ts';
import { wireCentral } from '../app/wire.ts';
import { askAgent, AskFailed } from './ask.ts';
import { examples } from './help.ts';
import { askOrLook } from './offline.ts';
import type { ToldOperation } from './show-verify.ts';
import { exitStatus, print } from './output.ts';
import type { Place } from './place.ts';
import { showOperation } from './show-operation.ts';
import { showHistory, showStatus, showZone, showZones, type StatusReport, type ZoneReport } from './show.ts';

/** Commands that look and change nothing. */
export function lookCommands(place: () => Place): Command[] {
  return [status(place), zones(place), zone(place), history(place), show(place), check(place)];
}

function status(place: () => Place): Command {
  return new Command('status')
    .description('how the agent, the central and the operations are')
    .addHelpText('after', examples.status)
    .action(async () => {
      const { paths, json } = place();
      const report = (await askAgent(paths.socket, { do: 'status' })) as StatusReport;
      print(json, report, () => showStatus(report));
      const stuck = report.engine?.stuck.length ?? 0;
      if (stuck + report.problems.length + report.pending.length > 0) {
        process.exitCode = exitStatus.attention;
      }
    });
}

function zones(place: () => Place): Command {
  return new Command('zones')
    .description('all zones and how they stand')
    .addHelpText('after', examples.zones)
    .action(async () => {
      const { paths, json } = place();
      const entries = (await askOrLook(paths, { do: 'zones' })) as readonly ZoneEntry[];
      print(json, entries, () => showZones(entries));
    });
}

function zone(place: () => Place): Command {
  return new Command('zone')
    .argument('<name>', 'the zone, in Unicode or punycode')
    .description('one zone, both sides side by side, and how the central signs it (DNSSEC)')
    .addHelpText('after', examples.zone)
    .action(async (name: string) => {
      const { paths, json } = place();
      const view = (await askOrLook(paths, { do: 'zone', zone: name })) as ZoneReport;
      if (view.entry === null && view.rows.length + view.open.length === 0) {
        throw new AskFailed(`No zone ${name} is known here; "domainsync zones" lists them.`);
      }
      print(json, view, () => showZone(zoneName(name), view));
    });
}

function history(place: () => Place): Command {
  return new Command('history')
    .description('the newest operations: when, what became of it, who, what')
    .option('--latest <n>', 'how many', wholeNumber, 20)
    .addHelpText('after', examples.history)
    .action(async ({ latest }: { latest: number }) => {
      const { paths, json } = place();
      const operations = (await askOrLook(paths, { do: 'history', latest })) as readonly Operation[];
      print(json, operations, () => showHistory(operations));
    });
}

function show(place: () => Place): Command {
  return new Command('show')
    .argument('<operation>', 'its id, or as much of its beginning as is unique')
    .description('all about one operation: what it wanted, what it did, why it ended so')
    .addHelpText('after', examples.show)
    .action(async (prefix: string) => {
      const { paths, json } = place();
      const found = (await askOrLook(paths, { do: 'operation', prefix })) as readonly ToldOperation[];
      const [only, ...others] = found.filter(({ id }) => id === prefix).concat(found);
      if (only === undefined) {
        throw new AskFailed(`No operation begins with "${prefix}"; "domainsync history" lists them.`);
      }
      if (only.id !== prefix && others.length > 0) {
        const ids = found.slice(0, 5).map(({ id }) => id);
        const more = found.length > 5 ? ' and others' : '';
        throw new AskFailed(
          `${found.length} operations begin with "${prefix}": ${ids.join(' ')}${more}. Give more of the id.`,
        );
      }
      print(json, only, () => showOperation(only));
    });
}

function check(place: () => Place): Command {
  return new Command('check')
    .description('connection, login and rights at the central; needs no agent')
    .addHelpText('after', examples.check)
    .action(async () => {
      const { paths, json } = place();
      const loaded = loadSettings(paths.root);
      if (loaded.kind === 'not-configured') throw new AskFailed(`${loaded.path}: no central is configured.`);
      if (loaded.kind === 'broken') {
        throw new AskFailed(loaded.problems.map((one) => describeProblem(one, 'en')).join('\n'));
      }
      const { settings } = loaded;
      const started = performance.now();
      const ctx = { signal: AbortSignal.timeout(settings.deadline), operation: '-' };
      const central = await wireCentral(settings, paths.root);
      try {
        await central.check(ctx);
        const { zones, text } = await countZones(central, paths.root, ctx);
        const report = {
          ok: true,
          central: central.id,
          zones,
          ms: Math.round(performance.now() - started),
        };
        const { address, account } = central.id;
        print(json, report, () =>
          [
            `central    ${address}`,
            `account    ${account}: the login works, ${text}`,
            `answered   in ${report.ms} ms`,
          ].join('\n'),
        );
      } catch (error) {
        if (!(error instanceof CentralError)) throw error;
        const { text = '' } = error.params;
        const said = describeProblem(error.problem, 'en');
        const cause = text === '' || said.includes(text) ? '' : `\n${text}`;
        throw new AskFailed(`${said} [${error.code}]${cause}`);
      } finally {
        await central.close();
      }
    });
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted.');
  return Number(text);
}
