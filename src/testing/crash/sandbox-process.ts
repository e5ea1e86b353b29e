import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { callPanel, type Answer, type Generation, type Row } from '../../../sandbox/index.ts';
import { endWithUs, killChild } from './processes.ts';
import { wordsOf, type Words } from '../stage/panel-words.ts';

const program = join(import.meta.dirname, '../../../sandbox/main.ts');

const announcement = v.object({ url: v.string(), fingerprint: v.string(), controlToken: v.string() });
const rows = v.nullable(v.array(v.custom<Row>((row) => typeof row === 'object' && row !== null)));
const texts = v.nullable(v.array(v.string()));
const requests = v.array(v.object({ outcome: v.string() }));

export interface Account {
  readonly name: string;
  readonly password: string;
}

export interface SandboxProcessOptions {
  readonly root: string;
  readonly generation: Generation;
  /** Arguments `--user` of the sandbox: `name:password:level[:limit[:owner]]`. */
  readonly users: readonly string[];
  /** Arguments `--switch` of the sandbox. */
  readonly switches?: readonly string[];
}

/**
 * A sandbox panel in a process of its own, which can be killed and started again on the same port. Its
 * `records` and `zones` read the panel's data directly, without the product and the panel's API.
 */
export class SandboxProcess {
  readonly words: Words;
  readonly #options: SandboxProcessOptions;
  #child: ChildProcess | null = null;
  #announced: v.InferOutput<typeof announcement> = { url: '', fingerprint: '', controlToken: '' };
  #killed = false;

  constructor(options: SandboxProcessOptions) {
    this.#options = options;
    this.words = wordsOf(options.generation);
  }

  get root(): string {
    return this.#options.root;
  }

  get port(): number {
    return Number(new URL(this.#announced.url).port);
  }

  get fingerprint(): string {
    return this.#announced.fingerprint;
  }

  /** Whether the process has ended although nobody killed it. */
  get diedByItself(): boolean {
    const child = this.#child;
    return child !== null && !this.#killed && (child.exitCode !== null || child.signalCode !== null);
  }

  /** Starts the panel. @throws Error if the process ends before the panel is ready */
  async start(): Promise<void> {
    const { root, generation, users, switches = [] } = this.#options;
    const port = this.#announced.url === '' ? '0' : String(this.port);
    const words = [program, '--root', root, '--generation', generation, '--port', port];
    const more = [
      ...users.flatMap((user) => ['--user', user]),
      ...switches.flatMap((one) => ['--switch', one]),
    ];
    const log = openSync(`${root}.log`, 'a');
    const child = spawn(process.execPath, [...words, ...more], { stdio: ['ignore', 'pipe', log] });
    closeSync(log);
    endWithUs(child);
    this.#child = child;
    this.#killed = false;
    const { stdout } = child;
    if (stdout === null) throw new Error('the sandbox has no output');
    const [line] = await Promise.race([
      once(createInterface({ input: stdout }), 'line'),
      once(child, 'exit').then(([status]) => {
        throw new Error(`the sandbox at ${root} ended with ${String(status)}; see ${root}.log`);
      }),
    ]);
    this.#announced = v.parse(announcement, JSON.parse(String(line)));
  }

  /** Kills the process. @returns whether it was running */
  async kill(): Promise<boolean> {
    return await killChild(this.#child, () => {
      this.#killed = true;
    });
  }

  /** Calls a panel function as a user. @throws Error if the connection fails or ends before the answer */
  async call(func: string, params: Readonly<Record<string, string>>, by: Account): Promise<Answer> {
    const { name: user, password } = by;
    return await callPanel(this.#announced.url, func, params, { path: this.words.path, user, password });
  }

  async zones(): Promise<readonly string[]> {
    return v.parse(texts, await this.control('zones')) ?? [];
  }

  async records(zone: string): Promise<readonly Row[] | null> {
    return v.parse(rows, await this.control('records', { zone }));
  }

  async keys(zone: string): Promise<readonly string[] | null> {
    return v.parse(texts, await this.control('keys', { zone }));
  }

  /** How many calls the panel has answered since it was started. */
  async answered(): Promise<number> {
    return v.parse(requests, await this.control('requests')).length;
  }

  /** Sends a command to the sandbox itself (`sandbox/shared/control.ts`). */
  async control(action: string, body: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const { url, controlToken } = this.#announced;
    const said = await callControl(new URL('/sandbox/control', url), controlToken, { action, ...body });
    if (!('result' in said)) throw new Error(`${action}: ${JSON.stringify(said)}`);
    return said.result;
  }
}

/** Posts JSON. The certificate is not checked, because the sandbox has signed it itself. */
async function callControl(
  url: URL,
  token: string,
  body: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  const { request } = await import('node:https');
  const text = await new Promise<string>((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent: false, rejectUnauthorized: false, headers: { 'X-Sandbox-Token': token } },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('error', reject);
        response.on('end', () => resolve(Buffer.concat(pieces).toString('utf8')));
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
  return v.parse(v.record(v.string(), v.unknown()), JSON.parse(text));
}
