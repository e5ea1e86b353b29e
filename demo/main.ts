/**
 * Plays the product's main functions in a terminal, and checks each step against the panel and the central:
 * `script/demo [--panel 4|5|6] [--central NAME] [--old N] [--stay]`. NAME is 4, 5, 6, dnsmanager, bind, knot,
 * powerdns, gateway, gateway-bind or gateway-knot. `--old`: the number of zones that only the panel has.
 * `script/demo --gateway [--backend powerdns|bind|knot]` plays what a provider sees at a gateway instead.
 * Exit status 1: a step failed; 2: the usage was wrong, or a name server is not installed.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { adoption, alone, setUpZones, setUp } from './chapters-adoption.ts';
import { centralDown, centralUp, mirrored, refused } from './chapters-edits.ts';
import { agentKilled, localRefusal, nothingLeaked } from './chapters-faults.ts';
import { historyTells, reasonTold } from './chapters-told.ts';
import { makeGatewayDemo } from './gateway.ts';
import { oldZones } from './zones.ts';
import { firstWeeks } from './chapters-first-weeks.ts';
import { finerRecords, forms, webSites } from './chapters-later.ts';
import {
  isServerKind,
  missingFor,
  serverKinds,
  testServers,
  type ServerKind,
} from '../src/testing/stage/server-registry.ts';
import type { BackendKind } from '../src/testing/stage/gateway-account.ts';
import { makeServerStage, type ServerStage } from '../src/testing/stage/server-stage.ts';
import {
  account,
  centralAdmin,
  customer,
  makeStage,
  panelAdmin,
  type AnyStage,
  type Stage,
} from '../src/testing/stage/stage.ts';
import { checksDone, DemoFailed, print } from './print.ts';
import { address, saveClick, type Click } from '../src/testing/stage/panel-words.ts';

const panels = { '4': 'v4', '5': 'v5', '6': 'v6' } as const;
const panelCentrals = { ...panels, dnsmanager: 'dnsmgr' } as const;
type DemoCentral = (typeof panelCentrals)[keyof typeof panelCentrals] | ServerKind;
const centrals: Readonly<Record<string, DemoCentral>> = {
  ...panelCentrals,
  ...Object.fromEntries(serverKinds.map((kind) => [kind, kind])),
};

const backends: Readonly<Record<string, BackendKind>> = { powerdns: 'powerdns', bind: 'bind', knot: 'knot' };

const usage = `usage: script/demo [--panel ${Object.keys(panels).join('|')}] [--central ${Object.keys(centrals).join('|')}] [--old N] [--stay]
       script/demo --gateway [--backend ${Object.keys(backends).join('|')}] [--stay]`;

class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

class NotInstalled extends Error {
  override readonly name = 'NotInstalled';
}

interface Asked {
  readonly panel: (typeof panels)[keyof typeof panels];
  readonly central: DemoCentral;
  /** Number of zones that only the panel has, since before the plugin. */
  readonly old: number;
  readonly stay: boolean;
  /** The name server behind a gateway with two customers; null: the demo is about a panel and a central. */
  readonly gateway: BackendKind | null;
}

function choice<T>(option: string, value: string, choices: Readonly<Record<string, T>>): T {
  const chosen = Object.hasOwn(choices, value) ? choices[value] : undefined;
  if (chosen !== undefined) return chosen;
  throw new WrongUsage(`--${option} ${value}: one of ${Object.keys(choices).join(', ')} is wanted`);
}

function readArguments(): Asked {
  const { panel, central, old, stay: stays, gateway, backend } = readWords();
  if (!/^[1-9]\d{0,2}$/u.test(old)) throw new WrongUsage(`--old ${old}: a number from 1 to 999 is wanted`);
  if (backend !== undefined && !gateway) throw new WrongUsage('--backend is an option of --gateway');
  const behind = choice('backend', backend ?? 'powerdns', backends);
  return {
    panel: choice('panel', panel, panels),
    central: choice('central', central, centrals),
    old: Number(old),
    stay: stays,
    gateway: gateway ? behind : null,
  };
}

interface Words extends Record<'panel' | 'central' | 'old', string> {
  readonly stay: boolean;
  readonly gateway: boolean;
  readonly backend?: string | undefined;
}

function readWords(): Words {
  try {
    return parseArgs({
      options: {
        panel: { type: 'string', default: '6' },
        central: { type: 'string', default: 'dnsmanager' },
        old: { type: 'string', default: '500' },
        stay: { type: 'boolean', default: false },
        gateway: { type: 'boolean', default: false },
        backend: { type: 'string' },
      },
    }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new WrongUsage(error.message);
    throw error;
  }
}

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const asked = readArguments();
  const ready = asked.gateway === null ? await panelDemo(asked) : await gatewayDemo(asked.gateway);
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  try {
    const ends = interrupted.then(() => Promise.reject(new Interrupted()));
    await Promise.race([ready.play(), ends]);
    console.log(`\n${checksDone()} promises checked, all kept.`);
    if (asked.stay) await ready.stay(interrupted);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    if (!(error instanceof DemoFailed)) throw error;
    console.error(`\nNot as promised: ${error.message}`);
    return 1;
  } finally {
    await ready.stop();
  }
}

/** A demo whose processes run already. */
interface Ready {
  play(): Promise<void>;
  /** Says what can be tried by hand, and waits. */
  stay(interrupted: Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

async function panelDemo(asked: Asked): Promise<Ready> {
  const stage = await setStage(asked);
  console.log(
    `domainsync: an ${stage.atPanel.words.title} of a customer, the ${stage.there.title} of his provider, and the plugin between them.`,
  );
  if ('server' in stage) introduce(stage);
  return {
    play: async () => {
      await play(stage, oldZones(asked.old));
    },
    stay: async (interrupted) => {
      await stay(stage, interrupted);
    },
    stop: async () => {
      await stage.stop();
    },
  };
}

async function gatewayDemo(backend: BackendKind): Promise<Ready> {
  demandServer(backend, `--gateway --backend ${backend}`);
  const gateway = await makeGatewayDemo(backend);
  return {
    play: async () => {
      await gateway.play();
    },
    stay: async (interrupted) => {
      print('\nEverything keeps running until Ctrl-C.');
      for (const line of gateway.byHand) print(line);
      await interrupted;
    },
    stop: async () => {
      await gateway.stop();
    },
  };
}

async function setStage({ panel, central }: Asked): Promise<Stage | ServerStage> {
  if (!isServerKind(central)) return await makeStage({ panel, central });
  demandServer(central, `--central ${central}`);
  return await makeServerStage({ panel, central });
}

/** @throws {NotInstalled} if the programs of a name server are missing */
function demandServer(kind: ServerKind, option: string): void {
  const missing = missingFor(kind);
  if (missing === false) return;
  const way = `As root script/demo installs it by itself; or: apt-get install ${testServers[kind].packages}`;
  throw new NotInstalled(`${option}: ${missing}. ${way}`);
}

function introduce({ server, relay, there }: ServerStage): void {
  print('');
  print(
    `The ${there.title} is a real one: 127.0.0.1 port ${server.port}. What it holds is read from it with dig, past the plugin.`,
  );
  print(
    `Where a name is shown before and after a click, the time is that from the panel's answer to the name server's.`,
  );
  print(
    `The plugin reaches it through a relay of this demo (port ${relay.port}), which only keeps an answer back when the agent is killed.`,
  );
}

async function play(stage: AnyStage, old: readonly string[]): Promise<void> {
  const zones = await setUpZones(stage, old);
  await setUp(stage, zones, old);
  await mirrored(stage);
  if (stage.atPanel.words.hasTtl) {
    await finerRecords(stage);
    await forms(stage);
    await webSites(stage);
  }
  await refused(stage);
  await centralDown(stage);
  await reasonTold(stage);
  await centralUp(stage);
  await adoption(stage);
  await historyTells(stage, alone);
  await localRefusal(stage);
  await agentKilled(stage);
  await firstWeeks(stage, old);
  await nothingLeaked(stage);
}

async function stay(stage: Stage | ServerStage, interrupted: Promise<void>): Promise<void> {
  const { atPanel, panel } = stage;
  print('\nBoth sides keep running until Ctrl-C. Their certificates are self-signed; the browser asks once.');
  print(`customer's panel   ${panel.address}`);
  print(`  administrator    ${panelAdmin.name} / ${panelAdmin.password}`);
  print('  pages to open    the list of domains, the records of one; as administrator: DNS sync');
  for (const line of providerLines(stage)) print(line);
  print(`domainsync         ${join(panel.root, 'sbin/domainsync')} status`);
  print(`files              ${stage.directory}`);
  print('An edit by hand, and what the central has then:');
  print(byHand(panel.address, customer, saveClick(atPanel.words, 'harbour-books.example', hello)));
  print(byHandHint(stage));
  await interrupted;
}

function providerLines(stage: Stage | ServerStage): readonly string[] {
  if ('server' in stage)
    return [`provider's server  127.0.0.1 port ${stage.server.port}, files in ${stage.server.folder}`];
  return [
    `provider's panel   ${stage.central.address}`,
    `  administrator    ${centralAdmin.name} / ${centralAdmin.password}`,
  ];
}

function byHandHint(stage: Stage | ServerStage): string {
  if ('server' in stage) return stage.there.public.command('hello.harbour-books.example', 'A');
  const list = { func: stage.atCentral.words.list, params: { elid: 'harbour-books.example' } };
  return `${byHand(stage.central.address, account, list)} | grep -o '[^>]*hello[^<]*'`;
}

const hello = address('hello', '192.0.2.77');

/** Makes a command line for curl that makes the same call. */
function byHand(
  panel: string,
  { name, password }: { readonly name: string; readonly password: string },
  { func, params }: Click,
): string {
  const form = new URLSearchParams({ authinfo: `${name}:${password}`, out: 'xml', func, ...params });
  return `curl -sk '${panel}' -d '${form.toString()}'`;
}

try {
  process.exit(await main());
} catch (error) {
  if (!(error instanceof WrongUsage || error instanceof NotInstalled)) throw error;
  console.error(`script/demo: ${error.message}${error instanceof WrongUsage ? `\n${usage}` : ''}`);
  process.exit(2);
}
