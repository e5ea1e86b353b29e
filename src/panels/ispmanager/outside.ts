import { existsSync, readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemOr } from '../../net/system-error.ts';

/** A program to start, with its arguments and its standard input. */
export interface Command {
  readonly program: string;
  readonly words: readonly string[];
  readonly input: string;
}

/**
 * Starts programs as services of their own. It is part of systemd 236 and later; every system with glibc
 * 2.28 has such a version.
 */
const starter = 'systemd-run';

/**
 * Makes a command by which systemd starts a program, so that the program runs without the limits of our
 * unit. What the program leaves running (such as the panel at its first access, docs/protocol.md#files-5)
 * does not belong to our unit either. Arguments and environment are passed on standard input. Other users
 * can read the command lines of services, and systemd replaces `$` in them.
 * @param milliseconds after which systemd ends the program
 */
export function outsideUnit(
  { program, words }: Omit<Command, 'input'>,
  environment: Readonly<Record<string, string>>,
  milliseconds: number,
): Command {
  const settings = [
    // The panel that the tool has started must outlive it.
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

/** Quotes a word for a POSIX shell, whatever characters it has. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Whether a process of the panel itself runs on this host. Its program lies below the panel's root, and its
 * command line has the panel's name (`bin/core ispmgr`, `bin/ispmgr`). This is not documented
 * (docs/compatibility.md).
 * @param panel the panel's own name, such as `ispmgr`
 */
export function panelRuns(root: string, panel: string): boolean {
  if (!existsSync(root)) return false;
  const home = `${realpathSync(root)}/`;
  const own = join(home, 'lib/domainsync/');
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/u.test(pid)) return false;
    // A process may have ended, belong to the kernel, or be closed to us.
    const program = systemOr(() => readlinkSync(`/proc/${pid}/exe`), '');
    if (!program.startsWith(home) || program.startsWith(own)) return false;
    const line = systemOr(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '');
    return basename(line.split('\0')[0] ?? '') !== 'mgrctl' && line.includes(panel);
  });
}
