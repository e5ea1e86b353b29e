import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { wordsOf, type Words } from '../src/testing/stage/panel-words.ts';
import { callPanel, type Answer } from '../sandbox/shared/client.ts';
import type { Generation } from '../sandbox/index.ts';

/** A sandbox in a process of its own. The measurements do not include its work. */
export interface RemotePanel {
  readonly url: string;
  readonly root: string;
  readonly fingerprint: string;
  readonly words: Words;
  act(func: string, params: Readonly<Record<string, string>>): Promise<Answer>;
  /** Makes the panel read its plugin files again, as a restart would. */
  restart(): void;
  stop(): Promise<void>;
}

/** The line that a sandbox prints when it is ready. */
const started = v.object({ url: v.string(), fingerprint: v.string() });

export async function startPanel(
  root: string,
  user: { name: string; password: string },
  generation: Generation,
): Promise<RemotePanel> {
  const program = join(import.meta.dirname, '../sandbox/main.ts');
  const account = `${user.name}:${user.password}:5`;
  const words = [program, '--root', root, '--user', account, '--generation', generation];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = v.parse(v.tuple([v.string()]), await once(createInterface(child.stdout), 'line'));
  const { url, fingerprint } = v.parse(started, JSON.parse(line));
  const spoken = wordsOf(generation);
  const caller = { user: user.name, password: user.password, path: spoken.path };
  return {
    url,
    root,
    fingerprint,
    words: spoken,
    act: (func, params) => callPanel(url, func, params, caller),
    restart: () => {
      rmSync(join(root, 'var/.xmlcache'), { recursive: true, force: true });
      child.kill('SIGHUP');
    },
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'close');
    },
  };
}
