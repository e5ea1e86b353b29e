import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The usual roots of a panel. Their system files get plain names. */
const plainRoots: ReadonlySet<string> = new Set(['/usr/local/mgr5', '/usr/local/ispmgr']);

type SystemFile = 'unit' | 'rotation';

/**
 * The two possible paths of a system file. `plain`: for the only panel on a host. `own`: contains the panel's
 * root, for a second panel.
 */
function namesOf(file: SystemFile, root: string, etc: string): { plain: string; own: string } {
  const mark = root.replaceAll(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '');
  const name = (ending: string): string =>
    file === 'unit'
      ? join(etc, `systemd/system/domainsync-agent${ending}.service`)
      : join(etc, `logrotate.d/domainsync${ending}`);
  return { plain: name(''), own: name(mark) };
}

/** Whether a system file exists and is that of the panel at this root. */
export function isOurs(path: string, root: string): boolean {
  if (!existsSync(path)) return false;
  const words = readFileSync(path, 'utf8').split(/\s+/u);
  return words.some((word) => word.startsWith(`${root}/`));
}

/**
 * The path of a system file that exists or is to be written. An existing file keeps its path, and a file of
 * another panel is not overwritten.
 */
export function placeOf(file: SystemFile, root: string, etc: string): string {
  const { plain, own } = namesOf(file, root, etc);
  const there = [plain, own].find((path) => isOurs(path, root));
  if (there !== undefined) return there;
  return plainRoots.has(root) && !existsSync(plain) ? plain : own;
}

/** Name of the systemd unit for the panel at this root, whether or not the unit exists. */
export function unitOf(root: string, etc = '/etc'): string {
  return basename(placeOf('unit', root, etc));
}
