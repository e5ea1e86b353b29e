import { holds, status } from './chapters-adoption.ts';
import { leaks } from './secrets.ts';
import { endProcess, until, type Stage } from './stage.ts';
import { check, quote, tell, tellChapter } from './tell.ts';

const zone = 'oakbridge-cricket.example';

export async function localRefusal(stage: Stage): Promise<void> {
  tellChapter('The central has accepted, then the panel refuses its own part');
  stage.panel.switches.failLocal = {
    'domain.sublist.edit': { code: 1, text: 'disk quota exceeded', count: 1 },
  };
  const form = { plid: zone, elid: '', name: 'half', sdtype: 'A', addr: '192.0.2.140', sok: 'ok' };
  const answer = await stage.customer('domain.sublist.edit', form);
  quote(answer.error?.text ?? answer.body);
  check('the panel says its own reason', answer.error?.text.includes('quota') === true, answer.body);
  check('for a moment the central is ahead', holds(stage.central.keys(zone), 'half A'));
  const took = await until('the undo', () => !holds(stage.central.keys(zone), 'half A'));
  check(
    `two looks at the panel later (${(took / 1000).toFixed(1)} s) it is undone`,
    !holds(stage.central.keys(zone), 'half A'),
  );
  check('and the panel never had it', !holds(stage.panel.keys(zone), 'half A'));
  tell('(this demo waits 1 s and 1 s; the defaults are 5 s and 5 s)');
}

export async function agentKilled(stage: Stage): Promise<void> {
  tellChapter('The agent is killed in the middle of an edit');
  const pid = await stage.agent();
  check('the agent runs', pid !== null);
  stage.central.faults.add({ func: 'domain.sublist.edit', effect: 'delay-after', ms: 4_000 });
  const form = { plid: zone, elid: '', name: 'cut', sdtype: 'A', addr: '192.0.2.150', sok: 'ok' };
  const editing = stage.customer('domain.sublist.edit', form);
  await until('the central to carry it out', () => holds(stage.central.keys(zone), 'cut A'));
  if (pid !== null) await endProcess(pid, 'SIGKILL');
  tell(`kill -9 ${pid}: the central has the record, its answer is still on the way`);
  const answer = await editing;
  quote(answer.error?.text ?? answer.body);
  check('the hook refuses by itself: never a silent accept', !answer.ok && answer.error !== null);
  check('the panel has not changed', !holds(stage.panel.keys(zone), 'cut A'));
  stage.central.faults.clear();
  await stage.customer('domain.sublist.edit', { ...form, name: 'next' });
  await until('the agent to be there again', async () => (await stage.agent()) !== null);
  check('the next edit has started a new agent', (await stage.agent()) !== pid);
  check(
    'and was mirrored',
    holds(stage.central.keys(zone), 'next A') && holds(stage.panel.keys(zone), 'next A'),
  );
  const took = await until('the recovery', () => !holds(stage.central.keys(zone), 'cut A'), 60_000);
  check(
    `the half-done edit is taken back (${(took / 1000).toFixed(1)} s): on neither side`,
    !holds(stage.panel.keys(zone), 'cut A'),
  );
  await until('everything to be settled', async () => (await status(stage)).open === 0);
  tell(await stage.domainsync('history', '--latest', '8'));
  check('nothing is open, nothing is stuck', (await status(stage)).open === 0);
}

export async function nothingLeaked(stage: Stage): Promise<void> {
  tellChapter('What was written on the way');
  const found = await leaks(stage);
  check(
    'the password is in no log, journal, plugin file or answer of the command line',
    found.length === 0,
    found,
  );
  const report = await stage.domainsync('doctor');
  tell(report);
  check('the doctor finds nothing wrong', report.includes('0 problems'), report);
}
