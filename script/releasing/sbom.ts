/** The software bill of materials of a release, in the format CycloneDX. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { lockedPackages } from './lockfile.ts';
import { recordedRuntime, type Architecture } from './runtime.ts';

const run = promisify(execFile);

const component = v.looseObject({ 'bom-ref': v.string(), name: v.string(), version: v.string() });
const bomSchema = v.looseObject({
  metadata: v.looseObject({ component }),
  components: v.array(component),
  dependencies: v.array(v.object({ ref: v.string(), dependsOn: v.optional(v.array(v.string())) })),
});

type Bom = v.InferOutput<typeof bomSchema>;

/**
 * Runs `npm sbom` for what the lockfile pins, without development packages.
 * @throws {Error} if npm is older than 10, which has no such command
 */
export async function npmBom(top: string): Promise<Bom> {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const { stdout } = await run('npm', args, { cwd: top, maxBuffer: 2 ** 24 });
  const lockfile = readFileSync(join(top, 'package-lock.json'), 'utf8');
  return withoutDevelopment(v.parse(bomSchema, JSON.parse(stdout)), lockedPackages(lockfile));
}

/**
 * Leaves out packages that only the development needs. `npm sbom --omit dev` also leaves out those that a
 * development package needs besides the product. Pure.
 * @param locked the packages of the lockfile
 */
export function withoutDevelopment(bom: Bom, locked: ReturnType<typeof lockedPackages>): Bom {
  const kept = new Set([bom.metadata.component['bom-ref']]);
  for (const [path, { version, dev }] of Object.entries(locked))
    if (path !== '' && dev !== true) kept.add(`${path.split('node_modules/').at(-1)}@${version}`);
  return {
    ...bom,
    components: bom.components.filter(({ 'bom-ref': ref }) => kept.has(ref)),
    dependencies: bom.dependencies
      .filter(({ ref }) => kept.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => kept.has(one)) })),
  };
}

/**
 * Makes the bill of one architecture. Node.js and the libraries in it replace the npm package that contains
 * Node.js. Time, serial number and tools are left out, so that equal sources give equal octets. Pure.
 * @param versions the libraries in Node.js, as `process.versions` lists them
 */
export function billOf(
  bom: Bom,
  version: string,
  arch: Architecture,
  versions: Readonly<Record<string, string | undefined>>,
): string {
  const root = { ...bom.metadata.component, name: 'domainsync', type: 'application', version };
  const own = { ...root, 'bom-ref': `domainsync@${version}`, purl: `pkg:generic/domainsync@${version}` };
  const node = nodeComponent(arch, versions);
  const carries = (ref: string): boolean => ref.startsWith('node-linux-');
  const renamed = (ref: string): string => {
    if (ref === bom.metadata.component['bom-ref']) return own['bom-ref'];
    return carries(ref) ? node['bom-ref'] : ref;
  };
  const dependencies = bom.dependencies
    .filter(({ ref }) => !carries(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref: renamed(ref),
      dependsOn: [...new Set(dependsOn.map(renamed))].toSorted(),
    }));
  const components = [...bom.components.filter(({ 'bom-ref': ref }) => !carries(ref)), node];
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: own },
    components,
    dependencies: [...dependencies, { ref: node['bom-ref'], dependsOn: [] }],
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function nodeComponent(arch: Architecture, versions: Readonly<Record<string, string | undefined>>) {
  const { version, sha256 } = recordedRuntime;
  const parts = Object.entries(versions).filter(([name, one]) => !notParts.has(name) && one !== '');
  return {
    'bom-ref': `node@${version}`,
    type: 'platform',
    name: 'node',
    version,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    purl: `pkg:generic/node@${version}?arch=${arch}&os=linux`,
    hashes: [{ alg: 'SHA-256', content: sha256[arch] }],
    licenses: [{ license: { name: 'Node.js and the parts built into it: licenses/node.txt' } }],
    properties: [{ name: 'domainsync:carried-by', value: `pkg:npm/node-linux-${arch}@${version}` }],
    components: parts.map(([name, one = '']) => ({
      'bom-ref': `node@${version}/${name}@${one}`,
      type: 'library',
      name,
      version: one,
    })),
  };
}

/** Entries of `process.versions` that name an interface or a table, not a library. */
const notParts: ReadonlySet<string> = new Set(['node', 'modules', 'napi', 'unicode', 'tz', 'cldr']);
