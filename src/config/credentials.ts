import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unitOf } from './system-places.ts';

/** Folder in which systemd puts the credentials of running units. */
const runFolder = '/run/credentials';

/**
 * The folder with the credentials of the agent's unit (systemd.exec(5), LoadCredential=). The agent gets the
 * path from its environment. Other programs find the folder while the unit runs.
 * @param root the panel's root
 * @returns null: there is none
 */
export function credentialsFolder(
  root: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  run = runFolder,
): string | null {
  const own = environment['CREDENTIALS_DIRECTORY'] ?? '';
  if (own !== '') return own;
  const folder = join(run, unitOf(root));
  return existsSync(folder) ? folder : null;
}
