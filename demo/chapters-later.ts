/**
 * Chapters for ISPmanager 5 and 6 only: TTLs, more record types, forms that the panel renders again,
 * functions that call others.
 */
import { stands, standsName } from '../src/testing/stage/central-side.ts';
import { edit, engineStatus } from './chapters-adoption.ts';
import { seenNow, watched } from './show-dig.ts';
import { until, type AnyStage } from '../src/testing/stage/stage.ts';
import { check, quote, print, printChapter } from './print.ts';
import { address, holds, keyOf, saveClick, type Wanted } from '../src/testing/stage/panel-words.ts';

const zone = 'velo-club.example';

export async function finerRecords(stage: AnyStage): Promise<void> {
  printChapter('TTLs, and types that not every panel has');
  const { panel, there } = stage;
  const brief = { ...address('brief', '192.0.2.60'), ttl: 300 };
  await edit(stage, zone, brief);
  await edit(stage, zone, { ...brief, ttl: 600 }, brief);
  check('the panel has the new TTL', holds(panel, zone, { ...brief, ttl: 600 }));
  if (there.hasTtl)
    check(
      'a change of the TTL alone is at the central too',
      await stands(there, zone, { ...brief, ttl: 600 }),
    );
  else
    check(
      'the central, whose records have no TTL, keeps the record',
      await stands(there, zone, address('brief', '192.0.2.60')),
    );
  await rareType(stage, { name: '', type: 'CAA', value: '0 issue ca.example.net' });
}

async function rareType(stage: AnyStage, record: Wanted): Promise<void> {
  if (stage.there.types.has(record.type)) {
    await edit(stage, zone, record);
    check(`the central has the ${record.type} as well`, await stands(stage.there, zone, record));
    return;
  }
  const answer = await stage.atPanel.save(zone, record);
  quote(answer.error?.text ?? answer.body);
  check(
    `${stage.there.title} has no ${record.type} records: refused, with the reason`,
    answer.error?.text.includes(record.type) === true,
  );
  check('and the panel has not changed', !holds(stage.panel, zone, record));
}

export async function forms(stage: AnyStage): Promise<void> {
  printChapter('A form that is opened, or drawn anew while it is filled in, changes nothing');
  const record = address('form', '192.0.2.61');
  await edit(stage, zone, record);
  await until('the edit to be settled', async () => (await engineStatus(stage))?.open === 0);
  const written = await stage.there.writes();
  const { func, params } = saveClick(
    stage.atPanel.words,
    zone,
    address('form', '192.0.2.62'),
    keyOf(stage.panel, zone, record),
  );
  const opened = await stage.customer(func, { plid: zone, elid: params['elid'] ?? '' });
  check('opened', opened.error === null && !opened.ok, opened.body);
  // If a form is rendered again, browsers send its fields without `sok` (docs/compatibility.md#a16).
  const { sok: _, ...filledIn } = params;
  const redrawn = await stage.customer(func, { ...filledIn, sv_field: 'rtype' });
  check('drawn anew after a field was changed', redrawn.error === null && !redrawn.ok, redrawn.body);
  check('the panel has not changed', holds(stage.panel, zone, record));
  check('and nothing was written at the central', (await stage.there.writes()) === written);
}

/** Creates a web site as the pages of this generation do. */
function makeSite(stage: AnyStage, name: string): ReturnType<AnyStage['customer']> {
  const values = { name, aliases: `www.${name}`, ipaddrs: '192.0.2.90' };
  if (stage.atPanel.words.title.endsWith('5'))
    return stage.customer('webdomain.edit', { ...values, sok: 'ok' });
  const fields = Object.entries(values).map(([key, value]) => [`site_${key}`, value]);
  return stage.customer('site.edit', { ...Object.fromEntries(fields), sok: 'ok' });
}

export async function webSites(stage: AnyStage): Promise<void> {
  printChapter('A web site made in the panel brings records with it');
  const { panel, there } = stage;
  const silent = await makeSite(stage, `gallery.${zone}`);
  check('a site whose records come without a DNS event', silent.ok, silent.body);
  check('the panel has its address', holds(panel, zone, address('gallery', '192.0.2.90')));
  const took = await until('the comparison', () => stands(there, zone, address('www.gallery', '192.0.2.90')));
  await seenNow(stage, zone, address('www.gallery', ''));
  check(
    `the plugin took it as a hint, compared, and sent it (${(took / 1000).toFixed(1)} s)`,
    await stands(there, zone, address('gallery', '192.0.2.90')),
  );
  panel.switches.fireNested = true;
  const written = await there.writes();
  const loud = await watched(stage, zone, [address('studio', '')], () => makeSite(stage, `studio.${zone}`));
  panel.switches.fireNested = false;
  check('in a panel that announces them, the same', loud.ok, loud.body);
  check(
    'they are at the central with the click',
    (await stands(there, zone, address('studio', '192.0.2.90'))) &&
      (await standsName(there, zone, 'www.studio')),
  );
  await until('everything to be settled', async () => (await engineStatus(stage))?.open === 0);
  check('each was written once', (await there.writes()) - written === 2);
  print('(the site itself fires as well: a hint, and the comparison finds nothing left to do)');
}
