import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { zoneName, type DnsName } from '../dns/name.ts';
import type { ZoneView } from '../core/engine/engine.ts';
import { loadSettings } from '../config/settings.ts';
import type { AgentReport } from '../app/doctor/agent.ts';
import type { AtEach } from '../app/answers/told.ts';
import { isFinal } from '../core/operation.ts';
import type { Finding } from '../app/doctor/finding.ts';
import { examine } from '../app/doctor/index.ts';
import type { Paths } from '../app/paths.ts';
import { isPaused } from '../app/pause.ts';
import type { SeenCall } from '../app/self-test/step.ts';
import { selfTest, ZoneTaken, type SelfTestReport } from '../app/self-test/self-test.ts';
import { wireCentral, wirePanel, wirePanelHand } from '../app/wiring/wire.ts';
import { CentralError } from '../core/central.ts';
import { PanelError } from '../core/panel.ts';
import { counted } from '../core/describe.ts';
import { agentEnvironment } from '../hook/agent-environment.ts';
import { askAgent, AskFailed, NoAgent } from './ask.ts';
import { examples } from './help.ts';
import { coloured, exitStatus, print, progress, say, type Mood } from './output.ts';
import type { Place } from './place.ts';
import { showSelfTest } from './show-self-test.ts';
import type { StatusReport } from './show.ts';

export function doctorCommand(place: () => Place): Command {
  return new Command('doctor')
    .description('everything that may be wrong on this host, each with its way out')
    .option('--self-test', 'also create, edit and delete a scratch zone, and tell how this panel behaves')
    .option('--zone <name>', 'its name; it must exist on neither side (default: a new name under .invalid)')
    .addHelpText('after', examples.doctor)
    .action(async (options: { selfTest?: boolean; zone?: string }) => {
      const { paths, json } = place();
      const findings: Finding[] = [];
      const ask = async (): Promise<AgentReport | string> => await report(paths);
      for await (const finding of examine({ paths, askAgent: ask, wall: Date.now() })) {
        findings.push(finding);
        if (!json) say(showFinding(finding));
      }
      const sick = findings.some(({ state }) => state === 'problem');
      if (sick) process.exitCode = exitStatus.attention;
      const tested = options.selfTest === true ? await test(paths, options.zone) : null;
      print(json, { findings, selfTest: tested }, () =>
        tested === null ? summary(findings) : `\n${showSelfTest(tested)}`,
      );
      if (tested !== null && !isGood(tested)) process.exitCode = exitStatus.attention;
    });
}

function isGood({ steps, assumptions, clean }: SelfTestReport): boolean {
  return (
    clean &&
    assumptions.every(({ holds }) => holds !== 'no') &&
    steps.every(({ failed, panelShows, centralShows }) => {
      return failed === null && panelShows === true && centralShows === true;
    })
  );
}

const moods: Readonly<Record<Finding['state'], Mood>> = {
  ok: 'good',
  note: 'quiet',
  warning: 'care',
  problem: 'bad',
};

function showFinding({ check, state, text, wayOut }: Finding): string {
  const head = `${coloured(state.padEnd(8), moods[state])} ${check.padEnd(12)} ${text}`;
  return wayOut === null ? head : `${head}\n${' '.repeat(22)}-> ${wayOut}`;
}

function summary(findings: readonly Finding[]): string {
  const count = (state: Finding['state']): number => findings.filter((one) => one.state === state).length;
  return `\n${counted(count('problem'), 'problem')}, ${counted(count('warning'), 'warning')}`;
}

async function report({ socket }: Paths): Promise<AgentReport | string> {
  try {
    const status = (await askAgent(socket, { do: 'status' })) as StatusReport;
    return { ...status, baselineAt: baselineOf(status) };
  } catch (error) {
    if (error instanceof AskFailed) return error.message;
    throw error;
  }
}

/** When the first comparison with every central was complete; null while one is not. */
function baselineOf({ engine, centrals }: StatusReport): number | null {
  const engines =
    centrals === undefined || centrals.length === 0 ? [engine] : centrals.map((one) => one.engine);
  const times = engines.map((one) => one?.baselineAt ?? null);
  return times.reduce((latest, time) => (latest === null || time === null ? null : Math.max(latest, time)));
}

/** Longest time an agent may take to start, milliseconds. */
const startPatience = 15_000;

async function test(paths: Paths, name: string | undefined): Promise<SelfTestReport> {
  const loaded = loadSettings(paths.root);
  if (loaded.kind !== 'configured') throw new AskFailed('The self-test needs settings without mistakes.');
  if (isPaused(paths.pause, Date.now())) {
    throw new AskFailed('The self-test needs a domainsync that is not paused: "domainsync resume".');
  }
  const zone = zoneName(name ?? `domainsync-test-${randomBytes(4).toString('hex')}.invalid`);
  await ensureAgent(paths);
  const central = await wireCentral(loaded.settings, paths.root);
  try {
    const ports = {
      panel: await wirePanel(paths.root),
      hand: await wirePanelHand(paths.root),
      central,
      progress,
      turn: async (traced: DnsName | null, refuse: 'before' | 'after' | null) =>
        (await askAgent(paths.socket, { do: 'trace', zone: traced, refuse })) as readonly SeenCall[],
      tellAccessCheck: async (checksFirst: boolean) => {
        await askAgent(paths.socket, { do: 'access-check', checksFirst });
      },
      busy: async (traced: DnsName) => {
        const view = (await askAgent(paths.socket, { do: 'zone', zone: traced })) as AtEach<ZoneView>;
        // One that is over may still be on watch, for minutes.
        return (view.centrals ?? [view]).some(({ open }) => open.some(({ state }) => !isFinal(state)));
      },
    };
    return await selfTest(ports, zone);
  } catch (error) {
    if (error instanceof ZoneTaken) throw new AskFailed(error.message);
    if (!(error instanceof PanelError || error instanceof CentralError)) throw error;
    throw new AskFailed(
      `The self-test cannot go on (${error.message}). Look whether the zone ${zone} is left, and delete it in the panel.`,
    );
  } finally {
    await central.close();
  }
}

/** The self-test needs an agent that has compared everything: without one, edits in a new zone are refused. */
async function ensureAgent(paths: Paths): Promise<void> {
  const until = performance.now() + startPatience;
  let started = false;
  for (;;) {
    try {
      const status = (await askAgent(paths.socket, { do: 'status' })) as StatusReport;
      if (baselineOf(status) !== null) return;
      if (performance.now() > until)
        throw new AskFailed('The first comparison is not complete; try again later.');
      progress('waiting for the first comparison');
    } catch (error) {
      if (!(error instanceof NoAgent) || performance.now() > until) throw error;
      if (!started) startAgent(paths);
      started = true;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

function startAgent({ root, socket }: Paths): void {
  progress('starting the agent');
  const program = join(dirname(process.argv[1] ?? ''), 'agent.cjs');
  const args = [program, '--root', root, '--socket', socket];
  spawn(process.execPath, args, { detached: true, stdio: 'ignore', cwd: '/', env: agentEnvironment }).unref();
}
