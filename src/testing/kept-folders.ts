import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const folders = new Set<string>();

/**
 * Removes a folder of this process's tests when the process ends. If a test failed, the folder stays, and the
 * error output says where it and its logs are.
 */
export function removeUnlessFailed(folder: string): void {
  if (folders.size === 0) process.once('exit', end);
  folders.add(folder);
}

/**
 * Removes the folders, or names them if they stay.
 * @param status exit status of this process: 1 after a failed test or a failed check of the demo, another one
 * when somebody stopped it
 */
function end(status: number): void {
  for (const folder of folders) {
    if (status !== 1) rmSync(folder, { recursive: true, force: true });
    else if (existsSync(folder))
      process.stderr.write(`${basename(process.argv[1] ?? '')}: kept ${folder}${logsOf(folder)}\n`);
  }
}

function logsOf(folder: string): string {
  const logs = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.log'),
  );
  return logs.map((path) => `\n  log ${join(folder, path)}`).join('');
}
