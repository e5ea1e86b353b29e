import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemOr } from '../../net/system-error.ts';

/**
 * The version of the release in a folder, from its file `VERSION`.
 * @returns null: there is no such file, as in releases before 0.2.0
 * @throws {Error} other errors of the file system
 */
export function releaseVersion(folder: string): string | null {
  const text = systemOr(() => readFileSync(join(folder, 'VERSION'), 'utf8'), null, 'ENOENT', 'ENOTDIR');
  return text === null ? null : text.trim();
}
