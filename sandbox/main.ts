import { Command, InvalidArgumentError, Option } from 'commander';
import { startSandbox } from './index.ts';
import { defaultSwitches, parseSwitch, setSwitches } from './shared/switches.ts';
import type { Generation, SandboxOptions } from './index.ts';
import type { Level, SandboxUser } from './shared/types.ts';

/** Access levels, by their numbers in version 4 and in version 5/6 (docs/protocol.md#generations). */
const LEVELS: Readonly<Record<string, Level>> = {
  '5': 5,
  '6': 6,
  '7': 7,
  '16': 5,
  '24': 6,
  '29': 7,
  '30': 7,
};
const GENERATIONS = ['v4', 'v5', 'v6', 'dnsmgr'] as const;

function readUser(text: string, before: readonly SandboxUser[]): readonly SandboxUser[] {
  const [name = '', password = '', level = '5', limit = '', owner = ''] = text.split(':');
  const known = LEVELS[level];
  if (name === '' || known === undefined || !/^\d*$/u.test(limit)) {
    throw new InvalidArgumentError(
      'name:password:level[:domainlimit[:owner]], level 5, 6 or 7 (later panels: 16, 24, 29)',
    );
  }
  const user: SandboxUser = {
    name,
    password,
    level: known,
    ...(limit === '' ? {} : { domainLimit: Number(limit) }),
    ...(owner === '' ? {} : { owner }),
  };
  return [...before, user];
}

function readSwitch(
  text: string,
  before: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  try {
    const values = parseSwitch(text);
    setSwitches(defaultSwitches(), values);
    return { ...before, ...values };
  } catch (error) {
    throw new InvalidArgumentError(String(error));
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('a port, 0 to 65535');
  return port;
}

interface Flags {
  readonly generation: Generation;
  readonly root: string;
  readonly port: number;
  readonly tls: boolean;
  readonly name?: string;
  readonly user: readonly SandboxUser[];
  readonly switch: Readonly<Record<string, unknown>>;
}

const command = new Command('sandbox')
  .description(
    'A stand-in for a panel, ISPmanager 4 unless told otherwise, on 127.0.0.1; prints one line of JSON when it is ready.',
  )
  .requiredOption('--root <dir>', 'directory laid out like /usr/local/ispmgr; its state stays there')
  .addOption(
    new Option('--generation <name>', 'ISPmanager 4, 5, 6 or DNSmanager').choices(GENERATIONS).default('v4'),
  )
  .option('--port <n>', '0: any free port', readPort, 0)
  .option('--user <name:password:level[:domainlimit[:owner]]>', 'add an account (repeatable)', readUser, [])
  .option('--switch <name=value>', 'set a switch, see README.md (repeatable)', readSwitch, {})
  .option('--name <text>', 'name shown in pages and certificates')
  .option('--no-tls', 'plain HTTP');

const flags = command.parse().opts<Flags>();
const options: SandboxOptions = {
  root: flags.root,
  generation: flags.generation,
  port: flags.port,
  tls: flags.tls,
  switches: flags.switch,
  ...(flags.name === undefined ? {} : { name: flags.name }),
  ...(flags.user.length === 0 ? {} : { users: flags.user }),
};
const sandbox = await startSandbox(options);
const { url, root, fingerprint, controlToken } = sandbox;
process.stdout.write(`${JSON.stringify({ url, root, fingerprint, controlToken, pid: process.pid })}\n`);
process.on('SIGHUP', () => sandbox.restartPanel({ keepCache: true }));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void sandbox.stop());
