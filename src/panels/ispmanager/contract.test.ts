import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startSandbox, type Generation, type Sandbox } from '../../../sandbox/index.ts';
import { parseName } from '../../dns/name.ts';
import { makeRecord } from '../../dns/record.ts';
import { PanelError } from '../../core/panel.ts';
import { ispmanager5Records } from '../../net/ispmanager/ispmanager5-records.ts';
import { ispmanager4Records } from '../../net/ispmanager/ispmanager4-records.ts';
import { panelContract, type PanelSubject } from '../../testing/contracts/panel.ts';
import { createIspmanagerPanel } from './index.ts';
import { kindOfGeneration } from '../../testing/accounts/ispmanager.ts';
import { patience } from '../../testing/patience.ts';

const user = { name: 'alice', password: 'pw' };
const zone = parseName('contract.example.');

async function start(
  t: TestContext,
  switches: Partial<Sandbox['switches']> = {},
  generation: Generation = 'v4',
): Promise<PanelSubject & { sandbox: Sandbox }> {
  const root = mkdtempSync(join(tmpdir(), 'panel-'));
  const sandbox = await startSandbox({
    root,
    generation,
    tls: false,
    users: [{ ...user, level: 5 }],
    switches: { defaultHosts: [], defaultMxRecords: false, defaultSpf: false, ...switches },
  });
  t.after(async () => {
    await sandbox.stop();
    rmSync(root, { recursive: true, force: true });
  });
  const act = async (func: string, params: Record<string, string>): Promise<void> => {
    const answer = await sandbox.call(
      func,
      { ...params, sok: 'ok' },
      { user: user.name, password: user.password },
    );
    assert.ok(answer.ok, answer.body);
  };
  return {
    sandbox,
    panel: createIspmanagerPanel({ root, kind: kindOfGeneration[generation], timeout: patience }),
    makeZone: async (name, records) => {
      await act('domain.edit', { elid: '', name: name.slice(0, -1), ip: '192.0.2.1' });
      const { recordEdit, form } = generation === 'v4' ? ispmanager4Records : ispmanager5Records;
      for (const one of records) await act(recordEdit, { plid: name.slice(0, -1), elid: '', ...form(one) });
    },
  };
}

panelContract('ispmanager 4', (t) => start(t));
panelContract('ispmanager 4, absolute names', (t) => start(t, { absoluteNames: true }));
panelContract('ispmanager 5', (t) => start(t, { noise: false }, 'v5'));
panelContract('ispmanager 6', (t) => start(t, {}, 'v6'));
panelContract('dnsmanager', (t) => start(t, { recordKeyColumn: 'rtype_hidden' }, 'dnsmgr'));
// The next panels use another column for identifiers, and may leave out empty parameters. They answer OK when
// an unknown record is deleted.
panelContract('ispmanager 6, another identifier column', (t) =>
  start(t, { recordKeyColumn: 'rtype_hidden', emptyParams: 'absent', unknownRecord: 'ok' }, 'v6'),
);
panelContract('dnsmanager, the usual identifier column', (t) =>
  start(t, { emptyParams: 'absent', createSays: 'ok', unknownRecord: 'ok' }, 'dnsmgr'),
);
panelContract('ispmanager 4, an unknown key deleted without a word', (t) =>
  start(t, { unknownRecord: 'ok', hosts: 'absolute' }),
);

const ctx = { signal: new AbortController().signal, operation: '-' };

async function fails(work: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(work, (error) => error instanceof PanelError && error.code === code);
}

test('a list cut at its limit is an error, never a shorter list', async (t) => {
  const { sandbox, panel, makeZone } = await start(t);
  const records = ['1', '2', '3', '4'].map((last) =>
    makeRecord({ name: `h${last}`, type: 'A', rdata: `192.0.2.${last}` }, zone),
  );
  await makeZone(zone, records);
  sandbox.switches.recordLimit = 2;
  await fails(panel.readZone(zone, ctx), 'panel.garbled');
});

test('a cut answer, a dead panel and a hanging tool are errors', async (t) => {
  const { sandbox, panel, makeZone } = await start(t);
  await makeZone(zone, []);
  sandbox.faults.add({ func: 'domain.sublist', via: 'mgrctl', effect: 'cut', at: 0.7 });
  await fails(panel.readZone(zone, ctx), 'panel.garbled');
  const hanging = join(sandbox.root, 'hanging');
  writeFileSync(hanging, '#!/bin/sh\nexec tail -f /dev/null\n');
  chmodSync(hanging, 0o700);
  const slow = createIspmanagerPanel({
    root: sandbox.root,
    kind: 'ispmanager4',
    mgrctl: hanging,
    timeout: 200,
  });
  await fails(slow.readZone(zone, ctx), 'panel.unreachable');
  await fails(
    createIspmanagerPanel({ root: '/nonexistent', kind: 'ispmanager4' }).listZones(ctx),
    'panel.unreachable',
  );
});

test('our own writes show their echo to the hook', async (t) => {
  const { sandbox, panel, makeZone } = await start(t);
  await makeZone(zone, []);
  const seen = join(sandbox.root, 'seen');
  writeFileSync(
    join(sandbox.root, 'addon/spy'),
    `#!/bin/sh\nprintf '%s' "$QUERY_STRING" >>'${seen}'\ncat >>'${seen}'\nprintf '<doc/>'\n`,
  );
  chmodSync(join(sandbox.root, 'addon/spy'), 0o700);
  writeFileSync(
    join(sandbox.root, 'etc/ispmgr_mod_spy.xml'),
    '<?xml version="1.0"?><mgrdata><handler name="spy" type="cgi"><event before="yes">domain.sublist.edit</event></handler></mgrdata>',
  );
  sandbox.restartPanel();
  const add = [makeRecord({ name: 'x', type: 'A', rdata: '192.0.2.1' }, zone)];
  await panel.write({ zone, remove: [], add }, [], 'the-echo', ctx);
  assert.match(readFileSync(seen, 'utf8'), /domainsync_echo=the-echo/);
});

for (const generation of ['v4', 'v6'] as const) {
  test(`a text that reads like a list of keys is removed without naming another record, ${generation}`, async (t) => {
    const { sandbox, panel, makeZone } = await start(t, { absoluteNames: true }, generation);
    const other = makeRecord({ name: 'v', type: 'A', rdata: '192.0.2.5' }, zone);
    const rdata = `"a, v.${zone} A  192.0.2.5"`;
    const text = makeRecord({ name: 't', type: 'TXT', rdata }, zone);
    await makeZone(zone, [other, text]);
    const present = (await panel.readZone(zone, ctx)) ?? [];
    await panel.write({ zone, remove: [text], add: [] }, present, 'echo', ctx);
    const types = (await panel.readZone(zone, ctx))?.map(({ type }) => type).filter((type) => type !== 'NS');
    assert.deepEqual(types, ['A']);
    const deletes = sandbox.requests.filter(({ func, via }) => via === 'mgrctl' && func.endsWith('.delete'));
    assert.deepEqual(
      deletes.map(({ params }) => params['elid']?.includes(',')),
      [false],
    );
  });
}
