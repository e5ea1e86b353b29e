import { zoneName } from '../src/dns/name.ts';
import { makeRecord } from '../src/dns/record.ts';
import { addRecord, makeDomain, readZones, type DemoZone } from './furnish.ts';
import { until, type Stage } from './stage.ts';
import { check, tell, tellChapter } from './tell.ts';

/** Domains that only the customer's panel has when the plugin arrives. */
const panelOnly = ['kotiki-priyut.example', 'yoga-am-fluss.example'];
/** A domain in which the two sides differ in parts. */
export const uneven = 'metricly.example';

/** The two panels as they were before anybody heard of the plugin. */
export async function furnish(stage: Stage): Promise<DemoZone[]> {
  tellChapter('Two panels, as they are before the plugin arrives');
  const zones = readZones();
  for (const zone of zones) await makeDomain(stage.panel, stage.customer, zone);
  for (const zone of zones) {
    if (!panelOnly.includes(zone.name)) await makeDomain(stage.central, stage.provider, zone);
  }
  const origin = zoneName(uneven);
  const add = (act: Stage['customer'], name: string, rdata: string): Promise<void> =>
    addRecord(act, uneven, makeRecord({ name, type: 'A', rdata }, origin));
  await add(stage.customer, 'old', '192.0.2.201');
  await add(stage.customer, 'odd', '192.0.2.202');
  await add(stage.provider, 'odd', '192.0.2.203');
  await add(stage.provider, 'hand', '192.0.2.204');
  const records = zones.reduce((sum, zone) => sum + zone.records.length, 0);
  check(
    `the customer's panel has ${zones.length} domains with ${records} records`,
    stage.panel.zones().length === zones.length,
  );
  check(
    `the central has ${zones.length - panelOnly.length} of them in the customer's account`,
    stage.central.zones().length === zones.length - panelOnly.length,
  );
  return zones;
}

export async function setUp(stage: Stage, zones: readonly DemoZone[]): Promise<void> {
  tellChapter('The plugin is installed, then configured');
  stage.install();
  const asked = stage.central.requests.length;
  const form = { plid: uneven, elid: '', name: 'early', sdtype: 'A', addr: '192.0.2.9', sok: 'ok' };
  const early = await stage.customer('domain.sublist.edit', form);
  check('not configured yet: an edit passes', early.ok, early.body);
  check('and nothing reaches the central', !holds(stage.central.keys(uneven), 'early A'));
  await stage.customer('domain.sublist.delete', { plid: uneven, elid: 'early A  192.0.2.9' });
  stage.configure();
  await stage.customer('domain.sublist.edit', {
    plid: uneven,
    elid: '',
    name: '',
    sdtype: 'A',
    addr: '',
    sok: 'ok',
  });
  const took = await until(
    'the first comparison',
    async () => (await status(stage)).baselineAt !== null,
    60_000,
  );
  tell(await stage.domainsync('status'));
  const { zones: counts } = await status(stage);
  check(
    `the first comparison took ${(took / 1000).toFixed(1)} s and joined what both sides have`,
    counts['joined'] === zones.length - panelOnly.length && counts['panel-only'] === panelOnly.length,
    counts,
  );
  const writes = stage.central.requests.slice(asked).filter(({ func }) => /edit|delete/.test(func));
  check('it wrote nothing at the central', writes.length === 0, writes);
}

export async function adoption(stage: Stage): Promise<void> {
  tellChapter('What was there before is left alone: the adoption rule (docs/adoption.md)');
  const [alone = ''] = panelOnly;
  await edit(stage, { plid: alone, elid: '', name: 'new', sdtype: 'A', addr: '192.0.2.50' });
  check(
    `a new record in ${alone}, which only the panel has, passes`,
    holds(stage.panel.keys(alone), 'new A'),
  );
  check('and the central still has no such domain', !stage.central.zones().includes(alone));
  await edit(stage, {
    plid: uneven,
    elid: 'old A  192.0.2.201',
    name: 'old',
    sdtype: 'A',
    addr: '192.0.2.211',
  });
  check('a record only the panel had changes in the panel only', !holds(stage.central.keys(uneven), 'old A'));
  await edit(stage, { plid: uneven, elid: '', name: 'old', sdtype: 'A', addr: '192.0.2.212' });
  check(
    'a second value beside it is new, and goes to the central',
    holds(stage.central.keys(uneven), 'old A  192.0.2.212'),
  );
  await edit(stage, {
    plid: uneven,
    elid: 'odd A  192.0.2.202',
    name: 'odd',
    sdtype: 'A',
    addr: '192.0.2.222',
  });
  check(
    'where the two differ, an edit passes in the panel and the central keeps its own',
    holds(stage.central.keys(uneven), 'odd A  192.0.2.203') &&
      !holds(stage.central.keys(uneven), '192.0.2.222'),
  );
  await edit(stage, { plid: uneven, elid: '', name: 'hand', sdtype: 'A', addr: '192.0.2.204' });
  check(
    'a new record the central has already is simply joined',
    holds(stage.central.keys(uneven), 'hand A  192.0.2.204'),
  );
  await until('the ledger to settle', async () => (await status(stage)).open === 0);
  tell(await stage.domainsync('zone', uneven));
}

/** An edit that has to succeed. */
export async function edit(stage: Stage, form: Readonly<Record<string, string>>): Promise<void> {
  const answer = await stage.customer('domain.sublist.edit', { ...form, sok: 'ok' });
  check(
    `the panel saves ${form['name']} ${form['sdtype']} ${form['addr']}`,
    answer.ok,
    answer.error ?? answer.body,
  );
}

export function holds(keys: readonly string[] | null, part: string): boolean {
  return (keys ?? []).some((key) => key.includes(part));
}

interface EngineStatus {
  readonly baselineAt: number | null;
  readonly open: number;
  readonly zones: Readonly<Record<string, number>>;
}

/** What the command line says of the engine. */
export async function status(stage: Stage): Promise<EngineStatus> {
  const text = await stage.domainsync('--json', 'status').catch(() => '{}');
  const report = JSON.parse(text) as { readonly engine?: EngineStatus | null };
  return report.engine ?? { baselineAt: null, open: 0, zones: {} };
}
