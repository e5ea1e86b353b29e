/** Makes hook calls at a high rate, by processes that are started in advance. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { end, hello } from '../src/app/control/socket.ts';

/** A process that has the environment of a hook call and does nothing. */
export class HeldHook {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  static async start(environment: Readonly<Record<string, string>>): Promise<HeldHook> {
    const process = spawn('/bin/sleep', ['infinity'], { env: environment, stdio: 'ignore' });
    await once(process, 'spawn');
    return new HeldHook(process);
  }

  /**
   * Sends the request of this process's hook to the agent, and waits for the answer.
   * @param socket path of the agent's socket
   * @returns the text that the hook would print; null: there was no complete answer
   */
  async ask(socket: string, stage: 'before' | 'after'): Promise<string | null> {
    const client = connect({ path: socket, allowHalfOpen: true });
    client.setEncoding('utf8');
    let said = '';
    client.on('data', (part: string) => {
      said += part;
    });
    client.end(`domainsync 1 ${this.#process.pid} 0 ${stage}\n`);
    await new Promise<void>((resolve) => {
      client.once('close', () => resolve());
      // Without a complete answer the hook refuses the edit, for whatever reason it is missing.
      client.once('error', () => resolve());
    });
    return said.startsWith(hello) && said.endsWith(end) ? said.slice(hello.length, -end.length) : null;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}
