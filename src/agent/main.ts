/**
 * The agent: one long-lived process for each panel. A system service starts the agent. If no agent runs, the
 * hook starts one.
 *
 * Usage: node agent.cjs [--root DIR] [--socket PATH] [--service]
 * `--service` says that systemd confines the process (plugin/system/domainsync-agent.service).
 * Exit status 0: the agent was stopped on request, or another agent runs already or is about to. Exit status
 * 1: it could not start (the log says why).
 */
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { terminalText } from '../core/plain-text.ts';
import { pathsOf, type Paths } from '../app/paths.ts';
import { wirePanel, wirePanelHand } from '../app/wiring/wire.ts';
import { Agent } from './agent.ts';
import { answerControl } from './control.ts';
import { belongsToService } from './left-to-service.ts';
import { takeLock } from './lock.ts';
import { FileLog } from './log.ts';
import { notifierOf } from './notifications.ts';
import { listen } from './server.ts';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { root: { type: 'string' }, socket: { type: 'string' }, service: { type: 'boolean' } },
  });
  const root = resolve(values.root ?? process.env['DOMAINSYNC_ROOT'] ?? rootOfProgram());
  const paths = pathsOf(root, values.socket);
  process.umask(0o077);
  process.chdir('/');
  const log = new FileLog(paths.log, 4);
  try {
    return await run(root, paths, log, values.service);
  } catch (error) {
    // Often nobody sees this program's output, so the error is also written to the log.
    log.write(1, 'agent.failed', { error: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

async function run(root: string, paths: Paths, log: FileLog, isService = false): Promise<number> {
  const release = takeLock(paths.lock);
  if (release === null) return 0;
  if (!isService && belongsToService(root)) {
    log.write(2, 'agent.left-to-service', { pid: process.pid });
    release();
    return 0;
  }
  const hand = await wirePanelHand(root);
  const panel = await wirePanel(root, isService, log.write);
  const agent = new Agent(paths, panel, (call) => hand.facts(call), log, isService);
  await agent.start();
  const server = await listen(paths.socket, {
    hook: (call) => agent.answer(call),
    control: (request) => answerControl(agent, request),
  });
  const notifier = notifierOf(agent, log);
  notifier.start();
  log.write(4, 'agent.start', { pid: process.pid, root, socket: paths.socket });
  await new Promise<void>((stop) => {
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  });
  // Calls in progress are answered before the engines close, because the panel waits for them.
  await new Promise((closed) => server.close(closed));
  await notifier.stop();
  await agent.stop();
  log.write(4, 'agent.stop', { pid: process.pid });
  release();
  return 0;
}

/** The panel's root, taken from the path of this program: ROOT/lib/domainsync/RELEASE/agent.cjs. */
function rootOfProgram(): string {
  return dirname(dirname(dirname(dirname(resolve(process.argv[1] ?? '')))));
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    console.error(terminalText(error instanceof Error ? (error.stack ?? error.message) : String(error)));
    process.exit(1);
  },
);
