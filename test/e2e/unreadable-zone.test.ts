/**
 * Issue 12.9: tests of a zone that PowerDNS cannot return as a whole, because its database contains a broken
 * record. Edits of other records still work.
 */
import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { agreed, stands } from '../../src/testing/stage/central-side.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import { makeServerStage, type ServerStage } from '../../src/testing/stage/server-stage.ts';
import { endProcess, until } from '../../src/testing/stage/stage.ts';
import { address, holds, type Wanted } from '../../src/testing/stage/panel-words.ts';
import { settled, succeeded, zone } from './combinations/scene.ts';

const early = address('early', '192.0.2.1');

describe('issue 12.9: a zone that PowerDNS cannot read', { skip: missingFor('powerdns') }, () => {
  let stage: ServerStage;
  before(async () => {
    stage = await makeServerStage({ central: 'powerdns' });
    await stage.install();
    stage.configure();
    await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
    await until('its content at the central', () => agreed(stage, zone));
    succeeded(await stage.atPanel.save(zone, early));
    await settled(stage);
    inDatabase(
      `INSERT INTO records (domain_id, name, type, content, ttl, disabled, auth)
       SELECT id, 'bad.' || name, 'TXT', 'unquoted text', 60, 0, 1 FROM domains WHERE name = ?`,
    );
    inDatabase(
      `INSERT INTO records (domain_id, name, type, content, ttl, disabled, auth)
       SELECT id, 'early.' || name, 'A', '192.0.2.99', 60, 1, 1 FROM domains WHERE name = ?`,
    );
    // The agent ends here. The next edit starts a new agent, which has not read the zone.
    const pid = await stage.agent();
    assert.ok(pid !== null);
    await endProcess(pid);
  });
  after(() => stage.stop());

  function inDatabase(statement: string): void {
    const database = new DatabaseSync(join(stage.server.folder, 'pdns.sqlite3'), { timeout: 60_000 });
    database.prepare(statement).run(zone);
    database.close();
  }

  /** Whether the server answers a query with the record. The broken record makes a zone transfer fail too. */
  async function served(record: Wanted): Promise<boolean> {
    const lines = await stage.there.public.lines(`${record.name}.${zone}`, record.type);
    return lines.some((line) => line.endsWith(` ${record.value}`));
  }

  test('edits by name pass and are confirmed', async () => {
    const one = address('one', '192.0.2.2');
    succeeded(await stage.atPanel.save(zone, one));
    assert.ok(await served(one));
    succeeded(await stage.atPanel.change(zone, early, address('early', '192.0.2.3')));
    assert.ok(await served(address('early', '192.0.2.3')));
    assert.ok(!(await served(early)));
    await settled(stage);
    assert.match(await stage.domainsync('history'), /done on both sides/u);
    succeeded(await stage.atPanel.remove(zone, one));
    assert.ok(!(await served(one)));
    await settled(stage);
  });

  test('an edit that the panel refuses itself is undone', async () => {
    const half = address('half', '192.0.2.4');
    const { atPanel, panel } = stage;
    panel.switches.failLocal = { [atPanel.words.save]: { code: 1, text: 'disk quota exceeded', count: 1 } };
    assert.match((await atPanel.save(zone, half)).error?.text ?? '', /quota/u);
    await until('the undo', async () => !(await served(half)));
    await settled(stage);
    assert.ok(!holds(panel, zone, half));
  });

  test('an edit of the record that cannot be read is refused, naming the zone', async () => {
    const answer = await stage.atPanel.save(zone, { name: 'bad', type: 'TXT', value: 'sound' });
    assert.match(answer.error?.text ?? '', /has the zone of example\.org but cannot serve or change it/u);
  });

  test('the zone is named, and what tells the record', async () => {
    const doctor = await stage.domainsync('doctor');
    assert.match(doctor, /warning +central +.*zone of example\.org .*\[central\.zone-failing\]/u);
    assert.match(doctor, /pdnsutil check-zone/u);
    await stage.domainsync('compare', zone).catch((error: unknown) => {
      assert.ok(error instanceof Error && 'stderr' in error, String(error));
    });
    const named = /example\.org +.*pdnsutil check-zone/u;
    await until('the note', async () => named.test(await stage.domainsync('zones')));
  });

  test('mended, it is compared again, and what was disabled still is', async () => {
    inDatabase(`DELETE FROM records WHERE name = 'bad.' || ?`);
    await stage.domainsync('compare', zone);
    await until(
      'the note to go',
      async () => !(await stage.domainsync('zones')).includes('pdnsutil check-zone'),
    );
    assert.ok(await stands(stage.there, zone, address('early', '192.0.2.3')));
    const database = new DatabaseSync(join(stage.server.folder, 'pdns.sqlite3'), { timeout: 60_000 });
    const rows = database
      .prepare(`SELECT content FROM records WHERE name = 'early.' || ? AND disabled = 1`)
      .all(zone);
    database.close();
    assert.deepEqual(
      rows.map(({ content }) => content),
      ['192.0.2.99'],
    );
  });
});
