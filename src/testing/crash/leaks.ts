import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crashCustomer, type Scene } from './scene.ts';

/** Files that may contain a password: the settings file, and files that the sandbox panel writes itself. */
const except = /^(etc\/domainsync\.ini|etc\/users|etc\/manager|var\/(state|ispmgr))/u;

/**
 * Searches the files below the panel's root, and the output of `status`, for secrets. @returns where one was
 * found
 */
export async function findLeaks({ paths, central, commands }: Scene): Promise<string[]> {
  const secrets = [...central.secrets, crashCustomer.password];
  const has = (text: string): boolean =>
    secrets.some((secret) => text.includes(secret) || text.includes(encodeURIComponent(secret)));
  const files = readdirSync(paths.root, { recursive: true, encoding: 'utf8' }).filter((path) => {
    const whole = join(paths.root, path);
    return !except.test(path) && statSync(whole).isFile() && has(readFileSync(whole, 'latin1'));
  });
  const { out, err } = await commands.ended('--json', 'status');
  return [
    ...files.map((path) => `a secret is in ${path}`),
    ...(has(out + err) ? ['a secret is in status'] : []),
  ];
}
