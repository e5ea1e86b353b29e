/**
 * Finds citations that lead nowhere and prints them (exit status 1). They name documents outside the
 * repository, or anchors that a page of docs/ does not have. The script reads every text file that git
 * tracks.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { anchorsOf, citationsOf, outsideOf } from './citations/read.ts';

const top = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: top,
  encoding: 'utf8',
})
  .split('\n')
  .filter(
    (file) => /\.(?:ts|md|sh|xml)$|^plugin\/|^script\//u.test(file) && !file.startsWith('script/citations'),
  )
  .filter((file) => existsSync(join(top, file)));

const known = new Map<string, ReadonlySet<string> | null>();
function anchors(page: string): ReadonlySet<string> | null {
  const path = join(top, page);
  const found = known.get(page) ?? (existsSync(path) ? anchorsOf(readFileSync(path, 'utf8')) : null);
  known.set(page, found);
  return found;
}

const wrong = files.flatMap((file) => {
  const text = readFileSync(join(top, file), 'utf8');
  const missing = citationsOf(text).filter(({ page, anchor }) => anchors(page)?.has(anchor) !== true);
  return [...outsideOf(text), ...missing.map(({ page, anchor }) => `${page}#${anchor}`)].map(
    (said) => `${file}: ${said}`,
  );
});
for (const line of wrong) console.error(`cites what the repository lacks: ${line}`);
process.exitCode = wrong.length > 0 ? 1 : 0;
