/** Tests of what differs between installations of the same generation of a panel or central. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { account, until, type Stage } from '../../../src/testing/stage/stage.ts';
import { address, agree, holds, holdsName } from '../../../src/testing/stage/panel-words.ts';
import type { Answer } from '../../../sandbox/index.ts';
import {
  mirrored,
  onBoth,
  onNeither,
  settled,
  succeeded,
  whileIts,
  zone,
  type Combination,
} from './scene.ts';

/** Tests of behaviour of the customer's panel. */
export function panelSteps(stage: () => Stage, { panel: generation }: Combination): void {
  test('a change that the panel shows late is not taken for a refused one', async () => {
    const { panel, central } = stage();
    const record = address('late', '192.0.2.20');
    await whileIts(panel, { lateVisibilityMs: 1_500, lateFor: 'mgrctl' }, async () => {
      await mirrored(stage(), record);
      await settled(stage());
    });
    assert.ok(holds(central, zone, record));
  });

  test('word of an edit that nobody asked about before: done now', async () => {
    const { atPanel, central } = stage();
    const restore = withoutBefore(stage());
    const record = address('unasked', '192.0.2.21');
    succeeded(await atPanel.save(zone, record));
    restore();
    await until('it to be at the central', () => holds(central, zone, record));
    onBoth(stage(), record);
  });

  if (generation === 'v4') return;

  test('empty parameters, exported or absent', async () => {
    const { panel } = stage();
    for (const emptyParams of ['exported', 'absent'] as const)
      await whileIts(panel, { emptyParams }, () => mirrored(stage(), address(emptyParams, '192.0.2.22')));
  });

  test('inner calls with handlers: mirrored; rolled back by the outer function: undone', async () => {
    const { panel, central, customer } = stage();
    const site = (name: string): Promise<Answer> =>
      customer('webdomain.edit', { name: `${name}.${zone}`, aliases: '', ipaddrs: '192.0.2.23', sok: 'ok' });
    await whileIts(panel, { fireNested: true }, async () => {
      succeeded(await site('inner'));
      onBoth(stage(), address('inner', '192.0.2.23'));
      panel.switches.failOuter = { 'webdomain.edit': { code: 1, text: 'no room', count: 1 } };
      // All reads fail until the outer function has failed. A read before that would show that the panel has
      // made the inner edit (docs/compatibility.md#a32).
      panel.faults.add({ func: stage().atPanel.words.list, via: 'mgrctl', effect: 'refuse', count: null });
      assert.equal((await site('outer')).ok, false);
      panel.faults.clear();
    });
    const record = address('outer', '192.0.2.23');
    await until('the undo', () => !holds(central, zone, record));
    onNeither(stage(), record);
  });

  test('records that come with a web site, without an event: followed', async () => {
    const { central, customer } = stage();
    const form = { name: `site.${zone}`, aliases: '', ipaddrs: '192.0.2.24', sok: 'ok' };
    succeeded(await customer('webdomain.edit', form));
    await until('the comparison', () => holds(central, zone, address('site', '192.0.2.24')));
  });
}

/** Removes the `before` events from the plugin's description file. @returns a function that restores them */
export function withoutBefore({ panel, atPanel }: Stage): () => void {
  const later = atPanel.words.hasTtl;
  const path = join(
    panel.root,
    later ? 'etc/xml/ispmgr_mod_domainsync.xml' : 'etc/ispmgr_mod_domainsync.xml',
  );
  const whole = readFileSync(path, 'utf8');
  const put = (text: string): void => {
    writeFileSync(path, text);
    rmSync(join(panel.root, 'var/.xmlcache'), { recursive: true, force: true });
    panel.restartPanel();
  };
  const event = later ? /^ *<event name="[^"]*" before="yes"\/>\n/gmu : / before="yes"(?= after)/gu;
  put(whole.replaceAll(event, ''));
  return () => put(whole);
}

/** Whether the central's own list has the zone. During a slow delete, the list still has it. */
async function isListed({ provider }: Stage, name: string): Promise<boolean> {
  return (await provider('domain', {})).elems.some((row) => row['name'] === name);
}

/** Tests of behaviour of the provider's panel. */
export function centralSteps(
  stage: () => Stage,
  { panel: panelGeneration, central: generation }: Combination,
): void {
  test('a session instead of the password in every call; renewed when it ends', async () => {
    stage().configure({ login: 'session' });
    await until('the new settings', async () => {
      succeeded(await stage().atPanel.save(zone, address(`s${Date.now()}`, '192.0.2.30')));
      return stage().central.requests.some(({ func }) => func === 'auth');
    });
    stage().central.faults.add({ func: stage().atCentral.words.list, effect: 'expire' });
    await mirrored(stage(), address('renewed', '192.0.2.31'));
    stage().configure();
  });

  test('the zone hidden by a filter of the central’s pages: never taken for gone', async () => {
    const { central, panel, atPanel } = stage();
    const record = address('hidden', '192.0.2.32');
    await whileIts(central, { filters: { [account.name]: 'nothing-like-it' } }, async () => {
      const { ok } = await atPanel.save(zone, record);
      assert.deepEqual([holds(panel, zone, record), holds(central, zone, record)], [ok, ok]);
      await stage().domainsync('compare');
    });
    assert.ok(central.zones().includes(zone));
    await until('edits as before', async () => (await atPanel.save(zone, address('seen', '192.0.2.33'))).ok);
    onBoth(stage(), address('seen', '192.0.2.33'));
  });

  if (generation === 'v4') return;

  test('writes that want the panel’s own Referer, or to be confirmed', async () => {
    const { central } = stage();
    const record = address('referer', '192.0.2.34');
    await whileIts(central, { refererCheck: true }, () => mirrored(stage(), record));
    await whileIts(central, { confirmWrites: true }, () =>
      mirrored(stage(), address('confirm', '192.0.2.34')),
    );
  });

  test('a new zone that takes its time is waited for', async () => {
    const { central, panel, atPanel } = stage();
    for (const slowRecords of ['error', 'empty'] as const) {
      const name = `slow-${slowRecords}.example`;
      await whileIts(central, { slowClock: 'real', slowOperationsMs: 1_500, slowRecords }, async () => {
        succeeded(await atPanel.makeZone(name));
        await until('its content', () => agree(panel, central, name));
        succeeded(await atPanel.dropZone(name));
        await until('the delete', () => !central.zones().includes(name));
        await until('the central to be done', async () => !(await isListed(stage(), name)));
      });
      await settled(stage());
    }
  });

  test('rows of a signed zone: left alone, edits go on beside them', async () => {
    const { central } = stage();
    await whileIts(central, { dnssecRows: true }, async () => {
      await mirrored(stage(), address('signed', '192.0.2.35'));
      await stage().domainsync('compare', zone);
      await mirrored(stage(), address('signed2', '192.0.2.36'));
    });
  });

  if (generation !== 'dnsmgr') return;

  test('a slave zone at the central is nobody’s to edit', async () => {
    const { central, panel, provider, atPanel } = stage();
    const name = 'slave.example';
    succeeded(await provider('domain.edit', { name, dtype: 'slave', masterip: '192.0.2.2', sok: 'ok' }));
    const { ok } = await atPanel.makeZone(name);
    assert.equal(ok, panel.zones().includes(name));
    assert.ok(central.zones().includes(name));
    assert.ok(!holdsName(central, name, 'www'));
  });

  // This test takes longest, so it runs for one combination only.
  if (panelGeneration !== 'v6') return;

  test('a new zone that takes longer than an edit may: on both sides, or on neither', async () => {
    const { central, panel, atPanel } = stage();
    const name = 'slower.example';
    await whileIts(central, { slowClock: 'real', slowOperationsMs: 11_000 }, async () => {
      const { ok } = await atPanel.makeZone(name);
      assert.equal(panel.zones().includes(name), ok);
      await until('both sides to agree', () => agree(panel, central, name));
      assert.equal(central.zones().includes(name), ok);
    });
    await settled(stage());
  });
}
