import { addRecord, makeDomain, readZones, type DemoZone } from './furnish.ts';
import { until, type Stage } from './stage.ts';
import { check, tell, tellChapter } from './tell.ts';
import { address, holds, holdsName, meaning, type Wanted } from './words.ts';

/** Domains that only the customer's panel has when the plugin arrives. */
const panelOnly = ['kotiki-priyut.example', 'yoga-am-fluss.example'];
/** A domain in which the two sides differ in parts. */
export const uneven = 'metricly.example';

/** The two panels as they were before anybody heard of the plugin. */
export async function furnish(stage: Stage): Promise<DemoZone[]> {
  tellChapter('Two panels, as they are before the plugin arrives');
  const zones = readZones();
  for (const zone of zones) await makeDomain(stage.panel, stage.atPanel, zone);
  for (const zone of zones) {
    if (!panelOnly.includes(zone.name)) await makeDomain(stage.central, stage.atCentral, zone);
  }
  await addRecord(stage.atPanel, uneven, address('old', '192.0.2.201'));
  await addRecord(stage.atPanel, uneven, address('odd', '192.0.2.202'));
  await addRecord(stage.atCentral, uneven, address('odd', '192.0.2.203'));
  await addRecord(stage.atCentral, uneven, address('hand', '192.0.2.204'));
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
  await stage.install();
  const asked = stage.central.requests.length;
  const early = address('early', '192.0.2.9');
  const answer = await stage.atPanel.save(uneven, early);
  check('not configured yet: an edit passes', answer.ok, answer.body);
  check('and nothing reaches the central', !holdsName(stage.central, uneven, 'early'));
  await stage.atPanel.remove(uneven, early);
  stage.configure();
  // A refused edit: it only starts the agent.
  await stage.atPanel.save(uneven, address('', ''));
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
  const writes = writesSince(stage, asked);
  check('it wrote nothing at the central', writes.length === 0, writes);
}

/** Writes the central was asked for after its first so many requests. */
export function writesSince(stage: Stage, asked: number): Stage['central']['requests'] {
  return stage.central.requests.slice(asked).filter(({ func, params }) => isWrite(func, params));
}

function isWrite(func: string, params: Readonly<Record<string, string>>): boolean {
  return func.includes('delete') || (func.includes('edit') && 'sok' in params);
}

export async function adoption(stage: Stage): Promise<void> {
  tellChapter('What was there before is left alone: the adoption rule (docs/adoption.md)');
  const { panel, central } = stage;
  const [alone = ''] = panelOnly;
  const fresh = address('new', '192.0.2.50');
  await edit(stage, alone, fresh);
  check(`a new record in ${alone}, which only the panel has, passes`, holds(panel, alone, fresh));
  check('and the central still has no such domain', !central.zones().includes(alone));
  await edit(stage, uneven, address('old', '192.0.2.211'), address('old', '192.0.2.201'));
  check('a record only the panel had changes in the panel only', !holdsName(central, uneven, 'old'));
  await edit(stage, uneven, address('old', '192.0.2.212'));
  check(
    'a second value beside it is new, and goes to the central',
    holds(central, uneven, address('old', '192.0.2.212')),
  );
  await edit(stage, uneven, address('odd', '192.0.2.222'), address('odd', '192.0.2.202'));
  check(
    'where the two differ, an edit passes in the panel and the central keeps its own',
    holds(central, uneven, address('odd', '192.0.2.203')) &&
      !holds(central, uneven, address('odd', '192.0.2.222')),
  );
  await edit(stage, uneven, address('hand', '192.0.2.204'));
  check(
    'a new record the central has already is simply joined',
    holds(central, uneven, address('hand', '192.0.2.204')),
  );
  await until('the ledger to settle', async () => (await status(stage)).open === 0);
  tell(await stage.domainsync('zone', uneven));
}

/** An edit that has to succeed: a new record, or one in place of another. */
export async function edit(stage: Stage, zone: string, record: Wanted, from?: Wanted): Promise<void> {
  const person = stage.atPanel;
  const answer = await (from === undefined ? person.save(zone, record) : person.change(zone, from, record));
  check(`the panel saves ${meaning(record, zone)}`, answer.ok, answer.error ?? answer.body);
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
