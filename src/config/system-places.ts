import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The usual roots of panels. System files for them get names without the root. */
const plainRoots: ReadonlySet<string> = new Set(['/usr/local/mgr5', '/usr/local/ispmgr']);

type SystemFile = 'unit' | 'rotation';

/**
 * The two paths that a system file may have. `plain`: for a panel at a usual root. `own`: its name contains
 * the panel's root, so that each panel has a file of its own.
 */
function namesOf(file: SystemFile, root: string, etc: string): { plain: string; own: string } {
  const mark = root.replaceAll(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '');
  const name = (ending: string): string =>
    file === 'unit'
      ? join(etc, `systemd/system/domainsync-agent${ending}.service`)
      : join(etc, `logrotate.d/domainsync${ending}`);
  return { plain: name(''), own: name(mark) };
}

/** Whether a system file exists and belongs to the panel at this root. */
export function isOurs(path: string, root: string): boolean {
  if (!existsSync(path)) return false;
  const words = readFileSync(path, 'utf8').split(/\s+/u);
  return words.some((word) => word.startsWith(`${root}/`));
}

/**
 * Chooses the path of a system file. A file of this panel that exists keeps its path. A file of another panel
 * is never overwritten.
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
