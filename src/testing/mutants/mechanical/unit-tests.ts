import { spawn } from 'node:child_process';
import { root, type Patch } from '../patch.ts';

/**
 * Longest time (ms) in which no test ends. It is many times the usual time of the longest test on a busy
 * machine. A mutant that needs more counts as a hang.
 */
const longest = 300_000;

/** Most memory of the test process in MiB, because a patched file may demand memory without end. */
const mostMemory = 1_024;

const hook = import.meta.resolve('../plant-by-environment.ts');

/**
 * Runs test files with a patch until the first test fails. No process is left: processes that the tests
 * started end with the tests, and the tests end with the process that called this.
 * @param files paths from the root of the repository
 * @param silence how long (ms) no test may end before the run counts as a hang
 * @returns the name of the test that failed first; `hang`: the tests did not end; null: all tests passed
 */
export function failingTest(
  patch: Patch,
  files: readonly string[],
  silence = longest,
): Promise<string | null> {
  if (files.length === 0) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const options = ['--import', hook, `--max-old-space-size=${mostMemory}`];
    const test = ['--test', '--test-isolation=none', '--test-reporter=tap'];
    const child = spawn(process.execPath, [...options, ...test, ...files], {
      cwd: root,
      env: {
        ...process.env,
        DOMAINSYNC_PATCH: JSON.stringify(patch),
        DOMAINSYNC_RUNNER: String(process.pid),
        NODE_TEST_CONTEXT: undefined,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
      // The test process leads a process group of its own, to which its child processes belong.
      detached: true,
    });
    let failed: string | null = null;
    const end = (why: string): void => {
      failed ??= why;
      if (child.pid !== undefined) killGroup(child.pid);
    };
    const timer = setTimeout(() => end('hang'), silence);
    let rest = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      timer.refresh();
      rest += chunk;
      const name = /^ *not ok \d+ - (.*)$/mu.exec(rest)?.[1];
      if (name !== undefined) end(name);
      else rest = rest.slice(rest.lastIndexOf('\n') + 1);
    });
    child.on('error', reject);
    // A test process that crashes leaves child processes behind, which may keep its output open.
    child.on('exit', () => child.pid !== undefined && killGroup(child.pid));
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve(failed ?? (status === 0 ? null : 'the test process ended with an error'));
    });
  });
}

/** Kills all processes of a group. It is no error if none is left. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
