/**
 * A root file system with its own packages. Changes of `/usr`, `/etc` and `/var` stay in a folder of the
 * test.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const places = ['usr', 'etc', 'var'] as const;

/** Reason why no such root can be made here; false: one can. */
export function rootMissing(): string | false {
  const mounts =
    'd=$(mktemp -d); trap "umount \\"$d\\"; rmdir \\"$d\\"" EXIT; mount -t tmpfs none "$d"; mkdir "$d/u" "$d/w"';
  const overlay = 'mount -t overlay none -o "lowerdir=/etc,upperdir=$d/u,workdir=$d/w" /etc; umount /etc';
  const { status } = spawnSync('unshare', ['--mount', 'sh', '-ec', `${mounts}; ${overlay}`]);
  return status === 0 ? false : 'mounting an overlay is not allowed here (root is needed)';
}

export class CleanRoot {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    for (const place of places) {
      mkdirSync(join(folder, place, 'upper'), { recursive: true });
      mkdirSync(join(folder, place, 'work'));
    }
  }

  /** Runs a program in the root. The next program sees its changes. @returns what it prints */
  async run(...command: readonly string[]): Promise<string> {
    const mounts = places.map((place) => {
      const [upper, work] = [join(this.#folder, place, 'upper'), join(this.#folder, place, 'work')];
      return `mount -t overlay none -o "lowerdir=/${place},upperdir=${upper},workdir=${work}" /${place}`;
    });
    const script = `${mounts.join('\n')}\nexec "$@"`;
    const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8' };
    const { stdout, stderr } = await run('unshare', ['--mount', 'sh', '-ec', script, 'sh', ...command], {
      env,
    });
    return stdout + stderr;
  }

  /** Writes a file below `/usr`, `/etc` or `/var` before anything runs in the root. */
  write(path: string, text: string): void {
    const [, place = '', ...rest] = path.split('/');
    const file = join(this.#folder, place, 'upper', ...rest);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
