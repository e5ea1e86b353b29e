import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyStage } from './stage.ts';

/**
 * What may hold the password: the settings file itself. The rest of these folders belongs to the stand-in
 * panel.
 */
const except = /^(etc\/domainsync\.ini|etc\/users|var\/(state|ispmgr))/;

/**
 * Everything domainsync wrote on the customer's side that contains a secret: files below the panel's root
 * (journal, log, plugin) and what the command line prints. Empty when all is well.
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
