/**
 * Tests that the history shows who changed what, and how it ended. The edits have an operation or none, in
 * both generations.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import * as v from 'valibot';
import { pathsOf } from '../../src/app/paths.ts';
import { decisionFields } from '../../src/journal/decision-table.ts';
import { parseZoneFile } from '../../src/dns/zone-file.ts';
import { address, agree } from '../../src/testing/stage/panel-words.ts';
import { customer, makeStage, until, type Stage } from '../../src/testing/stage/stage.ts';

const entry = v.object({
  id: v.string(),
  kind: v.string(),
  zone: v.nullable(v.string()),
  outcome: v.string(),
  why: v.array(v.string()),
  actor: v.string(),
  func: v.exactOptional(v.string()),
  took: v.exactOptional(v.record(v.string(), v.number())),
});
type Entry = v.InferOutput<typeof entry>;

for (const generation of ['v4', 'v6'] as const) {
  suite(`the history, panel and central ${generation}`, () => {
    const [zone, old] = ['example.org', 'old.example'];
    let stage: Stage;

    before(async () => {
      stage = await makeStage({ panel: generation, central: generation });
      // The panel has this zone before domainsync comes.
      assert.ok((await stage.atPanel.makeZone(old)).ok);
      await stage.install();
      stage.configure();
      await until('a zone', async () => (await stage.atPanel.makeZone(zone)).ok);
      await until('its content', () => agree(stage.panel, stage.central, zone));
    });

    after(() => stage.stop());

    async function history(...args: readonly string[]): Promise<readonly Entry[]> {
      return v.parse(v.array(entry), JSON.parse(await stage.domainsync('--json', 'history', ...args)));
    }

    /** The newest entry, once there is one that fits. */
    async function newest(about: string, ...args: readonly string[]): Promise<Entry> {
      let found: Entry | undefined;
      await until(about, async () => {
        [found] = await history('--latest', '1', ...args);
        return found !== undefined;
      });
      assert.ok(found !== undefined);
      return found;
    }

    test('an edit on both sides has its person, its function, and how long each step took', async () => {
      assert.ok((await stage.atPanel.save(zone, address('www', '192.0.2.7'))).ok);
      const done = await newest('the edit', '--name', `www.${zone}`, '--outcome', 'both-sides');
      assert.deepEqual(
        [done.zone, done.actor, done.kind, done.why],
        [`${zone}.`, customer.name, 'records', []],
      );
      assert.match(done.func ?? '', /^domain\./u);
      assert.ok(done.took?.['confirm'] !== undefined);
      assert.match(await stage.domainsync('show', done.id), /^outcome {4}done on both sides$/mu);
      assert.match(await stage.domainsync('show', done.id), /^took {7}.*confirm \d+ ms$/mu);
    });

    test('an edit of a zone that only the panel has is shown so, and the administrator is told once', async () => {
      for (const host of ['one', 'two'])
        assert.ok((await stage.atPanel.save(old, address(host, '192.0.2.8'))).ok);
      const found = await newest('the edit', '--zone', old, '--name', `two.${old}`);
      const decision = v.parse(
        v.object({ ...decisionFields }),
        JSON.parse((await stage.domainsync('history', '--jsonl', '--zone', old)).split('\n')[0] ?? ''),
      );
      assert.deepEqual(
        [found.outcome, found.why, found.actor],
        ['panel-only', ['note.left-panel-only'], customer.name],
      );
      assert.equal(decision.id, found.id);
      await until('what the panel reports', async () =>
        /reported that it made the edit/u.test(await stage.domainsync('show', found.id)),
      );
      const text = await stage.domainsync('history', '--zone', old);
      assert.match(text, /in the panel only .*records .*old\.example .*two\.old\.example A 192\.0\.2\.8/u);
      const log = readFileSync(pathsOf(stage.panel.root).log, 'utf8');
      assert.equal(log.match(/ edit\.panel-only .*old\.example/gu)?.length, 1);
    });

    test('a refused edit that was never journalled is shown with its reason', async () => {
      const clash = { name: 'www', type: 'CNAME', value: 'other.example.' };
      assert.equal((await stage.atPanel.save(zone, clash)).ok, false);
      const found = await newest('the refusal', '--outcome', 'refused', '--user', customer.name);
      assert.equal(found.zone, `${zone}.`);
      assert.ok(found.why.length > 0);
    });

    test('clicks during a pause keep their person', async () => {
      await stage.domainsync('pause', '--for', '1h');
      assert.ok((await stage.atPanel.save(zone, address('paused', '192.0.2.9'))).ok);
      const found = await newest('the click', '--name', `paused.${zone}`);
      assert.deepEqual(
        [found.outcome, found.why, found.actor],
        ['panel-only', ['note.left-pause'], customer.name],
      );
      await stage.domainsync('resume');
      await until('both sides', () => agree(stage.panel, stage.central, zone));
      const follow = await newest('the comparison', '--name', `paused.${zone}`, '--outcome', 'both-sides');
      assert.equal(follow.kind, 'records');
    });

    test('show prints the records of a deleted zone as a zone file', async () => {
      // After a pause the owners are read again, and until then every edit is refused.
      await until('the delete to pass', async () => {
        const { ok, body } = await stage.atPanel.dropZone(zone);
        assert.ok(ok || body.includes('panel.not-read-yet'), body);
        return ok;
      });
      let found: Entry | undefined;
      await until('the delete', async () => {
        [found] = await history('--latest', '1', '--zone', zone, '--outcome', 'both-sides', '--since', '1h');
        return found?.kind === 'zone-delete';
      });
      assert.ok(found !== undefined);
      const text = await stage.domainsync('show', found.id);
      const { records } = parseZoneFile(text.slice(text.indexOf('; What the zone had')));
      assert.ok(records.some(({ name, rdata }) => name === `www.${zone}.` && rdata === '192.0.2.7'));
    });

    test('an account is erased, and its edits stay', async () => {
      const ofUser = await history('--user', customer.name, '--latest', '100');
      assert.ok(ofUser.length >= 5);
      await until('what is under way or on watch', async () =>
        /^Erased from \d+ entr(?:y|ies)\.$/mu.test(await stage.domainsync('erase-user', customer.name)),
      );
      assert.deepEqual(await history('--user', customer.name, '--latest', '100'), []);
      const all = await history('--latest', '100');
      for (const { id } of ofUser) assert.ok(all.some((one) => one.id === id));
    });

    test('more than a million, and times that are none, are refused with a clear text', async () => {
      for (const [args, text] of [
        [['--latest', '1000001'], /at most 1000000 can be shown/u],
        [['--since', 'yesterday'], /a time such as 7d/u],
        [['--outcome', 'fine'], /Allowed choices are/u],
      ] as const) {
        const { status, err } = await stage.ended('history', ...args);
        assert.equal(status, 2);
        assert.match(err, text);
      }
    });
  });
}
