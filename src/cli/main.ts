/** The command line: looks, acts, finds faults, installs. */
import { Command } from 'commander';
import { version } from '../app/version.ts';
import { SettingsRefused } from '../app/wiring/wire.ts';
import { DnsDataError } from '../dns/problem.ts';
import { actCommands } from './act.ts';
import { inWords } from './ask.ts';
import { doctorCommand } from './doctor.ts';
import { examples } from './help.ts';
import { installCommand, uninstallCommand } from './install.ts';
import { lookCommands } from './look.ts';
import { complain, exitStatus } from './output.ts';
import { addPlaceOptions, placeOf, type Place } from './place.ts';

const program = addPlaceOptions(new Command('domainsync'))
  .version(version, '--version', 'print the version')
  .description("Mirrors the panel's DNS changes into the provider's central DNS: both or neither.")
  .addHelpText('after', examples.program);

const place = (): Place => placeOf(program);
const commands = [
  ...lookCommands(place),
  ...actCommands(place),
  doctorCommand(place),
  installCommand(place),
  uninstallCommand(place),
];
for (const command of commands) program.addCommand(command);
for (const command of [program, ...commands]) {
  command.exitOverride((error) => process.exit(error.exitCode === 0 ? exitStatus.done : exitStatus.usage));
}

// Whoever read the output has seen enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

program.parseAsync().catch((error: unknown) => {
  complain(`domainsync: ${textOf(error)}`);
  process.exitCode = exitStatus.failed;
});

function textOf(error: unknown): string {
  // A name on the command line that is none; settings that cannot be used.
  if (error instanceof DnsDataError || error instanceof SettingsRefused) return inWords(error.problems);
  return error instanceof Error ? error.message : String(error);
}
