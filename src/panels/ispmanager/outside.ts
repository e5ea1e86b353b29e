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
 * The program that starts other programs as services of their own. It comes with systemd 236 and later, which
 * every system with glibc 2.28 has.
 */
const starter = 'systemd-run';

/**
 * Makes a command with which systemd starts a program outside our unit and its limits. Programs that the
 * started program leaves running do not belong to our unit either. An example is the panel after its first
 * access (docs/protocol.md#files-5). Arguments and environment are passed on standard input. If they were on
 * the command line, other users could read them, and systemd would replace `$` in them.
 * @param milliseconds after this time systemd ends the program
 */
export function outsideUnit(
  { program, words }: Omit<Command, 'input'>,
  environment: Readonly<Record<string, string>>,
  milliseconds: number,
): Command {
  const settings = [
    // The tool may start the panel, and the panel must keep running after the tool has ended.
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

/** Quotes any text as one word for a POSIX shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Whether a process of the panel itself runs on this host. Its program lies below the panel's root, and its
 * command line contains the panel's name (`bin/core ispmgr`, `bin/ispmgr`). This is not documented
 * (docs/compatibility.md).
 * @param panel the panel's own name, such as `ispmgr`
 */
export function panelRuns(root: string, panel: string): boolean {
  if (!existsSync(root)) return false;
  const home = `${realpathSync(root)}/`;
  const own = join(home, 'lib/domainsync/');
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/u.test(pid)) return false;
    // The process may have ended, may belong to the kernel, or may not let us read this.
    const program = systemOr(() => readlinkSync(`/proc/${pid}/exe`), '');
    if (!program.startsWith(home) || program.startsWith(own)) return false;
    const line = systemOr(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '');
    return basename(line.split('\0')[0] ?? '') !== 'mgrctl' && line.includes(panel);
  });
}
