/** The version of a release, and the places in the sources that contain it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const form = /^(\d+)\.(\d+)\.(\d+)(?:-([a-z]+\.\d+))?$/u;

/**
 * Compares two versions. Pure.
 * @returns below 0: the first one is older
 * @throws {Error} if one of them is no version
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (const [at, one] of left.numbers.entries()) {
    const difference = one - (right.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  // A pre-release comes before the release.
  if (left.pre === null || right.pre === null) return Number(left.pre === null) - Number(right.pre === null);
  return left.pre.localeCompare(right.pre, 'en', { numeric: true });
}

function partsOf(version: string): { readonly numbers: readonly number[]; readonly pre: string | null } {
  const found = form.exec(version);
  if (found === null) throw new Error(`${version} is no version; one looks like 1.2.3 or 1.2.3-rc.1`);
  const [, major, minor, patch, pre] = found;
  return { numbers: [major, minor, patch].map(Number), pre: pre ?? null };
}

/**
 * Finds the day of a version in the changelog, whose section begins with `## VERSION (YYYY-MM-DD)`. Pure.
 * @returns seconds since 1970
 * @throws {Error} if there is no such section, or nothing in it
 */
export function changelogEpoch(changelog: string, version: string): number {
  const [, day, text = ''] =
    changelog
      .split(/^## /mu)
      .map((section) => /^(\S+) \((\d{4}-\d\d-\d\d)\)\n([^]*)$/u.exec(section)?.slice(1) ?? [])
      .find(([name]) => name === version) ?? [];
  const epoch = Date.parse(`${day ?? ''}T00:00:00Z`) / 1000;
  if (Number.isNaN(epoch) || text.trim() === '')
    throw new Error(`CHANGELOG.md has no section "## ${version} (YYYY-MM-DD)" with a text`);
  return epoch;
}

const versionFiles = ['package.json', 'package-lock.json'] as const;

/** Writes the version into the files of npm. @returns a function that restores the files */
export function setVersion(top: string, from: string, to: string): () => void {
  const before = versionFiles.map((name) => ({
    path: join(top, name),
    text: readFileSync(join(top, name), 'utf8'),
  }));
  for (const { path, text } of before) {
    // The project's version comes first. The lockfile contains it twice, before all packages.
    const head = text.slice(0, text.indexOf('dependencies'));
    writeFileSync(
      path,
      head.replaceAll(`"version": "${from}"`, `"version": "${to}"`) + text.slice(head.length),
    );
  }
  return () => {
    for (const { path, text } of before) writeFileSync(path, text);
  };
}
