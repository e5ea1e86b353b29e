import { agreed, stands, standsName } from '../src/testing/stage/central-side.ts';
import { edit } from './chapters-adoption.ts';
import { reasonOver } from './chapters-told.ts';
import { seenNow, watched } from './show-dig.ts';
import { until, type AnyStage } from '../src/testing/stage/stage.ts';
import { check, milliseconds, quote, print, printChapter } from './print.ts';
import { address, holds, holdsName, type Wanted } from '../src/testing/stage/panel-words.ts';

const zone = 'kletterhalle-west.example';

export async function mirrored(stage: AnyStage): Promise<void> {
  printChapter('An edit is at the central at the same moment');
  const [first, second] = [address('api', '192.0.2.100'), address('api', '192.0.2.101')];
  const started = performance.now();
  await edit(stage, zone, first);
  check(
    `the central has it as well, ${milliseconds(started)} after the click`,
    await stands(stage.there, zone, first),
  );
  await edit(stage, zone, second, first);
  check('changed on both sides', (await both(stage, second)) && !(await either(stage, first)));
  const value = 'v=check; p="quoted", with commas; und Umlaute: äöü';
  const text: Wanted = { name: '_test', type: 'TXT', value };
  await edit(stage, zone, text);
  check('a text with quotes, commas and umlauts arrives unharmed', await both(stage, text));
  const answer = await watched(stage, zone, [second], () => stage.atPanel.remove(zone, second));
  check('deleted in the panel', answer.ok, answer.error);
  check('and at the central', !(await either(stage, second)));
  await createAndDelete(stage);
}

/** A record that every zone has. So its lookup shows whether the server has the zone. */
const wholeZone: Wanted = { name: '', type: 'SOA', value: '' };

async function createAndDelete(stage: AnyStage): Promise<void> {
  const name = 'brand-new.example';
  const { atPanel, panel, there } = stage;
  if (!there.makesZones) await onlyTheProvider(stage, name);
  const created = await watched(stage, name, [wholeZone], () => atPanel.makeZone(name));
  check(`a new domain ${name} is created`, created.ok, created.error);
  check('and exists at the central', await there.hasZone(name));
  await until('its content to be sent', () => agreed(stage, name));
  await seenNow(stage, name, address('www', ''));
  check(
    'with the panel’s records, not the central’s defaults',
    !(await standsName(there, name, 'parking')) && (await standsName(there, name, 'www')),
  );
  const deleted = await atPanel.dropZone(name);
  check('it is deleted in the panel', deleted.ok && !panel.zones().includes(name), deleted.error);
  if (!there.makesZones) {
    await staysThere(stage, name);
    return;
  }
  await until('the delete at the central', async () => !(await there.hasZone(name)));
  await seenNow(stage, name, wholeZone);
  check('and, once two looks have proved it gone, at the central', !(await there.hasZone(name)));
}

/** A TSIG key may edit zones but not create them, so the provider must create the zone first. */
async function onlyTheProvider({ atPanel, panel, there }: AnyStage, name: string): Promise<void> {
  const early = await atPanel.makeZone(name);
  quote(early.error?.text ?? early.body);
  check(
    `a new domain ${name}: only the provider can make it at the central, so he has to come first`,
    early.error?.text.includes('only the provider can create it') === true,
  );
  check('the panel did not make it', !panel.zones().includes(name));
  await there.makeZones([{ name, records: [] }]);
  print(`(the provider makes ${name} at his ${there.title}, and lets the customer's key update it)`);
}

async function staysThere(stage: AnyStage, name: string): Promise<void> {
  const latest = async (): Promise<string> => await stage.domainsync('history', '--latest', '1');
  await until('the delete to be settled', async () => (await latest()).includes('zone.left-at-central'));
  print(await latest());
  await seenNow(stage, name, wholeZone);
  check(
    'at the central it stays, for only the provider can delete it there',
    await stage.there.hasZone(name),
  );
}

async function both({ panel, there }: AnyStage, record: Wanted): Promise<boolean> {
  return holds(panel, zone, record) && (await stands(there, zone, record));
}

async function either({ panel, there }: AnyStage, record: Wanted): Promise<boolean> {
  return holds(panel, zone, record) || (await stands(there, zone, record));
}

export async function refused(stage: AnyStage): Promise<void> {
  printChapter('What the central refuses does not happen in the panel either');
  const { atPanel, panel, there } = stage;
  const name = 'taken.example';
  await there.makeForeignZone(name);
  const foreign = await atPanel.makeZone(name);
  quote(foreign.error?.text ?? foreign.body);
  check(
    'a domain of another customer is refused, with the reason in the form',
    foreign.error?.text.includes('another account') === true,
  );
  check('the panel did not make it', !panel.zones().includes(name));
  await nameInUse(stage);
  await ownReasons(stage);
  const wrong = await atPanel.save(zone, address('x'.repeat(64), '192.0.2.300'));
  quote(wrong.error?.text ?? wrong.body);
  check(
    'several mistakes of one form are all said at once',
    /300/.test(wrong.error?.text ?? '') && /63/.test(wrong.error?.text ?? ''),
  );
}

/**
 * Shows that a CNAME is refused at a name where the provider has an address. The panel alone could not know
 * that (RFC 1034 section 3.6.2).
 */
async function nameInUse(stage: AnyStage): Promise<void> {
  const [theirs, alias] = [
    address('status', '192.0.2.110'),
    { name: 'status', type: 'CNAME', value: 'pages.example.net.' },
  ];
  await stage.there.add(zone, theirs);
  const answer = await watched(stage, zone, [theirs], () => stage.atPanel.save(zone, alias));
  quote(answer.error?.text ?? answer.body);
  check(
    'a CNAME where the provider has an address is refused, quoting what is there',
    answer.error?.text.includes('192.0.2.110') === true,
  );
  check(
    'nothing changed on either side',
    !(await either(stage, alias)) && (await stands(stage.there, zone, theirs)),
  );
}

/** Shows that the user sees the central's own refusal, if there is a record that the central refuses. */
async function ownReasons(stage: AnyStage): Promise<void> {
  const objection = stage.there.objects(zone);
  if (objection === null) return;
  const { record, says } = objection;
  const answer = await watched(stage, zone, [record], () => stage.atPanel.save(zone, record, { lang: 'ru' }));
  quote(answer.error?.text ?? answer.body);
  check(
    'the central’s own words reach the person who clicked',
    answer.error?.text.includes(says) === true,
    answer.error,
  );
  check('nothing changed on either side', !(await either(stage, record)));
}

export async function centralDown(stage: AnyStage): Promise<void> {
  printChapter('The central is down');
  await stage.there.down();
  const started = performance.now();
  const answer = await stage.atPanel.save(zone, address('down', '192.0.2.7'));
  quote(answer.error?.text ?? answer.body);
  check(
    `an edit is refused in ${milliseconds(started)}, not left hanging`,
    !answer.ok && performance.now() - started < 10_000,
  );
  check('the panel has not changed', !holdsName(stage.panel, zone, 'down'));
  await breakerOpen(stage);
  await seenNow(stage, zone, address('down', ''));
  const opened = await stage.atPanel.open(zone);
  check('forms still open', opened.error === null);
}

export async function centralUp(stage: AnyStage): Promise<void> {
  printChapter('A pause lets edits pass; when the central is back, all goes on by itself');
  await stage.domainsync('pause');
  const meanwhile = address('paused', '192.0.2.8');
  const paused = await stage.atPanel.save(zone, meanwhile);
  check('paused, the panel is free: the edit passes', paused.ok, paused.error);
  await stage.there.up();
  await stage.domainsync('resume');
  await until('the comparison after the pause', () => stands(stage.there, zone, meanwhile));
  await seenNow(stage, zone, meanwhile);
  check('after "resume" what was added meanwhile is at the central', await both(stage, meanwhile));
  const after = address('up', '192.0.2.9');
  const healed = async (): Promise<boolean> => (await stage.atPanel.save(zone, after)).ok;
  await until('edits to be accepted again', healed);
  await seenNow(stage, zone, after);
  check('and edits are mirrored again, by themselves', await both(stage, after));
  print('(the breaker lets one probe through every 5 seconds, and closes at the first success)');
  await reasonOver(stage);
}

/** After two failures in a row, the breaker lets through only one probe every 5 seconds. */
async function breakerOpen({ atPanel }: AnyStage): Promise<void> {
  let took = Infinity;
  let text = '';
  // An edit that comes later than these 5 seconds is a probe itself.
  await until('an edit that is no probe', async () => {
    const started = performance.now();
    text = (await atPanel.save(zone, address('down', '192.0.2.7'))).error?.text ?? '';
    took = performance.now() - started;
    return text.includes('central.breaker-open');
  });
  check(
    `after two failures the central is not even asked: refused in ${Math.round(took)} ms`,
    took < 10_000,
    text,
  );
}
