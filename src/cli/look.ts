import { Command } from 'commander';
import { zoneName } from '../dns/name.ts';
import { describeProblem, technicalCause } from '../core/describe.ts';
import { CentralError, type CentralId } from '../core/central.ts';
import type { ZoneEntry } from '../core/ledger.ts';
import type { Operation } from '../core/operation.ts';
import type { AtEach, Numbered } from '../app/answers/told.ts';
import { everyCentral, loadSettings, type Settings } from '../config/settings.ts';
import { countZones } from '../app/check/central-zones.ts';
import { nameServersNeeded } from '../app/check/name-servers-needed.ts';
import { wireCentral, wirePanel } from '../app/wiring/wire.ts';
import { askAgent, AskFailed } from './ask.ts';
import { examples } from './help.ts';
import { centralOption, wholeNumber, type Chosen } from './central-option.ts';
import { askOrLook, chosenCentrals } from './offline.ts';
import type { ToldOperation } from './show-verify.ts';
import { coloured, exitStatus, print } from './output.ts';
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
      const engines = report.centrals?.map(({ engine }) => engine) ?? [report.engine];
      const stuck = engines.reduce(
        (sum, engine) =>
          sum + (engine?.stuck.length ?? 0) + (engine?.frozen ?? 0) + (engine?.damagedOperations ?? 0),
        0,
      );
      if (stuck + report.problems.length + report.pending.length > 0) {
        process.exitCode = exitStatus.attention;
      }
    });
}

function zones(place: () => Place): Command {
  return new Command('zones')
    .description('all zones and how they stand')
    .addOption(centralOption())
    .addHelpText('after', examples.zones)
    .action(async ({ central = null }: Chosen) => {
      const { paths, json } = place();
      const entries = (await askOrLook(paths, { do: 'zones', central })) as readonly Numbered<ZoneEntry>[];
      print(json, entries, () => showZones(entries));
    });
}

function zone(place: () => Place): Command {
  return new Command('zone')
    .argument('<name>', 'the zone, in Unicode or punycode')
    .description('one zone, both sides side by side, and how the central signs it (DNSSEC)')
    .addOption(centralOption())
    .addHelpText('after', examples.zone)
    .action(async (name: string, { central = null }: Chosen) => {
      const { paths, json } = place();
      const view = (await askOrLook(paths, { do: 'zone', zone: name, central })) as AtEach<ZoneReport>;
      const all: readonly ZoneReport[] = view.centrals ?? [view];
      if (all.every(({ entry, rows, open }) => entry === null && rows.length + open.length === 0)) {
        throw new AskFailed(`No zone ${name} is known here; "domainsync zones" lists them.`);
      }
      print(json, view, () => showZone(zoneName(name), view));
    });
}

function history(place: () => Place): Command {
  return new Command('history')
    .description('the newest operations: when, what became of it, who, what')
    .option('--latest <n>', 'how many', wholeNumber, 20)
    .addOption(centralOption())
    .addHelpText('after', examples.history)
    .action(async ({ latest, central = null }: Chosen & { latest: number }) => {
      const { paths, json } = place();
      const answer = await askOrLook(paths, { do: 'history', latest, central });
      const operations = answer as readonly Numbered<Operation>[];
      print(json, operations, () => showHistory(operations));
    });
}

function show(place: () => Place): Command {
  return new Command('show')
    .argument('<operation>', 'its id, or as much of its beginning as is unique')
    .description('all about one operation: what it wanted, what it did, why it ended so')
    .addOption(centralOption())
    .addHelpText('after', examples.show)
    .action(async (prefix: string, { central = null }: Chosen) => {
      const { paths, json } = place();
      const answer = await askOrLook(paths, { do: 'operation', prefix, central });
      const found = answer as readonly Numbered<ToldOperation>[];
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
    .addOption(centralOption())
    .addHelpText('after', examples.check)
    .action(async ({ central = null }: Chosen) => {
      const { paths, json } = place();
      const loaded = loadSettings(paths.root);
      if (loaded.kind === 'not-configured') throw new AskFailed(`${loaded.path}: no central is configured.`);
      if (loaded.kind === 'broken') {
        throw new AskFailed(loaded.problems.map((one) => describeProblem(one, 'en')).join('\n'));
      }
      const all = everyCentral(loaded.settings);
      const reports: CheckReport[] = [];
      const texts: string[] = [];
      for (const settings of chosenCentrals(all, central)) {
        const { report, text } = await checkOne(settings, paths.root);
        const told = all.length > 1 ? { ...report, number: settings.number } : report;
        reports.push(told);
        texts.push(checkText(told, text));
      }
      const failed = reports.flatMap(({ problem }) => problem ?? []);
      if (failed.length > 0 && all.length === 1) throw new AskFailed(failed.join('\n'));
      if (failed.length > 0) process.exitCode = exitStatus.failed;
      const whole = all.length === 1 ? reports[0] : { ok: failed.length === 0, centrals: reports };
      print(json, whole, () => texts.join('\n\n'));
    });
}

/** What a test of one central gave. */
interface CheckReport {
  readonly number?: number;
  readonly ok: boolean;
  readonly central: CentralId;
  readonly zones?: number;
  readonly ms?: number;
  /** In words; absent when it passed. */
  readonly problem?: string;
}

function checkText({ number, central, ms, problem }: CheckReport, seen: string): string {
  const head = `central${number === undefined ? '  ' : ` ${number}`}  ${central.address}`;
  if (problem !== undefined) return `${head}\n${coloured('problem', 'bad')}    ${problem}`;
  return [head, `account    ${central.account}: the login works, ${seen}`, `answered   in ${ms} ms`].join(
    '\n',
  );
}

/** @returns `text`: the account's zones in words */
async function checkOne(settings: Settings, root: string): Promise<{ report: CheckReport; text: string }> {
  const started = performance.now();
  const ctx = { signal: AbortSignal.timeout(settings.deadline), operation: '-' };
  const central = await wireCentral(settings, root);
  try {
    await central.check(ctx);
    const { zones: count, text } = await countZones(central, root, ctx);
    const needed = await nameServersNeeded(settings, await wirePanel(root), ctx);
    if (needed !== null) {
      const problem = `${describeProblem(needed, 'en')} [${needed.code}]`;
      return { report: { ok: false, central: central.id, problem }, text: '' };
    }
    const ms = Math.round(performance.now() - started);
    return { report: { ok: true, central: central.id, zones: count, ms }, text };
  } catch (error) {
    if (!(error instanceof CentralError)) throw error;
    const cause = technicalCause(error.problem, 'en');
    const wrong = `${describeProblem(error.problem, 'en')} [${error.code}]${cause === '' ? '' : `\n${cause}`}`;
    return { report: { ok: false, central: central.id, problem: wrong }, text: '' };
  } finally {
    await central.close();
  }
}
