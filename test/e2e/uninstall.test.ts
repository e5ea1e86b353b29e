/** Tests what `uninstall` keeps, and how a later `install` uses it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAnswer, type Answers } from '../../src/app/control/protocol.ts';
import { stands } from '../../src/testing/stage/central-side.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import { makeStage, until } from '../../src/testing/stage/stage.ts';
import { settled, succeeded, zone } from './combinations/scene.ts';

test('issue 17, uninstall: settings and history stay; the next install takes a new baseline', async (t) => {
  const stage = await makeStage({ panel: 'v6', central: 'v6' });
  t.after(async () => await stage.stop());
  const { atPanel, there, panel } = stage;
  await stage.install();
  stage.configure();
  await until('the first zone', async () => (await atPanel.makeZone(zone)).ok);
  const gone = address('gone', '192.0.2.61');
  for (const record of [gone, address('stays', '192.0.2.62')]) succeeded(await atPanel.save(zone, record));
  await settled(stage);

  await stage.domainsync('uninstall', '--system', 'no');
  assert.equal(existsSync(join(panel.root, 'lib/domainsync')), false);
  assert.ok(existsSync(join(panel.root, 'etc/domainsync.ini')));
  assert.match(await stage.domainsync('history', '--zone', zone), /192\.0\.2\.61/u);
  // Without our handlers, only the panel has these edits.
  succeeded(await atPanel.remove(zone, gone));
  succeeded(await atPanel.save(zone, address('alone', '192.0.2.63')));

  await stage.install();
  await until('the new baseline', async () => {
    await stage.domainsync('plan', zone).catch(() => '');
    const { entry, rows } = await report();
    return entry?.state === 'synced' && rows.length > 0;
  });
  const states = new Map<string, string>(
    (await report()).rows.map(({ record, state }) => [record.name, state]),
  );
  assert.equal(states.get(`gone.${zone}.`), 'central-only');
  assert.equal(states.get(`alone.${zone}.`), 'panel-only');
  assert.equal(states.get(`stays.${zone}.`), 'synced');
  assert.ok(await stands(there, zone, gone));
  assert.equal(await stands(there, zone, address('alone', '192.0.2.63')), false);
  assert.match(await stage.domainsync('history', '--zone', zone), /192\.0\.2\.61/u);

  await stage.domainsync('uninstall', '--system', 'no', '--purge');
  assert.equal(existsSync(join(panel.root, 'etc/domainsync.ini')), false);
  assert.equal(existsSync(join(panel.root, 'var/domainsync')), false);
  assert.deepEqual(
    readdirSync(join(panel.root, 'etc')).filter((name) => name.includes('domainsync')),
    [],
  );

  async function report(): Promise<Answers['zone']> {
    return parseAnswer('zone', JSON.parse(await stage.domainsync('--json', 'zone', zone)));
  }
});
