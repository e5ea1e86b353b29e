/**
 * Prints wrong citations and links (exit status 1). They name documents outside the repository, or files and
 * anchors that do not exist. Also prints pages of docs/ that the index, docs/README.md, does not link. The
 * script reads every text file that git tracks.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import { anchorsOf, citationsOf, linksOf, outsideOf } from './citations/read.ts';

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

/** Whether the file exists, and contains the anchor if one is named. */
function leads(path: string, anchor: string | null): boolean {
  return anchor === null ? existsSync(join(top, path)) : anchors(path)?.has(anchor) === true;
}

/** The links of a page as paths from the top of the repository. */
function links(page: string): { readonly path: string; readonly anchor: string | null }[] {
  return linksOf(readFileSync(join(top, page), 'utf8')).map(({ path, anchor }) => ({
    path: path === '' ? page : normalize(join(dirname(page), path)),
    anchor,
  }));
}

const cited = files.flatMap((file) => {
  const text = readFileSync(join(top, file), 'utf8');
  const missing = citationsOf(text).filter(({ page, anchor }) => !leads(page, anchor));
  return [...outsideOf(text), ...missing.map(({ page, anchor }) => `${page}#${anchor}`)].map(
    (said) => `cites what the repository lacks: ${file}: ${said}`,
  );
});
const linked = files
  .filter((file) => file.endsWith('.md'))
  .flatMap((page) =>
    links(page)
      .filter(({ path, anchor }) => !leads(path, anchor))
      .map(
        ({ path, anchor }) => `a link leads nowhere: ${page}: ${path}${anchor === null ? '' : `#${anchor}`}`,
      ),
  );
const indexed = new Set(links('docs/README.md').map(({ path }) => path));
const unlisted = files
  .filter((file) => /^docs\/.*\.md$/u.test(file) && file !== 'docs/README.md' && !indexed.has(file))
  .map((page) => `not in the index docs/README.md: ${page}`);

const wrong = [...cited, ...linked, ...unlisted];
for (const line of wrong) console.error(line);
process.exitCode = wrong.length > 0 ? 1 : 0;
