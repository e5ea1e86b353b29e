import { edit } from './chapters-adoption.ts';
import { somebody, until, type Stage } from './stage.ts';
import { check, milliseconds, quote, tell, tellChapter } from './tell.ts';
import { address, agree, holds, holdsName, type Wanted } from './words.ts';

const zone = 'harbour-books.example';

export async function mirrored(stage: Stage): Promise<void> {
  tellChapter('An edit is at the central at the same moment');
  const [first, second] = [address('api', '192.0.2.100'), address('api', '192.0.2.101')];
  const started = performance.now();
  await edit(stage, zone, first);
  check(
    `the central has it as well, ${milliseconds(started)} after the click`,
    holds(stage.central, zone, first),
  );
  await edit(stage, zone, second, first);
  check('changed on both sides', both(stage, second) && !either(stage, first));
  const value = 'v=check; p="quoted", with commas; und Umlaute: äöü';
  const text: Wanted = { name: '_test', type: 'TXT', value };
  await edit(stage, zone, text);
  check('a text with quotes, commas and umlauts arrives unharmed', both(stage, text));
  const answer = await stage.atPanel.remove(zone, second);
  check('deleted in the panel', answer.ok, answer.error);
  check('and at the central', !either(stage, second));
  await createAndDelete(stage);
}

async function createAndDelete(stage: Stage): Promise<void> {
  const name = 'brand-new.example';
  const created = await stage.atPanel.makeZone(name);
  check(`a new domain ${name} is created`, created.ok, created.error);
  check('and exists at the central', stage.central.zones().includes(name));
  await until('its content to be sent', () => agree(stage.panel, stage.central, name));
  check(
    'with the panel’s records, not the central’s defaults',
    !holdsName(stage.central, name, 'parking') && holdsName(stage.central, name, 'www'),
  );
  const deleted = await stage.atPanel.dropZone(name);
  check('it is deleted in the panel', deleted.ok && !stage.panel.zones().includes(name), deleted.error);
  await until('the delete at the central', () => !stage.central.zones().includes(name));
  check('and, once two looks have proved it gone, at the central', !stage.central.zones().includes(name));
}

function both(stage: Stage, record: Wanted): boolean {
  return holds(stage.panel, zone, record) && holds(stage.central, zone, record);
}

function either(stage: Stage, record: Wanted): boolean {
  return holds(stage.panel, zone, record) || holds(stage.central, zone, record);
}

export async function refused(stage: Stage): Promise<void> {
  tellChapter('What the central refuses does not happen in the panel either');
  const name = 'taken.example';
  await stage.central.call(
    'domain.edit',
    { elid: '', name, ip: '192.0.2.66', sok: 'ok' },
    { user: somebody.name, password: somebody.password },
  );
  const foreign = await stage.atPanel.makeZone(name);
  quote(foreign.error?.text ?? foreign.body);
  check(
    'a domain of another customer is refused, with the reason in the form',
    foreign.error?.text.includes('another account') === true,
  );
  check('the panel did not make it', !stage.panel.zones().includes(name));
  stage.central.faults.add({
    func: stage.atCentral.words.save,
    effect: 'refuse',
    code: 9,
    text: 'this address is blocked by your provider',
  });
  const bad = address('bad', '198.51.100.13');
  const blocked = await stage.atPanel.save(zone, bad, { lang: 'ru' });
  quote(blocked.error?.text ?? blocked.body);
  check(
    'the central’s own words reach the person who clicked',
    blocked.error?.text.includes('blocked by your provider') === true,
  );
  check('nothing changed on either side', !either(stage, bad));
  const wrong = await stage.atPanel.save(zone, address('x'.repeat(64), '192.0.2.300'));
  quote(wrong.error?.text ?? wrong.body);
  check(
    'several mistakes of one form are all said at once',
    /300/.test(wrong.error?.text ?? '') && /63/.test(wrong.error?.text ?? ''),
  );
}

export async function centralDown(stage: Stage): Promise<void> {
  tellChapter('The central is down');
  await stage.centralDown();
  const started = performance.now();
  const answer = await stage.atPanel.save(zone, address('down', '192.0.2.7'));
  quote(answer.error?.text ?? answer.body);
  check(
    `an edit is refused in ${milliseconds(started)}, not left hanging`,
    !answer.ok && performance.now() - started < 10_000,
  );
  check('the panel has not changed', !holdsName(stage.panel, zone, 'down'));
  const opened = await stage.atPanel.open(zone);
  check('forms still open', opened.error === null);
  await stage.domainsync('pause');
  const meanwhile = address('paused', '192.0.2.8');
  const paused = await stage.atPanel.save(zone, meanwhile);
  check('paused, the panel is free: the edit passes', paused.ok, paused.error);
  await stage.centralUp();
  await stage.domainsync('resume');
  await until('the comparison after the pause', () => holds(stage.central, zone, meanwhile), 60_000);
  check('after "resume" what was added meanwhile is at the central', both(stage, meanwhile));
  const after = address('up', '192.0.2.9');
  const healed = async (): Promise<boolean> => (await stage.atPanel.save(zone, after)).ok;
  await until('edits to be accepted again', healed, 30_000);
  check('and edits are mirrored again, by themselves', both(stage, after));
  tell('(the breaker lets one probe through every 5 seconds, and closes at the first success)');
}
