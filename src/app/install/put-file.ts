import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { systemOr } from '../../net/system-error.ts';

/** Whether the file exists and contains exactly this text. */
export function holds(path: string, text: string): boolean {
  return fs.existsSync(path) && fs.statSync(path).isFile() && fs.readFileSync(path, 'utf8') === text;
}

/**
 * Writes a file by rename. The file gets the owner and group of this process (docs/protocol.md#files-5
 * requires the panel's user). If the file already contains the text, sets only its mode and owner.
 * @param changed the path is added to this list if the text changed
 */
export function put(path: string, mode: number, text: string, changed: string[]): void {
  if (holds(path, text)) {
    own(path, mode);
    return;
  }
  fs.mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  fs.rmSync(draft, { force: true });
  fs.writeFileSync(draft, text, { mode });
  own(draft, mode);
  fs.renameSync(draft, path);
  changed.push(path);
}

function own(path: string, mode: number): void {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  if (uid !== undefined && gid !== undefined) fs.chownSync(path, uid, gid);
  fs.chmodSync(path, mode);
}

/**
 * Creates or replaces a symbolic link by rename.
 * @param changed the link is added to this list if it is new, or if its target changed
 */
export function pointTo(link: string, target: string, changed: string[]): void {
  if (systemOr(() => fs.readlinkSync(link), null, 'ENOENT') === target) return;
  const draft = `${link}.new`;
  fs.rmSync(draft, { force: true });
  fs.symlinkSync(target, draft);
  fs.renameSync(draft, link);
  changed.push(link);
}

export function removeIfEmpty(folder: string): void {
  if (fs.existsSync(folder) && fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
}
