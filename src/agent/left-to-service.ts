import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadSettings } from '../config/settings.ts';
import { unitOf } from '../config/system-places.ts';

/**
 * Whether the settings name a credential that systemd gives only to the agent's unit, so that no other agent
 * can use them. If no agent holds the lock, systemd starts the unit within seconds.
 * @param root the panel's root
 */
export function belongsToService(root: string, etc = '/etc', systemd = '/run/systemd/system'): boolean {
  if (!existsSync(systemd) || !existsSync(join(etc, 'systemd/system', unitOf(root, etc)))) return false;
  const loaded = loadSettings(root);
  return loaded.kind === 'broken' && loaded.problems.some(({ code }) => code === 'settings.no-credential');
}
