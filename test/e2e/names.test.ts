/**
 * Issue 12.11: tests of zone names. The panel gives handlers names in Unicode, and its list of zones has a
 * row that is not a domain name. One name contains `ß`, which an older standard for such names replaces by
 * `ss`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { endProcess, makeStage, until, type Stage } from '../../src/testing/stage/stage.ts';
import { address, holds } from '../../src/testing/stage/panel-words.ts';
import { pathsOf } from '../../src/app/paths.ts';
import type { Combination } from './combinations/scene.ts';

/** The name of a zone as the panel stores it, and as the panel may show it. */
const [kept, shown] = ['xn--strae-oqa.example', 'straße.example'];
const other = 'example.org';

/** Registers the tests of one combination. They share one stage and run in the given order. */
function testNames(combination: Combination): void {
  describe(`issue 12.11: ${combination.panel} to ${combination.central}`, () => {
    let stage: Stage;
    before(async () => {
      stage = await makeStage(combination);
      for (const zone of [kept, other]) {
        assert.ok((await stage.atCentral.makeZone(zone)).ok);
        assert.ok((await stage.atPanel.makeZone(zone)).ok);
      }
      stage.panel.switches.handlerNames = 'unicode';
      stage.panel.switches.strayNames = ['a..b'];
      await stage.install();
      stage.configure();
      await until('an edit', async () => (await stage.atPanel.save(other, address('first', '192.0.2.2'))).ok);
    });
    after(() => stage.stop());

    const onBoth = (zone: string, name: string, ip: string): boolean[] =>
      [stage.panel, stage.central].map((side) => holds(side, zone, address(name, ip)));

    test('the row that is no name stops nothing; the log and the doctor name it', async () => {
      assert.deepEqual(onBoth(other, 'first', '192.0.2.2'), [true, true]);
      const log = readFileSync(pathsOf(stage.panel.root).log, 'utf8');
      assert.equal(log.split('panel.no-names').length, 2, 'once');
      assert.match(log, /panel\.no-names.*\ba\.\.b\b/u);
      assert.match(await stage.domainsync('doctor'), /cannot be read: a\.\.b/u);
      // The sandbox does not have this domain, so the error is the panel's own.
      const dropped = await stage.atPanel.dropZone('a..b');
      assert.ok(dropped.error !== null);
      assert.doesNotMatch(dropped.body, /empty part/u);
    });

    test('edits in a zone whose name handlers get in Unicode', async () => {
      const saved = await stage.atPanel.save(kept, address('www', '192.0.2.3'));
      assert.ok(saved.ok, saved.error?.text);
      assert.deepEqual(onBoth(kept, 'www', '192.0.2.3'), [true, true]);
      const full = await stage.atPanel.save(shown, address(`full.${shown}.`, '192.0.2.4'));
      assert.ok(full.ok, full.error?.text);
      assert.deepEqual(onBoth(kept, 'full', '192.0.2.4'), [true, true]);
      const alias = await stage.atPanel.save(kept, { name: 'alias', type: 'CNAME', value: `www.${shown}.` });
      assert.ok(alias.ok, alias.error?.text);
      const target = { name: 'alias', type: 'CNAME', value: `www.${kept}.` };
      assert.ok(holds(stage.central, kept, target));
      const changed = await stage.atPanel.change(
        kept,
        address('www', '192.0.2.3'),
        address('www', '192.0.2.5'),
      );
      assert.ok(changed.ok, changed.error?.text);
      assert.deepEqual(onBoth(kept, 'www', '192.0.2.5'), [true, true]);
      const removed = await stage.atPanel.remove(
        kept,
        address('full', '192.0.2.4'),
        address('www', '192.0.2.5'),
      );
      assert.ok(removed.ok, removed.error?.text);
      assert.deepEqual(
        [...onBoth(kept, 'full', '192.0.2.4'), ...onBoth(kept, 'www', '192.0.2.5')],
        Array(4).fill(false),
      );
      const below = await stage.atPanel.save(kept, address('maß', '192.0.2.6'));
      assert.match(below.error?.text ?? '', /punycode/u);
    });

    test('the edit that starts the agent, before it has read any list', async () => {
      const pid = await stage.agent();
      assert.ok(pid !== null);
      await endProcess(pid, 'SIGKILL');
      stage.panel.faults.add({ func: 'domain', via: 'mgrctl', count: null, effect: 'drop' });
      const saved = await stage.atPanel.save(shown, address('again', '192.0.2.7'));
      assert.ok(saved.ok, saved.error?.text);
      assert.deepEqual(onBoth(kept, 'again', '192.0.2.7'), [true, true]);
      stage.panel.faults.clear();
    });

    test('a new zone with such a name is refused; in punycode it is made and its edits pass', async () => {
      const made = await stage.atPanel.makeZone('maß.example');
      assert.match(made.error?.text ?? '', /punycode/u);
      assert.deepEqual(stage.panel.zones().toSorted(), [other, kept].toSorted());
      const plain = 'xn--ma-hia.example';
      stage.panel.switches.handlerNames = 'as-sent';
      const again = await stage.atPanel.makeZone(plain);
      assert.ok(again.ok, again.error?.text);
      stage.panel.switches.handlerNames = 'unicode';
      const inside = address('www2', '192.0.2.8');
      await until('an edit in it', async () => (await stage.atPanel.save(plain, inside)).ok);
      await until('both sides to have it', () => onBoth(plain, 'www2', '192.0.2.8').every(Boolean));
    });
  });
}

testNames({ panel: 'v4', central: 'v4' });
testNames({ panel: 'v6', central: 'dnsmgr' });
