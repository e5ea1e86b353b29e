import { existsSync, readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A program to be started, and what it reads on standard input. */
export interface Command {
  readonly program: string;
  readonly words: readonly string[];
  readonly input: string;
}

/**
 * Starts programs as services of their own: systemd-run(1) of systemd 236 and later; every system with glibc
 * 2.28 has that.
 */
const starter = 'systemd-run';

/**
 * The same command, started by systemd itself and not by this process, so without the limits of our unit.
 * What it leaves running (a panel that starts with the first access, docs/protocol.md#files-5) is not a part
 * of our unit. Words and environment go through standard input: others can read the command lines of
 * services, and systemd replaces `$` in them.
 * @param milliseconds after which systemd ends it
 */
export function outsideUnit(
  { program, words }: Omit<Command, 'input'>,
  environment: Readonly<Record<string, string>>,
  milliseconds: number,
): Command {
  const settings = [
    // What the tool has started outlives it.
    '--property=KillMode=process',
    `--property=RuntimeMaxSec=${Math.ceil(milliseconds / 1_000)}`,
  ];
  const exported = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  return {
    program: starter,
    words: ['--quiet', '--collect', '--wait', '--pipe', ...settings, '--', '/bin/sh'],
    input: `${exported.join('')}exec ${[program, ...words].map(quoted).join(' ')}\n`,
  };
}

/** One word of a POSIX shell, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Whether a process of the panel itself runs on this host. Its program lies under the panel's root, and its
 * command line has the panel's name (`bin/core ispmgr`, `bin/ispmgr`). How a panel's process looks is not on
 * record (docs/compatibility.md).
 * @param panel the panel's own name, as `ispmgr`
 */
export function panelRuns(root: string, panel: string): boolean {
  if (!existsSync(root)) return false;
  const home = `${realpathSync(root)}/`;
  const own = join(home, 'lib/domainsync/');
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/u.test(pid)) return false;
    const program = told(() => readlinkSync(`/proc/${pid}/exe`));
    if (!program.startsWith(home) || program.startsWith(own)) return false;
    const line = told(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    return basename(line.split('\0')[0] ?? '') !== 'mgrctl' && line.includes(panel);
  });
}

/** Empty for a process that has ended, belongs to the kernel, or is not to be checked. */
function told(look: () => string): string {
  try {
    return look();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}
