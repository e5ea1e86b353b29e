/**
 * Issue 12.13: tests of two panels that share one account of a central. Each changes and deletes the zones of
 * the other, and the product reports these changes in both panels.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import {
  account,
  makePanelSide,
  makeStage,
  until,
  writeSettings,
  type Stage,
} from '../../src/testing/stage/stage.ts';
import { address, agree, holds } from '../../src/testing/stage/panel-words.ts';
import { succeeded, zone } from './combinations/scene.ts';

/** The zone that only the first panel has. */
const alone = 'alone.example';

for (const generation of ['v4', 'v6'] as const) {
  describe(`issue 12.13: two panels in one account of DNSmanager, the second ${generation}`, () => {
    let first: Stage;
    let second: Awaited<ReturnType<typeof makePanelSide>>;

    before(async () => {
      first = await makeStage();
      second = await makePanelSide(generation);
      await first.install();
      first.configure();
      await until('the first zone', async () => (await first.atPanel.makeZone(zone)).ok);
      await until('its content', () => agree(first.panel, first.central, zone));
      await until('another zone', async () => (await first.atPanel.makeZone(alone)).ok);
      await second.install();
      const { url: host, fingerprint } = first.central;
      const { name: username, password } = account;
      writeSettings(second.panel.root, { host, username, password, fingerprint }, {});
      await until('the same zone', async () => (await second.atPanel.makeZone(zone)).ok);
      await until('its record there', async () => (await zonesOf(second)).includes('synced'));
    });
    after(async () => {
      await second.stop();
      rmSync(second.directory, { recursive: true, force: true });
      await first.stop();
    });

    const zonesOf = async (side: Pick<Stage, 'domainsync'>): Promise<string> =>
      await side.domainsync('zones');

    /** Compares the zone in the second panel, until its ledger has the record in state `central-only`. */
    async function compared(record: string): Promise<void> {
      await second.domainsync('compare', zone);
      await until('the comparison', async () => (await second.domainsync('zone', zone)).includes(record));
    }

    test('each comparison that finds changes of the other counts, and the third is told', async () => {
      for (const last of [1, 2, 3]) {
        assert.doesNotMatch(await zonesOf(second), /another panel/u);
        succeeded(await first.atPanel.save(zone, address(`first${last}`, `192.0.2.${last}`)));
        await compared(`first${last}.${zone} A`);
        assert.ok(!holds(second.panel, zone, address(`first${last}`, `192.0.2.${last}`)));
      }
      await until('the note', async () =>
        /example\.org +synced .*others change records .*another panel/u.test(await zonesOf(second)),
      );
      assert.match(await second.domainsync('status'), /notes +1 zone/u);
      const doctor = await second.domainsync('doctor');
      assert.match(doctor, /warning +zones +records changed at the central by others.*example\.org/u);
      assert.match(doctor, /another panel use this account/u);
      // The changes are the first panel's own, so its report does not mention another panel.
      assert.doesNotMatch(await zonesOf(first), /another panel/u);
    });

    test('a zone that the other deletes is told, and not made again', async () => {
      succeeded(await second.atPanel.dropZone(zone));
      await until('the delete', () => !first.central.zones().includes(zone));
      await first.domainsync('compare');
      await until('the note', async () =>
        /example\.org +synced .*no longer has it.*another panel/u.test(await zonesOf(first)),
      );
      const doctor = await first.domainsync('doctor');
      assert.match(doctor, /warning +zones +gone from the central, not deleted by us: example\.org$/mu);
      assert.doesNotMatch(doctor, /alone\.example/u);
      assert.ok(first.panel.zones().includes(zone));
      assert.ok(first.central.zones().includes(alone));
      assert.ok(!first.central.zones().includes(zone));
    });
  });
}
