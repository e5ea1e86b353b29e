/**
 * A panel of generation v6 with the product installed, its agent in a process of its own; the times of an
 * edit on its way.
 */
import { channel } from 'node:diagnostics_channel';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../src/testing/stage/stage.ts';
import { address, saveClick, wordsOf } from '../src/testing/stage/panel-words.ts';
import { startSandbox, type Sandbox } from '../sandbox/index.ts';
import { install } from '../src/app/install/install.ts';
import { journalPath, pathsOf } from '../src/app/paths.ts';
import { wireCentral } from '../src/app/wiring/wire.ts';
import { ask } from '../src/app/control/client.ts';
import { loadSettings, saveSettings } from '../src/config/settings.ts';
import { parseName, type DnsName } from '../src/dns/name.ts';
import { end } from '../src/app/control/socket.ts';
import { SqliteJournal } from '../src/journal/sqlite.ts';
import type { Filled } from './name-servers.ts';

const user = { name: 'kunde', password: 'bench-password' };
const dist = join(import.meta.dirname, '../dist');
const words = wordsOf('v6');

/** When an edit was where, `performance.now()`. */
export interface Passage {
  /** The panel began to start the hook. */
  readonly hook: number;
  /** The agent got the hook's request. */
  readonly received: number;
  /** The agent's verdict went back. */
  readonly answered: number;
}

/** What a save in the panel is. */
export interface Save {
  readonly zone: string;
  readonly host: string;
  readonly from: string;
  readonly to: string;
}

export class PanelWithAgent {
  readonly #directory: string;
  readonly #sandbox: Sandbox;
  readonly #agent: ChildProcess;
  readonly #agentSocket: string;
  readonly #toll: Toll;

  private constructor(
    directory: string,
    sandbox: Sandbox,
    agent: ChildProcess,
    agentSocket: string,
    toll: Toll,
  ) {
    this.#directory = directory;
    this.#sandbox = sandbox;
    this.#agent = agent;
    this.#agentSocket = agentSocket;
    this.#toll = toll;
  }

  /** With zones that both sides have agreed on. @param central section `isp_master` of the settings */
  static async start(
    central: Readonly<Record<string, string>>,
    zones: readonly Filled[],
    flags: readonly string[] = [],
  ): Promise<PanelWithAgent> {
    const directory = mkdtempSync(join(tmpdir(), 'bench-'));
    const root = join(directory, 'panel');
    writeState(root, zones);
    const sandbox = await startSandbox({ root, generation: 'v6', users: [{ ...user, level: 5 }] });
    const [socket, agentSocket] = [join(directory, 'toll.sock'), join(directory, 'agent.sock')];
    install({ root, from: dist, socket });
    mkdirSync(pathsOf(root).state, { recursive: true });
    saveSettings(root, { isp_master: central, sync: { compare_every: '0' } });
    sandbox.restartPanel();
    await writeLedger(root, zones);
    const program = join(root, 'lib/domainsync/current/agent.cjs');
    const agent = spawn(process.execPath, [...flags, program, '--root', root, '--socket', agentSocket], {
      stdio: 'inherit',
    });
    const toll = await Toll.open(socket, agentSocket);
    const panel = new PanelWithAgent(directory, sandbox, agent, agentSocket, toll);
    await until('the agent', async () => (await panel.#open().catch(() => null)) === 0);
    return panel;
  }

  /**
   * A save of an address by a user, with everything the panel does for it.
   * @param onReceipt called as soon as the agent has got the hook's request
   */
  async save(
    { zone, host, from, to }: Save,
    onReceipt: () => Promise<number>,
  ): Promise<Passage & { readonly seen: number }> {
    const click = saveClick(words, zone, address(host, to), `${host}.${zone}. A  ${from}`);
    const passing = this.#toll.next();
    const started = nextProcess();
    const acting = this.#sandbox.call(click.func, click.params, {
      user: user.name,
      password: user.password,
      path: words.path,
    });
    const failed = acting.then((answer) => {
      if (!answer.ok) throw new Error(answer.error?.text ?? answer.body);
      return answer;
    });
    // Awaited below; until then a refusal is nobody's unhandled rejection.
    failed.catch(() => undefined);
    const received = await Promise.race([passing.received, failed.then(() => passing.received)]);
    const seen = await Promise.race([onReceipt(), failed.then(() => new Promise<never>(() => undefined))]);
    await failed;
    return { hook: await started, received, answered: await passing.answered, seen };
  }

  /** Resolves when the agent has nothing left to do. */
  async rest(): Promise<void> {
    await until('the agent to rest', async () => (await this.#open()) === 0);
  }

  /** Operations under way; null: no engine runs. */
  async #open(): Promise<number | null> {
    const { engine } = await ask(this.#agentSocket, 'status', {});
    return engine?.open ?? null;
  }

  /** Resident memory of the agent, MiB. */
  async memory(): Promise<number> {
    const { memory } = await ask(this.#agentSocket, 'status', {});
    return (memory ?? 0) / 1_048_576;
  }

  async stop(): Promise<void> {
    this.#agent.kill('SIGTERM');
    await once(this.#agent, 'close');
    await this.#toll.close();
    await this.#sandbox.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The next process that is started by this one, which is the panel as well. */
async function nextProcess(): Promise<number> {
  const started = channel('child_process');
  return await new Promise((resolve) => {
    const note = (): void => {
      started.unsubscribe(note);
      resolve(performance.now());
    };
    started.subscribe(note);
  });
}

/**
 * Stands between the hooks and the agent and checks the clock; what it costs counts as the agent's time.
 */
class Toll {
  readonly #server: Server;
  #next: { received: (at: number) => void; answered: (at: number) => void } | null = null;

  private constructor(path: string, agentSocket: string) {
    this.#server = createServer({ allowHalfOpen: true }, (hook) => this.#pass(hook, agentSocket));
    this.#server.listen(path);
  }

  static async open(path: string, agentSocket: string): Promise<Toll> {
    const toll = new Toll(path, agentSocket);
    await once(toll.#server, 'listening');
    return toll;
  }

  /** The next request that comes. */
  next(): { readonly received: Promise<number>; readonly answered: Promise<number> } {
    const received = Promise.withResolvers<number>();
    const answered = Promise.withResolvers<number>();
    this.#next = { received: received.resolve, answered: answered.resolve };
    return { received: received.promise, answered: answered.promise };
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(hook: Socket, agentSocket: string): void {
    const waiting = this.#next;
    this.#next = null;
    const agent = connect({ path: agentSocket, allowHalfOpen: true });
    hook.once('data', () => waiting?.received(performance.now()));
    let said = '';
    agent.on('data', (part: Buffer) => {
      said += part.toString('latin1');
      if (said.endsWith(end)) waiting?.answered(performance.now());
    });
    hook.pipe(agent);
    agent.pipe(hook);
    for (const [one, other] of [
      [hook, agent],
      [agent, hook],
    ] as const)
      one.on('error', () => other.destroy());
  }
}

/** The panel's state as it keeps it (sandbox/shared/store.ts). */
function writeState(root: string, zones: readonly Filled[]): void {
  mkdirSync(join(root, 'var'), { recursive: true });
  const soa = { primary: 'ns1.example.net.', email: 'hostmaster.example.net.', serial: '1' };
  const times = { refresh: '10800', retry: '3600', expire: '604800', ttl: '3600' };
  const lines = zones.map(({ zone, records }) => {
    const rows = records.map(({ name, type, rdata }) => ({
      name,
      type,
      prio: '',
      wght: '',
      port: '',
      addr: rdata,
      ttl: '3600',
    }));
    const name = zone.slice(0, -1);
    const value = {
      name,
      owner: user.name,
      ip: '192.0.2.1',
      ns: '',
      mx: '',
      soa: { ...soa, ...times },
      rows,
    };
    return `${JSON.stringify({ table: 'zone', name, value })}\n`;
  });
  writeFileSync(join(root, 'var/state.jsonl'), lines.join(''), { mode: 0o600 });
}

/** What the agent would have written after its first comparison. */
async function writeLedger(root: string, zones: readonly Filled[]): Promise<void> {
  const loaded = loadSettings(root);
  if (loaded.kind !== 'configured') throw new Error(`the settings are not usable: ${JSON.stringify(loaded)}`);
  const central = await wireCentral(loaded.settings, root);
  const journal = new SqliteJournal({ path: journalPath(pathsOf(root), central.id), writer: true });
  await central.close();
  for (const { zone, records } of zones) {
    const put = records.map((record) => ({
      record,
      state: 'synced' as const,
      onPanel: true,
      onCentral: true,
      panelKey: `${record.name} ${record.type}  ${record.rdata}`,
      note: null,
    }));
    await journal.commit({
      zones: [{ zone, state: 'synced', incarnation: 1, baselineAt: 0, note: null }],
      rows: [{ zone, put }],
    });
  }
  await journal.commit({ facts: { baseline: '0' } });
  await journal.close();
}

/** `host` in a zone as the wire has it. */
export function hostIn(host: string, zone: DnsName): DnsName {
  return parseName(host, zone);
}
