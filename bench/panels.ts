import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { callPanel, type Answer } from '../sandbox/client.ts';

/** A sandbox in a process of its own, so that measuring does not share its time with it. */
export interface RemotePanel {
  readonly url: string;
  readonly root: string;
  readonly fingerprint: string;
  act(func: string, params: Readonly<Record<string, string>>): Promise<Answer>;
  /** Makes it read the plugin files again, as `killall ispmgr` does. */
  restart(): void;
  stop(): Promise<void>;
}

export async function startPanel(
  root: string,
  user: { name: string; password: string },
): Promise<RemotePanel> {
  const program = join(import.meta.dirname, '../sandbox/main.ts');
  const words = [program, '--root', root, '--user', `${user.name}:${user.password}:5`];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { url, fingerprint } = JSON.parse(line) as { url: string; fingerprint: string };
  return {
    url,
    root,
    fingerprint,
    act: (func, params) => callPanel(url, func, params, { user: user.name, password: user.password }),
    restart: () => {
      child.kill('SIGHUP');
    },
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'close');
    },
  };
}
