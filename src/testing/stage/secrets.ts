import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyStage } from './stage.ts';

/** Files that may hold the password: the settings, and files of the sandbox panel itself. */
const except = /^(etc\/domainsync\.ini|etc\/users|var\/(state|ispmgr))/;

/**
 * Places on the customer's side where domainsync wrote a secret: files below the panel's root (journal, log,
 * plugin), and output of the command line. Empty: there is none.
 */
export async function leaks(stage: AnyStage): Promise<string[]> {
  const found: string[] = [];
  const look = (where: string, text: string): void => {
    for (const password of stage.secrets) {
      if (text.includes(password) || text.includes(encodeURIComponent(password))) found.push(where);
    }
  };
  for (const path of readdirSync(stage.panel.root, { recursive: true, encoding: 'utf8' })) {
    const whole = join(stage.panel.root, path);
    if (!except.test(path) && statSync(whole).isFile()) look(path, readFileSync(whole, 'latin1'));
  }
  for (const command of [['status'], ['history', '--latest', '500'], ['doctor']]) {
    look(`domainsync ${command.join(' ')}`, await stage.domainsync('--json', ...command));
  }
  return found;
}
