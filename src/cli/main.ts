/** The command line of domainsync. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { CommandFailed } from '../app/command-failed.ts';
import { fileFailed } from '../app/plan/plan-file.ts';
import { inWords, knownProblems } from '../app/problems.ts';
import { terminalText } from '../core/plain-text.ts';
import type { Problem } from '../dns/problem.ts';
import { version } from '../app/version.ts';
import { acceptJournalCommand } from './commands/accept-journal.ts';
import { agentCommand } from './commands/agent.ts';
import { applyCommand } from './commands/apply.ts';
import { checkCommand } from './commands/check.ts';
import { compareCommand } from './commands/compare.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eraseUserCommand } from './commands/erase-user.ts';
import { gatewayCommand } from './commands/gateway/index.ts';
import { exportCommand } from './commands/export.ts';
import { importCommand } from './commands/import.ts';
import { excludeCommand, includeCommand } from './commands/exclude.ts';
import { historyCommand } from './commands/history.ts';
import { installCommand } from './commands/install.ts';
import { notifyCommand } from './commands/notify.ts';
import { pauseCommand } from './commands/pause.ts';
import { planCommand } from './commands/plan.ts';
import { pullCommand, pushCommand } from './commands/push-pull.ts';
import { reportCommand } from './commands/report.ts';
import { resumeCommand } from './commands/resume.ts';
import { showCommand } from './commands/show.ts';
import { statusCommand } from './commands/status.ts';
import { uninstallCommand } from './commands/uninstall.ts';
import { verifyCommand } from './commands/verify.ts';
import { zoneCommand } from './commands/zone.ts';
import { zonesCommand } from './commands/zones.ts';
import { refuseEmptyWords } from './empty-words.ts';
import { complain, exitStatus, print } from './output.ts';
import { addGlobalOptions, globalOptionsOf, type GlobalOptions } from './global-options.ts';

const examples = `
Examples:
  domainsync status                what is running, what waits, what needs an administrator
  domainsync doctor                what is wrong here, and what to do about it
  domainsync report --out FILE     all of it in one file, for support
  domainsync zone example.org      one zone, both sides side by side
  domainsync history               what was edited lately and what became of it
  domainsync pause --for 1h        nobody's panel is ever locked by us

With --json an error is JSON as well, on standard output: {"error": {"text": ..., "problems": [...]}}.
Exit status: 0 done, 1 failed, 2 wrong usage, 3 something needs an administrator (status, doctor, install, uninstall).
Files, modes, backup and what to do when: ${join(pages(), 'operations.md')}
Every message: ${join(pages(), 'messages.md')}
`;

const program = addGlobalOptions(new Command('domainsync'))
  .version(version, '--version', 'print the version')
  .description("Mirrors the panel's DNS changes into the provider's central DNS: both or neither.")
  .addHelpText('after', examples);

/** The folder of the documentation. In a release it is beside the program; in a clone it is at the root. */
function pages(): string {
  const here = dirname(process.argv[1] ?? '');
  const beside = join(here, 'docs');
  return existsSync(beside) ? beside : join(here, '../../docs');
}

const globals = (): GlobalOptions => globalOptionsOf(program);
const commands = [
  statusCommand(globals),
  zonesCommand(globals),
  zoneCommand(globals),
  historyCommand(globals),
  showCommand(globals),
  eraseUserCommand(globals),
  checkCommand(globals),
  compareCommand(globals),
  planCommand(globals),
  applyCommand(globals),
  pushCommand(globals),
  pullCommand(globals),
  excludeCommand(globals),
  includeCommand(globals),
  exportCommand(globals),
  importCommand(globals),
  pauseCommand(globals),
  resumeCommand(globals),
  notifyCommand(globals),
  acceptJournalCommand(globals),
  agentCommand(globals),
  doctorCommand(globals),
  reportCommand(globals),
  installCommand(globals),
  uninstallCommand(globals),
  verifyCommand(globals),
  gatewayCommand(globals),
];
for (const command of commands) program.addCommand(command);
for (const command of [program, ...commands]) {
  // The message about wrong usage repeats the user's text, so control sequences in it are made harmless.
  command.configureOutput({ outputError: (text, write) => write(terminalText(text)) });
  command.exitOverride(({ exitCode, message }) => {
    if (exitCode === 0) process.exit(exitStatus.done);
    if (globals().json) printError(message.replace(/^error: /u, ''), []);
    process.exit(exitStatus.usage);
  });
}

program.hook('preAction', refuseEmptyWords);

// Writing fails if the program that reads our output has closed it, as `head` does, or if the disk is full.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  const known = fileFailed('Standard output', 'written', error);
  if (!(known instanceof CommandFailed)) throw error;
  complain(`domainsync: ${known.message}`);
  process.exit(exitStatus.failed);
});

program.parseAsync().catch((error: unknown) => {
  const text = textOf(error);
  if (globals().json) printError(text, problemsOf(error));
  complain(`domainsync: ${text}`);
  process.exitCode = exitStatus.failed;
});

/** Prints an error as JSON on standard output, because programs read only standard output. */
function printError(text: string, problems: readonly Problem[]): void {
  print(true, { error: { text, problems } }, () => text);
}

function problemsOf(error: unknown): readonly Problem[] {
  return error instanceof CommandFailed ? error.problems : (knownProblems(error) ?? []);
}

function textOf(error: unknown): string {
  const known = knownProblems(error);
  if (known !== null) return inWords(known);
  return error instanceof Error ? error.message : String(error);
}
