/**
 * Issue 12.10: tests of zones in our account that are copies of another server's zones. Some are copies from
 * the beginning, others become copies later.
 */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { agreed, stands } from '../../src/testing/stage/central-side.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import { makeServerStage, type ServerStage } from '../../src/testing/stage/server-stage.ts';
import { makeStage, until, type AnyStage, type Stage } from '../../src/testing/stage/stage.ts';
import { address, contents, holds } from '../../src/testing/stage/panel-words.ts';
import { settled, succeeded, zone } from './combinations/scene.ts';

const www = address('mine', '192.0.2.1');
const copyWords = /is a copy of another server \(a slave zone\)/u;

/**
 * Asserts that edits of a synced zone are refused once the zone at the central has become a slave zone. The
 * panel must not change by them.
 */
async function refusesEdits(stage: AnyStage): Promise<void> {
  const { panel, atPanel } = stage;
  const unchanged = contents(panel, zone);
  for (const act of [
    async () => await atPanel.save(zone, address('new', '192.0.2.2')),
    async () => await atPanel.change(zone, www, address('mine', '192.0.2.3')),
    async () => await atPanel.remove(zone, www),
    async () => await atPanel.dropZone(zone),
  ]) {
    const answer = await act();
    assert.equal(answer.ok, false, answer.body);
    assert.match(answer.error?.text ?? answer.body, copyWords);
    assert.deepEqual(contents(panel, zone), unchanged);
  }
}

/** Asserts that the zone stays in the ledger, with a note that says why it is not changed. */
async function isNoted(stage: AnyStage): Promise<void> {
  await stage.domainsync('compare');
  await until('the note', async () =>
    /example\.org +synced .*a copy of another server/u.test(await stage.domainsync('zones')),
  );
  const listed = await stage.domainsync('zone', zone);
  assert.match(listed, /yes +yes +synced +mine\.example\.org A 192\.0\.2\.1/u);
  assert.match(await stage.domainsync('status'), /notes +\d zones?/u);
  const doctor = await stage.domainsync('doctor');
  assert.match(doctor, /warning +zones +copies of another server at the central.*example\.org/u);
  assert.match(doctor, /ask the provider to make them primary there/u);
}

async function open(stage: AnyStage): Promise<void> {
  await stage.install();
  stage.configure();
  await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
  await until('its content at the central', () => agreed(stage, zone));
  succeeded(await stage.atPanel.save(zone, www));
  await settled(stage);
}

describe('issue 12.10: copies at PowerDNS', { skip: missingFor('powerdns') }, () => {
  const early = 'early.example';
  let stage: ServerStage;
  before(async () => {
    stage = await makeServerStage({ central: 'powerdns' });
    succeeded(await stage.atPanel.makeZone(early));
    await stage.there.makeZones([{ name: early, records: [] }]);
    become(early, 'SLAVE');
    await open(stage);
  });
  after(() => stage.stop());

  function become(name: string, kind: 'SLAVE' | 'NATIVE'): void {
    const database = new DatabaseSync(join(stage.server.folder, 'pdns.sqlite3'), { timeout: 60_000 });
    database.prepare('UPDATE domains SET type = ?, master = ? WHERE name = ?').run(kind, '192.0.2.9', name);
    database.close();
  }

  test('one that was a copy before: edits pass in the panel only, and it is told', async () => {
    succeeded(await stage.atPanel.save(early, www));
    const zones = await stage.domainsync('zones');
    assert.match(zones, /early\.example +panel-only .*a copy of another server/u);
    assert.match(
      await stage.domainsync('doctor'),
      /warning +zones +copies of another server at the central.*early\.example/u,
    );
    assert.ok(!(await stands(stage.there, early, www)));
  });

  test('one that becomes a copy: edits and its delete are refused, it is noted', async () => {
    become(zone, 'SLAVE');
    await refusesEdits(stage);
    await isNoted(stage);
    assert.ok(await stands(stage.there, zone, www));
  });

  test('as primary zones both are synchronised again', async () => {
    become(zone, 'NATIVE');
    become(early, 'NATIVE');
    const back = address('back', '192.0.2.4');
    succeeded(await stage.atPanel.save(zone, back));
    assert.ok(await stands(stage.there, zone, back));
    await stage.domainsync('compare');
    await until('no note', async () => !(await stage.domainsync('zones')).includes('copy of another'));
    await until('it is synced', async () => /early\.example +synced/u.test(await stage.domainsync('zones')));
    assert.match(await stage.domainsync('doctor'), /^0 problems, 0 warnings/mu);
  });
});

describe('issue 12.10: copies at DNSmanager', () => {
  let stage: Stage;
  before(async () => {
    stage = await makeStage({ central: 'dnsmgr' });
    await open(stage);
  });
  after(() => stage.stop());

  test('one that becomes a copy: edits and its delete are refused, it is noted', async () => {
    succeeded(await stage.atCentral.dropZone(zone));
    const slave = { elid: '', name: zone, dtype: 'slave', masterip: '192.0.2.9', sok: 'ok' };
    succeeded(await stage.provider('domain.edit', slave));
    await refusesEdits(stage);
    await isNoted(stage);
    assert.ok(stage.central.zones().includes(zone));
  });

  test('as a primary zone it is synchronised again; what it lacks is listed', async () => {
    succeeded(await stage.provider('domain.delete', { elid: zone, sok: 'ok' }));
    succeeded(await stage.atCentral.makeZone(zone));
    const back = address('back', '192.0.2.4');
    succeeded(await stage.atPanel.save(zone, back));
    assert.ok(holds(stage.central, zone, back));
    await stage.domainsync('compare');
    await until('no note', async () => !(await stage.domainsync('zones')).includes('copy of another'));
    assert.match(
      await stage.domainsync('zone', zone),
      /yes +- +conflict +mine\.example\.org A 192\.0\.2\.1/u,
    );
  });
});
