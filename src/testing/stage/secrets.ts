import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyStage } from './stage.ts';

/** Files that may contain the password: the settings, and files of the sandbox panel itself. */
const except = /^(etc\/domainsync\.ini|etc\/users|var\/(state|ispmgr))/;

/**
 * Finds secrets that domainsync wrote on the customer's side. Searches files below the panel's root (journal,
 * log, plugin) and outputs of the command line. Empty: there are none.
 */
export async function leaks(stage: AnyStage): Promise<string[]> {
  const found: string[] = [];
  const look = (where: string, text: string): void => {
    for (const password of stage.secrets) {
      if (text.includes(password) || text.includes(encodeURIComponent(password))) found.push(where);
    }
  };
  for (const path of readdirSync(stage.panel.root, { recursive: true, encoding: 'utf8' })) {
    const text = except.test(path) ? null : textOf(join(stage.panel.root, path));
    if (text !== null) look(path, text);
  }
  for (const command of [['status'], ['history', '--latest', '500'], ['doctor']]) {
    look(`domainsync ${command.join(' ')}`, await stage.domainsync('--json', ...command));
  }
  return found;
}

/** The text of a file; null: it is something else, or the running agent has removed it meanwhile. */
function textOf(path: string): string | null {
  try {
    return statSync(path).isFile() ? readFileSync(path, 'latin1') : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
