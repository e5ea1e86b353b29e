/** Ends a story after its last trouble: starts all processes again, and waits until no operation is open. */
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { ask, AskFailed } from '../../app/control/client.ts';
import type { StatusReport } from '../../app/control/protocol.ts';
import { address, saveClick } from '../stage/panel-words.ts';
import { endProcess, until } from '../stage/stage.ts';
import { setFakeClock } from './fake-clock.ts';
import { killNow, productProcesses } from './processes.ts';
import { crashCustomer, sharedZone, type Scene } from './scene.ts';

/** Longest time (ms) until no operation is open any more. It is long, because only a hang should reach it. */
const longest = { short: 180_000, default: 420_000 };

/**
 * Waits until no operation is open, compares all zones once more, and waits again.
 * @throws Error with the agent's last status if this takes too long
 */
export async function comeToRest(scene: Scene): Promise<void> {
  const { panel, proxy, plan, paths, tell } = scene;
  proxy.order('pass', 0);
  setFakeClock(paths.root, 0);
  await panel.control('switches', { set: { failLocal: {} } });
  await panel.control('clearFaults');
  tell('the troubles are over');
  let last = 'no status';
  const isDone = async (): Promise<boolean> => {
    const status = await wake(scene);
    last = JSON.stringify({
      ...status,
      centrals: undefined,
      stuck: status?.engine?.stuck.map(({ id, zone }) => `${id} ${zone}`),
    });
    return status !== null && isAtRest(status);
  };
  try {
    await until('rest', isDone, longest[plan.waits]);
    tell('rest; all is compared once more');
    await ask(scene.paths.socket, 'compare', { zone: null, central: null });
    await until('rest after a comparison', isDone, longest[plan.waits]);
  } catch (error) {
    throw new Error(`${String(error)}; ${last.slice(0, 3_000)}`, { cause: error });
  }
  tell('at rest');
}

function isAtRest({ engine, fromAgent, state }: StatusReport): boolean {
  if (state !== 'running' || engine === null || fromAgent === null) return false;
  const isQuiet = engine.open === 0 && !fromAgent.comparison.running && fromAgent.blocked === null;
  return isQuiet && engine.baselineAt !== null && fromAgent.comparison.problem === null;
}

/**
 * Returns the status of the agent. Without an agent, makes an edit that starts one. If the journal is lost,
 * repairs it as the docs say.
 */
async function wake(scene: Scene): Promise<StatusReport | null> {
  const status = await scene.commands.status();
  if (status === null) {
    await nudge(scene);
    return null;
  }
  const codes = [
    ...status.problems.map(({ code }) => code),
    ...status.centrals.flatMap((one) => problemsOf(one)),
  ];
  const isLost = codes.some((code) => code === 'journal.lost' || code === 'journal.unreadable');
  if (scene.journalLost && isLost) {
    await putJournalRight(scene, codes);
    return null;
  }
  const doubt = status.engine?.doubt ?? null;
  if (doubt !== null && status.engine?.baselineAt !== null) {
    scene.tell(`the operator accepts the journal (${doubt.why})`);
    await ask(scene.paths.socket, 'accept-journal', { central: null });
  }
  return status;
}

function problemsOf(report: unknown): readonly string[] {
  return [...JSON.stringify(report).matchAll(/"code":"(journal\.[a-z-]+)"/gu)].map(([, code = '']) => code);
}

/** Makes an edit whose only purpose is to start an agent. Any answer to this edit is right. */
async function nudge({ panel, tell }: Scene): Promise<void> {
  const { func, params } = saveClick(panel.words, sharedZone, address('nudge', '192.0.2.200'));
  const answer = await panel.call(func, params, crashCustomer);
  tell(`an edit starts the agent: ${answer.ok ? 'accepted' : (answer.error?.text ?? '')}`);
}

/** Does what docs/operations.md tells an operator to do if the journal is lost or cannot be read. */
async function putJournalRight(scene: Scene, codes: readonly string[]): Promise<void> {
  const { paths, tell } = scene;
  tell(`the operator puts the journal right: ${[...new Set(codes)].join(' ')}`);
  await stopAgent(scene);
  if (codes.includes('journal.unreadable')) {
    const away = join(paths.state, `away-${performance.now().toFixed(0)}`);
    mkdirSync(away);
    for (const name of readdirSync(paths.state))
      if (name.includes('.db')) renameSync(join(paths.state, name), join(away, name));
  }
  await nudge(scene);
}

/** Ends the agent as an administrator would, by SIGTERM; kills it if it does not end. */
export async function stopAgent({ directory }: Pick<Scene, 'directory'>): Promise<void> {
  for (const pid of productProcesses(directory, 'agent')) {
    try {
      await endProcess(pid);
    } catch (error) {
      if (error instanceof AskFailed) continue;
      killNow(pid);
    }
  }
}
