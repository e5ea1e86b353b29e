/** A gateway as a process of its own, as a provider runs it, with the operator's commands for it. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { dist } from '../stage/command-line.ts';
import type { Powerdns } from './powerdns.ts';

const run = promisify(execFile);
const program = join(dist, 'domainsync.cjs');

/** A line of the gateway's log: an event with its fields. */
const logLine = v.pipe(v.string(), v.parseJson(), v.looseObject({ event: v.string() }));
export type GatewayLogLine = v.InferOutput<typeof logLine>;

/** An entry of the log when the gateway listens. */
const listening = v.object({ event: v.literal('gateway.listening'), port: v.number() });

const madeToken = v.object({ id: v.string(), token: v.string() });

/** The account with which a gateway marks its zones at PowerDNS. */
export const gatewayAccountName = 'gateway';

/** Largest output of a command, octets: the audit of a long story. */
const mostOutput = 64 * 1024 * 1024;

/** A token of a customer: its public id, and its text. */
export type GatewayToken = v.InferOutput<typeof madeToken>;

/** Runs `domainsync gateway` from the bundled programs. */
export class GatewayProcess {
  /** Path of the settings file. */
  readonly config: string;
  readonly #lines: GatewayLogLine[] = [];
  #child: ChildProcess | null = null;
  #port = 0;
  #died = false;

  /** @param config path of the settings file; its option `listen` is 127.0.0.1 */
  constructor(config: string) {
    this.config = config;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Whether the gateway has ended although nobody stopped it. */
  get diedByItself(): boolean {
    return this.#died;
  }

  /** Process id; 0: the gateway does not run. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** What the gateway has logged since its first start. */
  get lines(): readonly GatewayLogLine[] {
    return this.#lines;
  }

  /** Starts the gateway. @throws {Error} if the process ends before it listens */
  async start(): Promise<void> {
    const words = [program, 'gateway', '--config', this.config, 'serve'];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    this.#port = await new Promise<number>((resolve, reject) => {
      child.once('close', (status) => {
        if (this.#child === child) this.#died = true;
        reject(new Error(`the gateway ended: ${status}`));
      });
      // Later lines are read too, because a full pipe would hold up the gateway.
      createInterface({ input: child.stdout }).on('line', (text) => {
        const line = v.safeParse(logLine, text);
        // A process that is killed may leave a part of a line.
        if (!line.success) return;
        this.#lines.push(line.output);
        const ready = v.safeParse(listening, line.output);
        if (ready.success) resolve(ready.output.port);
      });
    });
  }

  /** Ends the gateway and waits until it has ended. @returns whether it was running */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<boolean> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return false;
    child.kill(signal);
    await once(child, 'close');
    return true;
  }

  /** Runs a command of the operator. @returns what it printed. @throws {Error} if it failed */
  async operator(...words: readonly string[]): Promise<string> {
    return await this.#run([], words);
  }

  /** Runs a command of the operator. @returns the JSON that it printed. @throws {Error} if it failed */
  async operatorJson(...words: readonly string[]): Promise<unknown> {
    return JSON.parse(await this.#run(['--json'], words));
  }

  /** Makes a token. @param options of `gateway token add` */
  async makeToken(customer: string, ...options: readonly string[]): Promise<GatewayToken> {
    return v.parse(madeToken, await this.operatorJson('token', 'add', customer, ...options));
  }

  async #run(before: readonly string[], words: readonly string[]): Promise<string> {
    const all = [program, ...before, 'gateway', '--config', this.config, ...words];
    return (await run(process.execPath, all, { maxBuffer: mostOutput })).stdout;
  }
}

/**
 * Writes the settings file of a gateway.
 * @param folder gets the file `gateway.ini` and the folder of the database
 * @param backend options of the section `[backend]`
 * @param listen address and port of the API; port 0: a free one at each start
 * @param storage options of the section `[storage]`; none: SQLite
 * @returns the path of the file
 */
export function writeGatewaySettings(
  folder: string,
  backend: Readonly<Record<string, string>>,
  listen = '127.0.0.1:0',
  storage: Readonly<Record<string, string>> = {},
): string {
  const config = join(folder, 'gateway.ini');
  const api = { listen, state: join(folder, 'gateway') };
  const sections = Object.entries({ gateway: api, storage, backend }).map(([name, options]) =>
    [`[${name}]`, ...Object.entries(options).map(([option, value]) => `${option} = ${value}`), ''].join('\n'),
  );
  writeFileSync(config, sections.join(''), { mode: 0o600 });
  return config;
}

/** Options of `[backend]` for a PowerDNS. */
export function powerdnsBackend({ url, apiKey }: Powerdns): Readonly<Record<string, string>> {
  return {
    kind: 'powerdns',
    host: url,
    username: gatewayAccountName,
    password: apiKey,
    nameservers: 'ns1.provider.example.net, ns2.provider.example.net',
  };
}
