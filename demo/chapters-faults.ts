import { stands } from '../src/testing/stage/central-side.ts';
import { engineStatus } from './chapters-adoption.ts';
import { seenNow, watched } from './show-dig.ts';
import { leaks } from '../src/testing/stage/secrets.ts';
import { endProcess, until, type AnyStage } from '../src/testing/stage/stage.ts';
import { check, quote, print, printChapter } from './print.ts';
import { address, holds, holdsName } from '../src/testing/stage/panel-words.ts';

const zone = 'oakbridge-cricket.example';

export async function localRefusal(stage: AnyStage): Promise<void> {
  printChapter('The central has accepted, then the panel refuses its own part');
  stage.panel.switches.failLocal = {
    [stage.atPanel.words.save]: { code: 1, text: 'disk quota exceeded', count: 1 },
  };
  const half = address('half', '192.0.2.140');
  const answer = await watched(stage, zone, [half], () => stage.atPanel.save(zone, half));
  quote(answer.error?.text ?? answer.body);
  check('the panel says its own reason', answer.error?.text.includes('quota') === true, answer.body);
  check('for a moment the central is ahead', await stands(stage.there, zone, half));
  const took = await until('the undo', async () => !(await stands(stage.there, zone, half)));
  check(
    `two looks at the panel later (${(took / 1000).toFixed(1)} s) it is undone`,
    !(await stands(stage.there, zone, half)),
  );
  await seenNow(stage, zone, half);
  check('and the panel never had it', !holds(stage.panel, zone, half));
  print('(this demo waits 1 s and 1 s; the defaults are 5 s and 5 s)');
}

export async function agentKilled(stage: AnyStage): Promise<void> {
  printChapter('The agent is killed in the middle of an edit');
  const pid = await stage.agent();
  check('the agent runs', pid !== null);
  stage.there.withhold();
  const [cut, next] = [address('cut', '192.0.2.150'), address('next', '192.0.2.150')];
  const editing = stage.atPanel.save(zone, cut);
  await until('the central to carry it out', () => stands(stage.there, zone, cut));
  if (pid !== null) await endProcess(pid, 'SIGKILL');
  print(`kill -9 ${pid}: the central has carried it out, its answer is still on the way`);
  await seenNow(stage, zone, cut);
  const answer = await editing;
  quote(answer.error?.text ?? answer.body);
  check('the hook refuses by itself: never a silent accept', !answer.ok && answer.error !== null);
  check('the panel has not changed', !holdsName(stage.panel, zone, 'cut'));
  stage.there.answerAgain();
  await stage.atPanel.save(zone, next);
  await until('the agent to be there again', async () => (await stage.agent()) !== null);
  check('the next edit has started a new agent', (await stage.agent()) !== pid);
  check('and was mirrored', (await stands(stage.there, zone, next)) && holds(stage.panel, zone, next));
  const took = await until('the recovery', async () => !(await stands(stage.there, zone, cut)));
  check(
    `the half-done edit is taken back (${(took / 1000).toFixed(1)} s): on neither side`,
    !holds(stage.panel, zone, cut),
  );
  await seenNow(stage, zone, cut);
  await until('everything to be settled', async () => (await engineStatus(stage))?.open === 0);
  print(await stage.domainsync('history', '--latest', '8'));
  check('nothing is open, nothing is stuck', (await engineStatus(stage))?.open === 0);
}

export async function nothingLeaked(stage: AnyStage): Promise<void> {
  printChapter('What was written on the way');
  const found = await leaks(stage);
  check(
    'the password is in no log, journal, plugin file or answer of the command line',
    found.length === 0,
    found,
  );
  const report = await stage.domainsync('doctor');
  print(report);
  check('the doctor finds nothing wrong', report.includes('0 problems'), report);
}
