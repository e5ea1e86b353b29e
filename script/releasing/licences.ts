/** The licence texts of everything that a release contains. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folder with the licence texts that are missing in the packages themselves. */
const added = join(import.meta.dirname, 'licences');

/**
 * The npm packages whose files are in a bundle. Pure.
 * @param inputs paths of the bundled files, as esbuild lists them
 */
export function bundledPackages(inputs: readonly string[]): readonly string[] {
  const names = inputs.flatMap((path) => {
    const [, name] = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/u.exec(path) ?? [];
    return name === undefined ? [] : [name];
  });
  return [...new Set(names)].toSorted();
}

/**
 * Writes the licence of each bundled package, and of Node.js, into a folder.
 * @param runtime folder of the npm package with Node.js
 * @throws {Error} if a package has no licence text
 */
export function writeLicences(to: string, top: string, packages: readonly string[], runtime: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of packages) {
    const text = licenceIn(join(top, 'node_modules', name)) ?? addedLicence(name);
    if (text === null)
      throw new Error(`${name} has no licence text: put it into script/releasing/licences/${name}.txt`);
    writeFileSync(join(to, `${name.replace('/', '-')}.txt`), text);
  }
  const text = licenceIn(runtime);
  // If Node.js has no licence file, `licenceIn` may find the licence of the npm package's own scripts.
  if (text?.startsWith('Node.js is licensed') !== true)
    throw new Error(`${runtime} has no licence of Node.js`);
  writeFileSync(join(to, 'node.txt'), text);
}

function licenceIn(folder: string): string | null {
  const name = readdirSync(folder)
    .toSorted()
    .find((file) => /^(?:licen[cs]e|copying)\b/iu.test(file));
  return name === undefined ? null : readFileSync(join(folder, name), 'utf8');
}

function addedLicence(name: string): string | null {
  const path = join(added, `${name}.txt`);
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
