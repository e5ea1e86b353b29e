/**
 * Starts a panel of version 6 with the product installed and the agent in its own process. Measures when an
 * edit reaches each step between the panel and the agent.
 */
import { channel } from 'node:diagnostics_channel';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
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
import { agentOptions } from '../src/app/control/agent-environment.ts';
import { end } from '../src/app/control/socket.ts';
import { SqliteJournal } from '../src/journal/sqlite.ts';
import type { Filled } from './name-servers.ts';
import { account, writePanelState } from './panel-state.ts';

const dist = join(import.meta.dirname, '../dist');
const words = wordsOf('v6');

/** Times at which an edit reached each step (`performance.now()`, ms). */
export interface Passage {
  /** When the panel starts the hook. */
  readonly hook: number;
  /** When the agent gets the hook's request. */
  readonly received: number;
  /** When the agent sends its verdict. */
  readonly answered: number;
}

/** A save that changes the address of a host from `from` to `to`. */
export interface Save {
  readonly zone: string;
  readonly host: string;
  readonly from: string;
  readonly to: string;
}

export class PanelWithAgent {
  /** Path of the agent's own socket. */
  readonly socket: string;
  readonly root: string;
  readonly #directory: string;
  readonly #sandbox: Sandbox;
  readonly #agent: ChildProcess;
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
    this.socket = agentSocket;
    this.root = join(directory, 'panel');
    this.#toll = toll;
  }

  /**
   * Starts a panel whose zones the ledger already has as `synced`.
   * @param central section `[isp_master]` of the settings
   * @param flags options of Node.js for the agent
   * @param before words that start the agent's process, such as a tracer with its options
   */
  static async start(
    central: Readonly<Record<string, string>>,
    zones: readonly Filled[],
    flags: readonly string[] = [],
    before: readonly string[] = [],
  ): Promise<PanelWithAgent> {
    const directory = mkdtempSync(join(tmpdir(), 'bench-'));
    const root = join(directory, 'panel');
    writePanelState(root, zones);
    const sandbox = await startSandbox({ root, generation: 'v6', users: [{ ...account, level: 5 }] });
    const [socket, agentSocket] = [join(directory, 'toll.sock'), join(directory, 'agent.sock')];
    install({ root, from: dist, socket });
    mkdirSync(pathsOf(root).state, { recursive: true });
    saveSettings(root, { isp_master: central, sync: { compare_every: '0' } });
    sandbox.restartPanel();
    await writeLedger(root, zones);
    const program = join(root, 'lib/domainsync/current/agent.cjs');
    const own = [
      process.execPath,
      ...agentOptions,
      ...flags,
      program,
      '--root',
      root,
      '--socket',
      agentSocket,
    ];
    const [first = process.execPath, ...rest] = [...before, ...own];
    const agent = spawn(first, rest, { stdio: 'inherit' });
    const toll = await Toll.open(socket, agentSocket);
    const panel = new PanelWithAgent(directory, sandbox, agent, agentSocket, toll);
    // The agent refuses every edit of a user until it has read the owners of zones.
    await until('the agent', async () => await panel.#isReady().catch(() => false));
    return panel;
  }

  /**
   * Saves an address as a user would, and waits until the panel's call has ended.
   * @param onReceipt called when the agent gets the hook's request; its result is returned as `seen`
   */
  async save(
    { zone, host, from, to }: Save,
    onReceipt: () => Promise<number>,
  ): Promise<Passage & { readonly seen: number }> {
    const click = saveClick(words, zone, address(host, to), `${host}.${zone}. A  ${from}`);
    const passing = this.#toll.next();
    const started = nextProcess();
    const acting = this.#sandbox.call(click.func, click.params, {
      user: account.name,
      password: account.password,
      path: words.path,
    });
    const failed = acting.then((answer) => {
      if (!answer.ok) throw new Error(answer.error?.text ?? answer.body);
      return answer;
    });
    // A rejection is handled below, where `failed` is awaited. Without this line, Node.js would report it as
    // unhandled before that.
    failed.catch(() => undefined);
    const received = await Promise.race([passing.received, failed.then(() => passing.received)]);
    const seen = await Promise.race([onReceipt(), failed.then(() => new Promise<never>(() => undefined))]);
    await failed;
    return { hook: await started, received, answered: await passing.answered, seen };
  }

  /** Resolves when the agent has no open operation. @param most the longest wait, milliseconds */
  async rest(most = Infinity): Promise<void> {
    const latest = performance.now() + most;
    await until('the agent to rest', async () => performance.now() > latest || (await this.#open()) === 0);
  }

  async #isReady(): Promise<boolean> {
    const { engine, fromAgent } = await ask(this.socket, 'status', {});
    return engine?.open === 0 && fromAgent !== null && fromAgent.owners.readAt !== null;
  }

  /** Number of open operations; null: no engine runs. */
  async #open(): Promise<number | null> {
    const { engine } = await ask(this.socket, 'status', {});
    return engine?.open ?? null;
  }

  /** Process id of the agent. */
  async pid(): Promise<number> {
    const { pid } = await ask(this.socket, 'status', {});
    if (pid === null) throw new Error('no agent runs');
    return pid;
  }

  /** Resident memory of the agent in MiB. */
  async memory(): Promise<number> {
    const { memory } = await ask(this.socket, 'status', {});
    return (memory ?? 0) / 1_048_576;
  }

  async stop(): Promise<void> {
    // The started process may be a tracer. It ends when the agent ends.
    const ended = once(this.#agent, 'close');
    process.kill(await this.pid(), 'SIGTERM');
    await ended;
    await this.#toll.close();
    await this.#sandbox.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/**
 * Resolves with the time (`performance.now()`) at which this process next starts a child process. The panel
 * runs in this process, so its hooks are such children.
 */
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
 * A proxy between the hooks and the agent that records when requests and answers pass. The proxy's own time
 * counts as the agent's.
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

  /** Resolves with the times at which the next request is received and answered. */
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

/** Writes the ledger that the agent would have after its first comparison. */
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

/** The absolute name of a host in a zone. */
export function hostIn(host: string, zone: DnsName): DnsName {
  return parseName(host, zone);
}
