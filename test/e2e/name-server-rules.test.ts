/**
 * Issue 12.4, 12.5 and 12.8: tests of rules of BIND itself. They show what users and administrators of both
 * generations of panels see.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { stands } from '../../src/testing/stage/central-side.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import { makeServerStage, type ServerStage } from '../../src/testing/stage/server-stage.ts';
import { until } from '../../src/testing/stage/stage.ts';
import { address, holds, type Wanted } from '../../src/testing/stage/panel-words.ts';
import type { Answer } from '../../sandbox/index.ts';

const zone = 'rules.example';
const delegation: Wanted = { name: 'sub', type: 'NS', value: 'ns.example.net.' };

/** Adds a line to BIND's options and runs `rndc reconfig`, as an administrator would. */
async function configure({ server }: ServerStage, line: string): Promise<void> {
  const file = join(server.folder, 'named.conf');
  const text = readFileSync(file, 'utf8').replace(/recursion no;[^\n]*/u, `recursion no; ${line}`);
  writeFileSync(file, text);
  assert.ok('rndc' in server && typeof server.rndc === 'function');
  await server.rndc('reconfig');
}

function refused({ ok, error, body }: Answer, words: RegExp): void {
  const said = error?.text ?? body;
  assert.equal(ok, false, said);
  assert.match(said, words);
  assert.match(said, /Nothing was changed/u);
}

for (const panel of ['v4', 'v6'] as const) {
  describe(`${panel} to BIND`, { skip: missingFor('bind') }, () => {
    test('refusals by its rules name the rule and leave nothing; queries shut out are no absence', async (t) => {
      const stage = await makeServerStage({ panel, central: 'bind' });
      t.after(() => stage.stop());
      const { atPanel, there } = stage;
      const switches = { defaultHosts: [], defaultMxRecords: false, defaultSpf: false };
      Object.assign(stage.panel.switches, switches);
      assert.ok((await atPanel.makeZone(zone)).ok);
      await there.makeZones([{ name: zone, records: [] }]);
      await configure(stage, 'allow-query { 127.0.0.9; };');
      await stage.install();
      stage.configure();

      const first = address('first', '192.0.2.1');
      const doctor = await stage
        .domainsync('doctor')
        .catch((error: unknown) =>
          String(error instanceof Error && 'stdout' in error ? error.stdout : error),
        );
      assert.match(doctor, /\[central\.query-refused\]/u);
      assert.match(doctor, /allow-query/u);
      assert.equal((await atPanel.save(zone, first)).ok, false);
      assert.ok(!holds(stage.panel, zone, first));
      await configure(stage, '');
      await until('the first comparison', async () => (await atPanel.save(zone, first)).ok);
      assert.ok(await stands(there, zone, first));

      await configure(stage, 'allow-query { 127.0.0.9; };');
      const second = address('second', '192.0.2.2');
      refused(
        await atPanel.save(zone, second),
        /refuses our queries.*allow-query.*\[central\.query-refused\]/u,
      );
      await configure(stage, '');

      const wild: Wanted = { name: '*', type: 'NS', value: 'ns.example.net.' };
      refused(await atPanel.save(zone, wild), /\*\.rules\.example.*\[central\.left-out\]/u);
      assert.ok(!holds(stage.panel, zone, wild));

      assert.ok((await atPanel.save(zone, delegation)).ok);
      const ds: Wanted = { name: 'sub', type: 'DS', value: `1 13 2 ${'ab'.repeat(32)}` };
      await there.add(zone, ds);
      refused(await atPanel.remove(zone, delegation), /DS record first.*\[central\.ds-first\]/u);
      assert.ok(await stands(there, zone, delegation));
      await there.remove(zone, ds);
      assert.ok((await atPanel.remove(zone, delegation)).ok);

      if (!there.hasTtl || panel === 'v4') return;
      await configure(stage, 'max-zone-ttl 3600;');
      const long = { ...address('long', '192.0.2.3'), ttl: 86_400 };
      refused(await atPanel.save(zone, long), /3600 s.*\[central\.ttl-limit\]/u);
      assert.ok(!(await stands(there, zone, address('long', '192.0.2.3'))));
      assert.ok((await atPanel.save(zone, { ...long, ttl: 300 })).ok);
      refused(await atPanel.change(zone, { ...long, ttl: 300 }, long), /3600 s.*\[central\.ttl-limit\]/u);
    });
  });
}
