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

/** Whether a file is there and holds exactly this text. */
export function holds(path: string, text: string): boolean {
  return existsSync(path) && statSync(path).isFile() && readFileSync(path, 'utf8') === text;
}

/**
 * Puts a text into place by rename, ours to own (docs/protocol.md#files-5: owner and group of the panel's own
 * user); the same text is left alone, only its mode and owner are seen to.
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

/** Turns a symbolic link by rename. */
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
