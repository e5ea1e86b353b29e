import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** What the thread of the proxy gets. */
export interface ProxyPlan {
  /** URL of the server. */
  readonly target: string;
  /** Milliseconds. */
  readonly delay: number;
  /** One number: requests so far. Both threads see it. */
  readonly passed: Int32Array;
}

export interface DelayProxy {
  readonly url: string;
  /** Number of requests so far. */
  passed(): number;
  close(): Promise<void>;
}

/**
 * Starts a proxy in front of an HTTP server. It holds back each request for a while, any number of them at
 * once.
 * @param target URL of the server
 * @param delay milliseconds
 */
export async function openDelayProxy(target: string, delay: number): Promise<DelayProxy> {
  const passed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: ProxyPlan = { target, delay, passed };
  const thread = new Worker(new URL('./delay-proxy-thread.ts', import.meta.url), { workerData });
  const [port] = (await once(thread, 'message')) as [number];
  return {
    url: `http://127.0.0.1:${port}`,
    passed: () => Atomics.load(passed, 0),
    close: async () => {
      await thread.terminate();
    },
  };
}
