/** Tests the warnings about zones that are delegated elsewhere, with a real server as the resolver. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { saveSettings } from '../../../src/config/settings.ts';
import { zoneName } from '../../../src/dns/name.ts';
import { startKnot, type Knot } from '../../../src/testing/servers/knot.ts';
import { missingPrograms } from '../../../src/testing/servers/process.ts';
import { stands } from '../../../src/testing/stage/central-side.ts';
import { address } from '../../../src/testing/stage/panel-words.ts';
import { missingFor, type ServerKind } from '../../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../../src/testing/stage/server-stage.ts';
import { prepared, until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { succeeded } from '../combinations/scene.ts';

/**
 * One zone for each case of its delegation in the public DNS. The central's name servers are ns1 and
 * ns2.example.net.
 */
const [here, moved, nowhere] = ['here.example', 'moved.example', 'nowhere.example'];
const all = [here, moved, nowhere] as const;
const www = address('www', '192.0.2.30');

/** Registers the tests for one pair of panel and central. They share one stage and run in the given order. */
export function testDelegation({ panel, central }: { panel: 'v4' | 'v6'; central: ServerKind }): void {
  const skip = missingFor(central) || missingPrograms('knotd', 'knotc');
  describe(`delegations, ${panel} to ${central}`, { skip }, () => {
    let stage: AnyStage;
    let resolver: Knot;
    before(async () => {
      const parent = 'moved NS ns.old.example.\nmoved NS ns.older.example.';
      resolver = await startKnot({
        zones: [{ zone: zoneName('example'), records: parent }, { zone: zoneName(here) }],
      });
      stage = await prepared<AnyStage>(await makeServerStage({ panel, central }), prepare);
    });
    after(async () => {
      await stage.stop();
      await resolver.dispose();
    });
    steps(() => ({ stage, resolver }));
  });
}

async function prepare(stage: AnyStage): Promise<void> {
  const { panel, atPanel, there } = stage;
  Object.assign(panel.switches, { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false });
  for (const zone of all) {
    succeeded(await atPanel.makeZone(zone));
    succeeded(await atPanel.save(zone, www));
  }
  await there.makeZones(all.map((name) => ({ name, records: [] })));
  await stage.install();
  stage.configure();
  await until('the first comparison', async () => (await stage.ended('plan', ...all)).status === 0);
}

function steps(given: () => { readonly stage: AnyStage; readonly resolver: Knot }): void {
  const planned = async (...args: readonly string[]): Promise<string> => {
    const { status, out, err } = await given().stage.ended('plan', ...args);
    assert.equal(status, 0, `${out}\n${err}`);
    return out;
  };

  test('issue 17, delegation: without a resolver in the settings nobody is asked', async () => {
    assert.doesNotMatch(await planned(...all), /delegat/u);
  });

  test('issue 17, delegation: a plan warns of each zone and counts them', async () => {
    const { stage, resolver } = given();
    saveSettings(stage.panel.root, { delegation: { resolvers: `127.0.0.1:${resolver.port}` } });
    // New settings may come into force during a plan, and the plan then fails. So it is repeated.
    await until('the settings', async () => /delegated/u.test((await stage.ended('plan', ...all)).out));
    const out = await planned('--all');
    assert.match(
      out,
      /^moved\.example: changed .*\n {2}delegated to ns\.old\.example, ns\.older\.example, not here$/mu,
    );
    assert.match(out, /^nowhere\.example: changed .*\n {2}not delegated in public to anybody$/mu);
    assert.match(out, /^here\.example: changed .*\n {2}\+ /mu);
    assert.match(out, /; 1 zone delegated elsewhere; 1 zone not delegated\.$/mu);
    assert.match(await planned('--all', '--html'), />delegated to ns\.old\.example, /u);
    assert.doesNotMatch(await planned(moved, '--pull'), /delegated/u);
    const json: unknown = JSON.parse((await stage.ended('--json', 'plan', moved)).out);
    assert.match(JSON.stringify(json), /"delegation":\{"kind":"elsewhere","to":\["ns\.old\.example\."/u);
  });

  test('issue 17, delegation: a plan file keeps them, and apply does not ask again', async () => {
    const { stage, resolver } = given();
    const file = join(stage.directory, 'delegated.plan');
    await planned(moved, '--out', file);
    await resolver.halt();
    try {
      const { status, out } = await stage.ended('apply', file);
      assert.equal(status, 0, out);
      assert.match(out, /1 zone delegated elsewhere\.[^]*1 zone done\./u);
      assert.ok(await stands(stage.there, moved, www));
    } finally {
      resolver.resume();
    }
  });

  test('issue 17, delegation: it is a warning, and push sends all the same', async () => {
    const { stage } = given();
    const { status, out } = await stage.ended('push', '--all', '--yes');
    assert.equal(status, 0, out);
    assert.match(out, /1 zone delegated elsewhere; 1 zone not delegated\.[^]*2 zones done\./u);
    for (const zone of all) assert.ok(await stands(stage.there, zone, www));
    const later = await planned('--all');
    assert.match(later, /^moved\.example: nothing to do\n {2}delegated to /mu);
    assert.doesNotMatch(later, /^here\.example/mu);
  });

  test('issue 17, delegation: a resolver that does not answer hinders nothing', async () => {
    const { resolver } = given();
    await resolver.stop();
    const out = await planned('--all');
    assert.match(out, /3 zones whose delegation is not known \(no resolver answered\)\.$/mu);
  });
}
