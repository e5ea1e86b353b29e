import { spawn } from 'node:child_process';
import { root, type Patch } from '../patch.ts';

/**
 * Longest time (ms) for all unit tests, many times the usual time on a busy machine. A mutant that needs more
 * is said to hang.
 */
const longest = 600_000;

const hook = import.meta.resolve('../plant-by-environment.ts');

/**
 * Runs test files with a patch until the first test fails.
 * @param files paths from the root of the repository
 * @returns the name of the test that failed first; `hang`: the tests did not end; null: all passed
 */
export function failingTest(patch: Patch, files: readonly string[]): Promise<string | null> {
  if (files.length === 0) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--import', hook, '--test', '--test-isolation=none', '--test-reporter=tap', ...files],
      {
        cwd: root,
        env: { ...process.env, DOMAINSYNC_PATCH: JSON.stringify(patch), NODE_TEST_CONTEXT: undefined },
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      },
    );
    let failed: string | null = null;
    const end = (why: string): void => {
      if (failed !== null) return;
      failed = why;
      // Kills the process group, so that child processes of the tests end as well.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(() => end('hang'), longest);
    let rest = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      rest += chunk;
      const name = /^ *not ok \d+ - (.*)$/mu.exec(rest)?.[1];
      if (name !== undefined) end(name);
      else rest = rest.slice(rest.lastIndexOf('\n') + 1);
    });
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve(failed ?? (status === 0 ? null : 'the test process ended with an error'));
    });
  });
}
