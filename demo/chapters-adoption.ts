import type { EngineReport } from '../src/app/answers/central-report.ts';
import { addRecord, makeDomain, type StageDomain } from '../src/testing/stage/make-domain.ts';
import { notifyByMail } from './chapters-told.ts';
import { readZones } from './zones.ts';
import { stands, standsName } from '../src/testing/stage/central-side.ts';
import { watched } from './show-dig.ts';
import { until, type AnyStage } from '../src/testing/stage/stage.ts';
import { check, print, printChapter } from './print.ts';
import { address, holds, meaning, type Wanted } from '../src/testing/stage/panel-words.ts';

/** Domains that only the customer's panel has before the plugin is installed. */
export const alone = 'kotiki-priyut.example';
const panelOnly = [alone, 'yoga-am-fluss.example'];
/** A domain that both sides have with partly different records. */
export const uneven = 'metricly.example';

/**
 * Fills both sides with the zones that they have before the plugin is installed.
 * @param old names of zones that only the panel has
 * @returns the domains of the panel
 */
export async function setUpZones(stage: AnyStage, old: readonly string[]): Promise<StageDomain[]> {
  const { panel, atPanel, there } = stage;
  printChapter('Two sides, as they are before the plugin arrives');
  const zones = readZones();
  for (const zone of zones) await makeDomain(panel, atPanel, zone);
  const both = zones.filter(({ name }) => !panelOnly.includes(name));
  await there.makeZones(both);
  await addRecord(atPanel, uneven, address('old', '192.0.2.201'));
  await addRecord(atPanel, uneven, address('odd', '192.0.2.202'));
  await there.add(uneven, address('odd', '192.0.2.203'));
  await there.add(uneven, address('hand', '192.0.2.204'));
  const records = zones.reduce((sum, zone) => sum + zone.records.length, 0);
  check(
    `the customer's panel has ${zones.length} domains with ${records} records`,
    panel.zones().length === zones.length,
  );
  const found = await Promise.all(zones.map(async ({ name }) => await there.hasZone(name)));
  check(
    `the central (${there.title}) has ${both.length} of them for this customer`,
    found.filter(Boolean).length === both.length,
  );
  const usual = { ...panel.switches };
  Object.assign(panel.switches, { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false });
  for (const zone of old) await makeOld(stage, zone);
  Object.assign(panel.switches, usual);
  check(`and the panel has ${old.length} old domains that were never at the central`, true);
  return zones;
}

async function makeOld({ atPanel }: AnyStage, zone: string): Promise<void> {
  const made = await atPanel.makeZone(zone);
  if (!made.ok) check(`the panel makes ${zone}`, false, made.body);
}

export async function setUp(
  stage: AnyStage,
  zones: readonly StageDomain[],
  old: readonly string[],
): Promise<void> {
  printChapter('The plugin is installed, then configured');
  await stage.install();
  const written = await stage.there.writes();
  const early = address('early', '192.0.2.9');
  const answer = await stage.atPanel.save(uneven, early);
  check('not configured yet: an edit passes', answer.ok, answer.body);
  check('and nothing reaches the central', !(await standsName(stage.there, uneven, 'early')));
  await stage.atPanel.remove(uneven, early);
  stage.configure();
  notifyByMail(stage);
  // The panel refuses this edit. The demo makes it only to start the agent.
  await stage.atPanel.save(uneven, address('', ''));
  // Until the owners are read, edits are refused.
  const took = await until('the first comparison, and the owners of the zones', async () => {
    const { engine = null, fromAgent = null } = (await stage.status()) ?? {};
    return (engine?.baselineAt ?? null) !== null && (fromAgent?.owners.readAt ?? null) !== null;
  });
  print(await stage.domainsync('status'));
  const counts = (await engineStatus(stage))?.zones ?? {};
  check(
    `the first comparison took ${(took / 1000).toFixed(1)} s and synced what both sides have`,
    counts['synced'] === zones.length - panelOnly.length &&
      counts['panel-only'] === panelOnly.length + old.length,
    counts,
  );
  check('it wrote nothing at the central', (await stage.there.writes()) === written);
}

export async function adoption(stage: AnyStage): Promise<void> {
  printChapter('What was there before is left alone: the adoption rule (docs/adoption.md)');
  const { panel, there } = stage;
  const fresh = address('new', '192.0.2.50');
  await edit(stage, alone, fresh);
  check(`a new record in ${alone}, which only the panel has, passes`, holds(panel, alone, fresh));
  check('and the central still has no such domain', !(await there.hasZone(alone)));
  await edit(stage, uneven, address('old', '192.0.2.211'), address('old', '192.0.2.201'));
  check('a record only the panel had changes in the panel only', !(await standsName(there, uneven, 'old')));
  await edit(stage, uneven, address('old', '192.0.2.212'));
  check(
    'a second value beside it is new, and goes to the central',
    await stands(there, uneven, address('old', '192.0.2.212')),
  );
  await edit(stage, uneven, address('odd', '192.0.2.222'), address('odd', '192.0.2.202'));
  check(
    'where the two differ, an edit passes in the panel and the central keeps its own',
    (await stands(there, uneven, address('odd', '192.0.2.203'))) &&
      !(await stands(there, uneven, address('odd', '192.0.2.222'))),
  );
  await edit(stage, uneven, address('hand', '192.0.2.204'));
  check(
    'a new record the central has already is simply synced',
    await stands(there, uneven, address('hand', '192.0.2.204')),
  );
  await until('the ledger to settle', async () => (await engineStatus(stage))?.open === 0);
  print(await stage.domainsync('zone', uneven));
}

/** Saves a new record, or replaces the record `from`. If the panel refuses, the demo fails. */
export async function edit(
  stage: Pick<AnyStage, 'atPanel'> & Parameters<typeof watched>[0],
  zone: string,
  record: Wanted,
  from?: Wanted,
): Promise<void> {
  const person = stage.atPanel;
  const answer = await watched(stage, zone, from === undefined ? [record] : [from, record], () =>
    from === undefined ? person.save(zone, record) : person.change(zone, from, record),
  );
  check(`the panel saves ${meaning(record, zone)}`, answer.ok, answer.error ?? answer.body);
}

/** The engine's part of the status report; null: no engine is running. */
export async function engineStatus(stage: AnyStage): Promise<EngineReport | null> {
  return (await stage.status())?.engine ?? null;
}
