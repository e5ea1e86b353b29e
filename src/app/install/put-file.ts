import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Whether the file exists and holds exactly this text. */
export function holds(path: string, text: string): boolean {
  return existsSync(path) && statSync(path).isFile() && readFileSync(path, 'utf8') === text;
}

/**
 * Writes a file by rename. Owner and group are those of this process (docs/protocol.md#files-5 wants the
 * panel's user). If the file already holds the text, only its mode and owner are set.
 * @param changed gets the path if the text changed
 */
export function put(path: string, mode: number, text: string, changed: string[]): void {
  if (holds(path, text)) {
    own(path, mode);
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode });
  own(draft, mode);
  renameSync(draft, path);
  changed.push(path);
}

function own(path: string, mode: number): void {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
  chmodSync(path, mode);
}

/** Sets a symbolic link by rename. @param changed gets its path if the target changed */
export function pointTo(link: string, target: string, changed: string[]): void {
  try {
    if (readlinkSync(link) === target) return;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const draft = `${link}.new`;
  rmSync(draft, { force: true });
  symlinkSync(target, draft);
  renameSync(draft, link);
  changed.push(link);
}

export function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}
