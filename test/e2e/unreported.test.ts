/**
 * Tests of records that the panel writes without calling anybody, such as the text of a certificate check.
 * The panel's own name server shows that the zone has changed.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../src/testing/stage/server-stage.ts';
import { makeStage, until, type AnyStage } from '../../src/testing/stage/stage.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import { settled, succeeded, zone } from './combinations/scene.ts';

/** Without the hourly comparison, only the serials can lead to one. */
const never = { compare_every: '0' };
const text = 'gfj9Xq-Rg85nM';

async function checksCertificates(stage: AnyStage): Promise<void> {
  await stage.install();
  const names = await stage.panel.serveZones();
  stage.configure({}, { ...never, serials_every: '1', serials_from: `127.0.0.1:${names.port}` });
  await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
  succeeded(await stage.atPanel.save(zone, address('mine', '192.0.2.1')));
  await settled(stage);
  const before = names.answered();
  await until('two more reads of the serial', () => names.answered() > before + 1);
  stage.panel.addQuietly(zone, `_acme-challenge.${zone}.`, 'TXT', text);
  await until('the text at the central', async () => {
    const held = (await stage.there.held(zone)) ?? [];
    return held.some(({ meaning }) => meaning.includes(text));
  });
  assert.match(await stage.domainsync('history'), /_acme-challenge/u);
}

describe('a text that the panel writes without an event is at the central within seconds', () => {
  for (const [panel, central] of [
    ['v4', 'v4'],
    ['v6', 'dnsmgr'],
  ] as const)
    test(`${panel} to ${central}`, async (t) => {
      const stage = await makeStage({ panel, central });
      t.after(async () => await stage.stop());
      await checksCertificates(stage);
    });
  for (const [panel, central] of [
    ['v6', 'powerdns'],
    ['v4', 'bind'],
  ] as const)
    test(`${panel} to ${central}`, { skip: missingFor(central) }, async (t) => {
      const stage = await makeServerStage({ panel, central });
      t.after(async () => await stage.stop());
      if (!stage.there.makesZones) await stage.there.makeZones([{ name: zone, records: [] }]);
      await checksCertificates(stage);
    });
});
