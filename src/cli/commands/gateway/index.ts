import { once } from 'node:events';
import { Command, Option } from 'commander';
import { systemClock } from '../../../app/wiring/clock.ts';
import { CommandFailed } from '../../../app/command-failed.ts';
import { SettingsRefused } from '../../../centrals/connection.ts';
import { describeProblem } from '../../../core/describe.ts';
import { startGateway, type RunningGateway } from '../../../gateway/serve.ts';
import type { GatewaySettings } from '../../../gateway/settings.ts';
import { StorageError } from '../../../gateway/storage/storage.ts';
import type { Log } from '../../../core/log.ts';
import { isSystemError } from '../../../net/system-error.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { sayJson } from '../../output.ts';
import { acceptDatabaseCommand } from './accept-database.ts';
import { auditCommand } from './audit.ts';
import { customerCommand } from './customers.ts';
import { driftCommand } from './drift.ts';
import { explainCommand } from './explain.ts';
import { operatorCommand } from './operators.ts';
import { tokenCommand } from './tokens.ts';
import { gatewayDoctorCommand } from './doctor.ts';
import { settingsAt, storageProblem } from './with-storage.ts';
import { gatewayZoneCommand } from './zones.ts';

const examples = `
Examples:
  domainsync gateway customer add shop-17
  domainsync gateway token add shop-17 --from 192.0.2.7 --label "panel of shop-17"
  domainsync gateway serve           until it is ended by a signal
  domainsync gateway audit
  domainsync gateway doctor

The settings file has the sections [gateway] and [backend].
Exit status: 0 done, 1 failed.
`;

/** Up to this level, events are written to standard output while the gateway runs. */
const loggedLevel = 5;

/** `domainsync gateway ...`: the provider's service in front of the name servers, and its commands. */
export function gatewayCommand(globals: () => GlobalOptions): Command {
  const command = new Command('gateway')
    .description("the provider's service in front of the name servers: customers, tokens, zones")
    .addOption(
      new Option('--config <file>', 'settings file of the gateway')
        .default('/etc/domainsync-gateway.ini')
        .env('DOMAINSYNC_GATEWAY_CONFIG'),
    )
    .addHelpText('after', examples);
  const config = (): string => command.opts<{ config: string }>().config;
  const own = { globals, config };
  command
    .command('serve')
    .description('run the gateway in the foreground; each event is one line of JSON on standard output')
    .action(async () => {
      await serve(settingsAt(config()));
    });
  const parts = [
    customerCommand,
    tokenCommand,
    gatewayZoneCommand,
    auditCommand,
    explainCommand,
    gatewayDoctorCommand,
    driftCommand,
    operatorCommand,
    acceptDatabaseCommand,
  ];
  for (const part of parts) command.addCommand(part(own));
  return command;
}

async function serve(settings: GatewaySettings): Promise<void> {
  const log: Log = (level, event, fields = {}) => {
    if (level <= loggedLevel) sayJson({ ...fields, time: new Date().toISOString(), level, event });
  };
  const running = await started(settings, log);
  log(4, 'gateway.listening', { host: settings.listen.host, port: running.port });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      stop.abort();
    });
  if (!stop.signal.aborted) await once(stop.signal, 'abort');
  await running.close();
  log(4, 'gateway.stopped');
}

async function started(settings: GatewaySettings, log: Log): Promise<RunningGateway> {
  try {
    return await startGateway(settings, { clock: systemClock, log });
  } catch (error) {
    if (error instanceof StorageError) throw new CommandFailed(describeProblem(storageProblem(error), 'en'));
    if (error instanceof SettingsRefused) {
      const text = error.problems.map((one) => describeProblem(one, 'en')).join('\n');
      throw new CommandFailed(text, error.problems);
    }
    if (isSystemError(error)) throw new CommandFailed(`The gateway cannot listen: ${error.message}`);
    throw error;
  }
}
