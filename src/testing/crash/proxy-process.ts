import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as v from 'valibot';
import { killChild } from './processes.ts';
import { proxyReady, type ProxyMode, type ProxyOptions, type ProxyOrder } from './proxy-protocol.ts';

/** The proxy between agent and central, in a process of its own that can be killed and started again. */
export class ProxyProcess {
  readonly #target: () => number;
  readonly #tls: ProxyOptions['tls'];
  #child: ChildProcess | null = null;
  #port = 0;
  #killed = false;

  constructor(target: () => number, tls: ProxyOptions['tls']) {
    this.#target = target;
    this.#tls = tls;
  }

  get port(): number {
    return this.#port;
  }

  get diedByItself(): boolean {
    const child = this.#child;
    return child !== null && !this.#killed && (child.exitCode !== null || child.signalCode !== null);
  }

  /** Starts the proxy: the first time on a free port, later again on that port. */
  async start(): Promise<void> {
    const options: ProxyOptions = { target: this.#target(), port: this.#port, tls: this.#tls };
    const child = fork(join(import.meta.dirname, 'proxy-program.ts'), [JSON.stringify(options)]);
    this.#child = child;
    this.#killed = false;
    const [message]: readonly unknown[] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error('the proxy did not start');
      }),
    ]);
    this.#port = v.parse(proxyReady, message).port;
  }

  /**
   * Makes the proxy treat the next `count` requests in this mode. Does nothing while the proxy is not
   * running.
   */
  order(mode: ProxyMode, count = 1): void {
    const order: ProxyOrder = { mode, count };
    if (this.#child?.connected === true) this.#child.send(order);
  }

  /** Kills the proxy. @returns whether it was running */
  async kill(): Promise<boolean> {
    return await killChild(this.#child, () => {
      this.#killed = true;
    });
  }
}
