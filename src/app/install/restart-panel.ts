import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { panels, type PanelKind } from '../../panels/registry.ts';
import { isSystemError } from '../../net/system-error.ts';
import { clearCaches } from './panel-files.ts';
import type { Paths } from '../paths.ts';

const run = promisify(execFile);

/** How long the restart command may take, milliseconds. */
const patience = 60_000;

/**
 * The command by which an administrator restarts a panel, so that it reads its description files
 * (docs/protocol.md#files-4, #files-5).
 */
export function restartCommand(root: string, kind: PanelKind): string {
  const { restart } = panels[kind].layout;
  if ('byHand' in restart) return restart.byHand;
  const [program, ...args] = restart;
  return [join(root, program), ...args].join(' ');
}

/**
 * Restarts a panel by its command, if it has one: the panel ends, and the next access starts it
 * (docs/protocol.md#files-5). Clears the panel's caches before, because the panel may have filled them again.
 * @returns why the restart failed; `null`: it succeeded, or only an administrator can restart this panel
 */
export async function restartPanel({ root, restartDue }: Paths, kind: PanelKind): Promise<string | null> {
  const { restart } = panels[kind].layout;
  if ('byHand' in restart) return null;
  const [program, ...args] = restart;
  clearCaches(root, kind);
  try {
    const { stdout } = await run(join(root, program), args, { timeout: patience });
    // The documentation does not say which exit status the command has after a failed function
    // (docs/protocol.md#mgrctl). So an error is searched for in its output.
    if (/\bERROR\b|<error\b/.test(stdout)) return stdout.trim().slice(0, 500);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if ('killed' in error && error.killed === true) return `it did not end within ${patience / 1_000} s`;
    const printed = [
      'stderr' in error ? String(error.stderr).trim() : '',
      'stdout' in error ? String(error.stdout).trim() : '',
    ];
    return (printed.find((text) => text !== '') ?? error.message.trim()).slice(0, 500);
  }
  rmSync(restartDue, { force: true });
  return null;
}
