/**
 * Tests of the self-test and of the doctor. The self-test records what the panel does in cases that its
 * documentation leaves open. In a panel without faults, the doctor must find no fault.
 */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeStage, panelAdmin, until, type Stage } from '../../src/testing/stage/stage.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import type { Switches } from '../../sandbox/shared/switches.ts';
import type { SelfTestReport } from '../../src/app/self-test/self-test.ts';

const own = 'own.example';

const pairs = [
  { panel: 'v6', central: 'dnsmgr', ttl: 'yes', listed: 'yes' },
  { panel: 'v4', central: 'v4', ttl: 'not tested', listed: 'not tested' },
] as const;

for (const { panel, central, ttl, listed } of pairs) {
  describe(`panel ${panel}`, () => {
    let stage: Stage;

    before(async () => {
      stage = await makeStage({ panel, central });
      // The self-test makes an edit as a user who has no right to its zone. That user needs a zone of his
      // own.
      assert.ok((await stage.atPanel.makeZone(own)).ok);
      await stage.install();
      stage.configure();
    });

    after(() => stage.stop());

    async function selfTest(switches: Partial<Switches>): Promise<SelfTestReport> {
      Object.assign(stage.panel.switches, switches);
      const text = await stage.domainsync('--json', 'doctor', '--self-test');
      const { selfTest: report } = JSON.parse(text) as { selfTest: SelfTestReport };
      assert.equal(report.clean, true);
      assert.deepEqual([stage.panel.zones(), stage.central.zones()], [[own], []]);
      return report;
    }

    async function check(): Promise<string | undefined> {
      const report = await stage.status();
      return report?.engine?.owners.check;
    }

    test('every assumption that can be tested holds, and nothing is left behind', async () => {
      const report = await selfTest({});
      const holds = Object.fromEntries(report.assumptions.map(({ id, holds: so }) => [id, so]));
      const all = { A1: 'yes', A2: 'yes', A3: 'yes', A4: ttl, A5: 'yes', A8: 'yes', A50: listed, A39: 'yes' };
      assert.deepEqual(holds, all);
      // Issue 11.1: this panel calls handlers before it checks access, so the engine must know the owners of
      // zones.
      assert.deepEqual([report.beforeForOthers, report.ownersReported], ['yes', 'column']);
      const step = report.steps.find(({ byForeignAccount }) => byForeignAccount === true);
      assert.deepEqual(
        step?.calls.map(({ stage: at, verdict }) => [at, verdict]),
        [['before', 'accept']],
      );
      assert.deepEqual([step?.panelShows, step?.centralShows], [true, true]);
      assert.equal(await check(), 'on');
      assert.match(await stage.domainsync('status'), /^owners +reported by a column of the list/m);
    });

    test('for people, at a panel that looks at access first (issue 11.1): proved', async () => {
      Object.assign(stage.panel.switches, { accessFirst: true });
      const text = await stage.domainsync('doctor', '--self-test');
      assert.match(text, /A1 {3}holds/);
      assert.match(text, /"before" is called for others' zones +no/);
      assert.match(text, /owners of zones are reported by +a column of the list/);
      assert.doesNotMatch(text, /FAILED/);
      const kind = central === 'v4' ? 'ISPmanager 4' : 'DNSmanager 5/6';
      // If the panel has zones and the account has none, the doctor prints `warning`.
      assert.match(text, new RegExp(`(?:ok|warning) +central +${kind} at https://127\\.0\\.0\\.1:\\d+/`));
      assert.equal(await check(), 'proved');
      assert.match(await stage.domainsync('status'), /^owners .*the panel checks access first/m);
      assert.match(await stage.domainsync('doctor'), /^ok +owners .*self-test/m);
    });

    test('issue 11.1: what was proved is no longer, once it is seen to be otherwise', async () => {
      assert.equal((await selfTest({ accessFirst: false })).beforeForOthers, 'yes');
      assert.equal(await check(), 'on');
    });
  });
}

describe('issue 11.1: a panel that tells no owners', () => {
  let stage: Stage;

  before(async () => {
    stage = await makeStage({ panel: 'v6', central: 'dnsmgr' });
    assert.ok((await stage.atPanel.makeZone(own)).ok);
    Object.assign(stage.panel.switches, { ownerColumn: 'none', ignoreSu: true });
    await stage.install();
    stage.configure();
  });

  after(() => stage.stop());

  test('status, doctor, self-test and the form say that edits of users are followed, not refused', async () => {
    const text = await stage.domainsync('doctor', '--self-test');
    const doctor = await stage.domainsync('doctor');
    assert.match(doctor, /warning +owners +.*cannot be refused/);
    assert.match(doctor, /-> .*--self-test.*owner_check = off/);
    assert.match(text, /A39 {2}FAILED/);
    assert.match(text, /"before" is called for others' zones +not tested/);
    assert.match(await stage.domainsync('status'), /^owners .*followed/m);
    const admin = { user: panelAdmin.name, password: panelAdmin.password };
    const form = await stage.panel.call('domainsync', {}, admin);
    assert.match(form.body, /<owners>[^<]*not refused[^<]*<\/owners>/u);
    const russian = await stage.panel.call('domainsync', { lang: 'ru' }, admin);
    assert.match(russian.body, /<owners>[^<]*не отклоняются[^<]*<\/owners>/u);
    stage.configure({}, { owner_check: 'off' });
    assert.match(await stage.domainsync('doctor'), /note +owners +.*owner_check = off/);
    stage.configure({}, { owner_check: 'on' });
  });

  test('a panel that calls no handler at all proves nothing', async () => {
    Object.assign(stage.panel.switches, { ignoreSu: false, accessFirst: true });
    rmSync(join(stage.panel.root, 'etc/xml/ispmgr_mod_domainsync.xml'));
    stage.panel.restartPanel();
    const text = await stage.domainsync('--json', 'doctor', '--self-test', '--zone', 'scratch.example');
    const { selfTest } = JSON.parse(text) as { selfTest: SelfTestReport };
    assert.equal(selfTest.assumptions.find(({ id }) => id === 'A2')?.holds, 'no');
    // Issue 12.20: according to the panel's own list, no handler is registered.
    assert.equal(selfTest.assumptions.find(({ id }) => id === 'A50')?.holds, 'no');
    assert.equal(selfTest.beforeForOthers, 'not tested');
    const status = await stage.status();
    assert.equal(status?.engine?.owners.check, 'on');
  });
});

describe('issue 18: a self-test while domainsync only observes', () => {
  let stage: Stage;

  before(async () => {
    stage = await makeStage({ panel: 'v6', central: 'dnsmgr' });
    assert.ok((await stage.atPanel.makeZone(own)).ok);
    await stage.install();
    stage.configure({}, { mode: 'observe' });
  });

  after(() => stage.stop());

  test('finds no fault, leaves no row in the history, and says that the central is left alone', async () => {
    const { status, out } = await stage.ended('doctor', '--self-test');
    assert.equal(status, 0, out);
    assert.match(out, /domainsync only observes: the central stays without the zone/u);
    assert.doesNotMatch(out, /NOT SO|FAILED/u);
    assert.ok((await stage.atPanel.save(own, address('a', '192.0.2.9'))).ok);
    await until('the edit of a user', async () => (await history()).length > 0);
    assert.deepEqual(
      (await history()).map(({ zone }) => zone),
      [`${own}.`],
    );
  });

  async function history(): Promise<readonly { readonly zone: string }[]> {
    const text = await stage.domainsync('--json', 'history', '--outcome', 'observed');
    return JSON.parse(text) as readonly { readonly zone: string }[];
  }
});
