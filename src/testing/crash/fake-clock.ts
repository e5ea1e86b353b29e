/**
 * Sets the clock that the agent of a crash story reads (libfaketime, Debian package `faketime`). The rest of
 * the machine keeps its clock. Monotonic time and the times of files stay as they are.
 */
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the library is; null: the package is not installed. */
export const fakeClockLibrary: string | null =
  readdirSync('/usr/lib')
    .map((name) => join('/usr/lib', name, 'faketime', 'libfaketime.so.1'))
    .find((path) => existsSync(path)) ?? null;

/**
 * Changes the installed hook program so that the agents that it starts load the library. To be called after
 * the installation, before the first agent starts.
 * @param root the panel's root
 */
export function plantFakeClock(root: string, library: string): void {
  const script = readFileSync(join(root, 'addon', 'domainsync'), 'utf8');
  const [, hook = ''] = /^HOOK='(.+)'$/mu.exec(script) ?? [];
  const path = realpathSync(hook);
  const text = readFileSync(path, 'utf8');
  const more = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clockFile(root),
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
  const planted = text.replace(
    'env: agentEnvironment',
    `env: { ...agentEnvironment, ...${JSON.stringify(more)} }`,
  );
  if (planted === text) throw new Error(`${path} has no line that gives the agent its environment`);
  writeFileSync(path, planted);
  setFakeClock(root, 0);
}

/** Sets the agent's clock to so many seconds after the machine's clock. It takes effect within a second. */
export function setFakeClock(root: string, seconds: number): void {
  const path = clockFile(root);
  writeFileSync(`${path}.new`, `${seconds < 0 ? '' : '+'}${seconds}`);
  renameSync(`${path}.new`, path);
}

function clockFile(root: string): string {
  return join(root, 'fake-clock');
}
