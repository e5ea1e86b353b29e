/**
 * Prints each package whose content the lockfile does not pin, and reports a Node.js that is not the recorded
 * one (exit status 1). `script/releasing/lockfile.ts` says which packages need not be pinned.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockedPackages, unpinned } from './releasing/lockfile.ts';
import { architectures, checkedRuntime, recordedRuntime, runtimeFolder } from './releasing/runtime.ts';

const top = join(import.meta.dirname, '..');
const packages = lockedPackages(readFileSync(join(top, 'package-lock.json'), 'utf8'));
const wrong = [...unpinned(packages)];
for (const arch of architectures) {
  const { version } = recordedRuntime;
  const pinned = packages[`node_modules/node-linux-${arch}`]?.version;
  if (pinned !== version) wrong.push(`node-linux-${arch} is ${pinned ?? 'missing'}, recorded is ${version}`);
  const folder = runtimeFolder(top, arch);
  if (folder !== null) checkedRuntime(folder, arch);
}
for (const one of wrong) console.error(`package-lock.json: ${one}`);
process.exitCode = wrong.length > 0 ? 1 : 0;
