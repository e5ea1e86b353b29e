import * as v from 'valibot';

const words = v.optional(v.union([v.string(), v.array(v.string())]));

const lockSchema = v.object({
  packages: v.record(
    v.string(),
    v.object({
      version: v.optional(v.string()),
      integrity: v.optional(v.string()),
      dev: v.optional(v.boolean()),
      optional: v.optional(v.boolean()),
      os: words,
      cpu: words,
      libc: words,
    }),
  ),
});

type Locked = v.InferOutput<typeof lockSchema>['packages'][string];

/** The packages of a lockfile, by their paths. @throws {v.ValiError} if it is no lockfile */
export function lockedPackages(text: string): Readonly<Record<string, Locked>> {
  return v.parse(lockSchema, JSON.parse(text)).packages;
}

/**
 * Lists problems of a lockfile: packages without a checksum that npm would install here, or on another
 * machine that builds releases. Pure. Some tools have one package for each platform, and the registry does
 * not serve all of them. npm refuses a lockfile that leaves them out. It never installs them on Linux with
 * glibc on x64 or arm64.
 */
export function unpinned(packages: Readonly<Record<string, Locked>>): readonly string[] {
  return Object.entries(packages).flatMap(([path, one]) => {
    if (path === '' || one.integrity !== undefined || isForOthers(one)) return [];
    return [`${path} has no integrity`];
  });
}

function isForOthers({ dev, optional, os, cpu, libc }: Locked): boolean {
  const ours = includes(os, 'linux') && includes(libc, 'glibc');
  const builds = ours && (includes(cpu, 'x64') || includes(cpu, 'arm64'));
  return dev === true && optional === true && !builds;
}

/** Whether a package is for this platform. A package that names no platform is for all. */
function includes(platforms: string | readonly string[] | undefined, name: string): boolean {
  return platforms === undefined || [platforms].flat().includes(name);
}
