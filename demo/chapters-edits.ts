import { holds, edit } from './chapters-adoption.ts';
import { somebody, until, type Stage } from './stage.ts';
import { check, milliseconds, quote, tell, tellChapter } from './tell.ts';

const zone = 'harbour-books.example';

export async function mirrored(stage: Stage): Promise<void> {
  tellChapter('An edit is at the central at the same moment');
  const started = performance.now();
  await edit(stage, { plid: zone, elid: '', name: 'api', sdtype: 'A', addr: '192.0.2.100' });
  check(
    `the central has it as well, ${milliseconds(started)} after the click`,
    holds(stage.central.keys(zone), 'api A  192.0.2.100'),
  );
  await edit(stage, {
    plid: zone,
    elid: 'api A  192.0.2.100',
    name: 'api',
    sdtype: 'A',
    addr: '192.0.2.101',
  });
  check('changed on both sides', both(stage, 'api A  192.0.2.101') && !either(stage, '192.0.2.100'));
  const text = 'v=check; p="quoted", with commas; und Umlaute: äöü';
  await edit(stage, { plid: zone, elid: '', name: '_test', sdtype: 'TXT', addr: text });
  check('a text with quotes, commas and umlauts arrives unharmed', both(stage, `_test TXT  ${text}`));
  const keys = `api A  192.0.2.101, _test TXT  ${text}`;
  const answer = await stage.customer('domain.sublist.delete', { plid: zone, elid: 'api A  192.0.2.101' });
  check('deleted in the panel', answer.ok, answer.error);
  check('and at the central', !either(stage, 'api A'), keys);
  await createAndDelete(stage);
}

async function createAndDelete(stage: Stage): Promise<void> {
  const name = 'brand-new.example';
  const created = await stage.customer('domain.edit', { elid: '', name, ip: '192.0.2.80', sok: 'ok' });
  check(`a new domain ${name} is created`, created.ok, created.error);
  check('and exists at the central', stage.central.zones().includes(name));
  await until('its content to be sent', () => same(stage, name));
  check('with the panel’s records, not the central’s defaults', same(stage, name));
  const deleted = await stage.customer('domain.delete', { elid: name, sok: 'ok' });
  check('it is deleted in the panel', deleted.ok && !stage.panel.zones().includes(name), deleted.error);
  await until('the delete at the central', () => !stage.central.zones().includes(name));
  check('and, once two looks have proved it gone, at the central', !stage.central.zones().includes(name));
}

function same(stage: Stage, name: string): boolean {
  const text = (keys: readonly string[] | null): string =>
    (keys ?? [])
      .filter((key) => !key.includes(' NS '))
      .toSorted()
      .join('\n');
  return text(stage.panel.keys(name)) === text(stage.central.keys(name));
}

function both(stage: Stage, key: string): boolean {
  return holds(stage.panel.keys(zone), key) && holds(stage.central.keys(zone), key);
}

function either(stage: Stage, key: string): boolean {
  return holds(stage.panel.keys(zone), key) || holds(stage.central.keys(zone), key);
}

export async function refused(stage: Stage): Promise<void> {
  tellChapter('What the central refuses does not happen in the panel either');
  const name = 'taken.example';
  await stage.central.call(
    'domain.edit',
    { elid: '', name, ip: '192.0.2.66', sok: 'ok' },
    { user: somebody.name, password: somebody.password },
  );
  const foreign = await stage.customer('domain.edit', { elid: '', name, ip: '192.0.2.80', sok: 'ok' });
  quote(foreign.error?.text ?? foreign.body);
  check(
    'a domain of another customer is refused, with the reason in the form',
    foreign.error?.text.includes('another account') === true,
  );
  check('the panel did not make it', !stage.panel.zones().includes(name));
  stage.central.faults.add({
    func: 'domain.sublist.edit',
    effect: 'refuse',
    code: 9,
    text: 'this address is blocked by your provider',
  });
  const form = { plid: zone, elid: '', name: 'bad', sdtype: 'A', addr: '198.51.100.13', sok: 'ok' };
  const blocked = await stage.customer('domain.sublist.edit', { ...form, lang: 'ru' });
  quote(blocked.error?.text ?? blocked.body);
  check(
    'the central’s own words reach the person who clicked',
    blocked.error?.text.includes('blocked by your provider') === true,
  );
  check('nothing changed on either side', !either(stage, 'bad A'));
  const wrong = await stage.customer('domain.sublist.edit', {
    ...form,
    addr: '192.0.2.300',
    name: 'x'.repeat(64),
  });
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
  const answer = await stage.customer('domain.sublist.edit', {
    plid: zone,
    elid: '',
    name: 'down',
    sdtype: 'A',
    addr: '192.0.2.7',
    sok: 'ok',
  });
  quote(answer.error?.text ?? answer.body);
  check(
    `an edit is refused in ${milliseconds(started)}, not left hanging`,
    !answer.ok && performance.now() - started < 10_000,
  );
  check('the panel has not changed', !holds(stage.panel.keys(zone), 'down A'));
  const opened = await stage.customer('domain.sublist.edit', { plid: zone, elid: '' });
  check('forms still open', opened.error === null);
  await stage.domainsync('pause');
  const paused = await stage.customer('domain.sublist.edit', {
    plid: zone,
    elid: '',
    name: 'paused',
    sdtype: 'A',
    addr: '192.0.2.8',
    sok: 'ok',
  });
  check('paused, the panel is free: the edit passes', paused.ok, paused.error);
  await stage.centralUp();
  await stage.domainsync('resume');
  await until('the comparison after the pause', () => holds(stage.central.keys(zone), 'paused A'), 60_000);
  check(
    'after "resume" what was added meanwhile is at the central',
    holds(stage.central.keys(zone), 'paused A'),
  );
  const healed = async (): Promise<boolean> => {
    const again = await stage.customer('domain.sublist.edit', {
      plid: zone,
      elid: '',
      name: 'up',
      sdtype: 'A',
      addr: '192.0.2.9',
      sok: 'ok',
    });
    return again.ok;
  };
  await until('edits to be accepted again', healed, 30_000);
  check('and edits are mirrored again, by themselves', holds(stage.central.keys(zone), 'up A'));
  tell('(the breaker lets one probe through every 5 seconds, and closes at the first success)');
}
