/**
 * Tests of one call that names thousands of zones, and of a key that the provider replaces. Both run for both
 * generations of panels.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { account, makeStage, until, type Stage } from '../../src/testing/stage/stage.ts';
import { address, agree, holds } from '../../src/testing/stage/panel-words.ts';
import { pathsOf } from '../../src/app/paths.ts';
import { settled, succeeded } from './combinations/scene.ts';

const zone = 'example.org';
const combinations = [
  { panel: 'v6', central: 'dnsmgr' },
  { panel: 'v4', central: 'v4' },
] as const;

/** The call that creates the same site in a panel of this generation. */
function site(panel: 'v6' | 'v4', aliases: string): readonly [string, Readonly<Record<string, string>>] {
  const name = `shop.${zone}`;
  return panel === 'v4'
    ? ['wwwdomain.edit', { domain: name, alias: aliases, sok: 'ok' }]
    : ['webdomain.edit', { name, aliases, sok: 'ok' }];
}

for (const combination of combinations) {
  describe(`panel ${combination.panel}, central ${combination.central}`, () => {
    let stage: Stage;

    before(async () => {
      stage = await makeStage(combination);
      await stage.install();
      stage.configure();
      await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
      await until('its content', () => agree(stage.panel, stage.central, zone));
      await settled(stage);
    });

    after(() => stage.stop());

    /**
     * The agent's reads of the panel since line `from` of the log: the zones that it read, and its reads of
     * the list of zones.
     */
    function reads(from: number): string[] {
      const calls = logLines().slice(from);
      return calls.flatMap((line) => {
        const [, call = '', of = ''] = /panel\.call call=(list|read-zone) zone=(\S+)/u.exec(line) ?? [];
        return call === '' ? [] : [call === 'list' ? call : of];
      });
    }

    function logLines(): string[] {
      return readFileSync(pathsOf(stage.panel.root).log, 'utf8').split('\n');
    }

    test('issue 11.4: a site with 6,000 invented aliases: no zone of theirs is read, edits go on', async () => {
      const from = logLines().length;
      const aliases = Array.from({ length: 6_000 }, (_, at) => `x${at}.test`).join(' ');
      succeeded(await stage.customer(...site(combination.panel, aliases)));
      const record = address('meanwhile', '192.0.2.44');
      succeeded(await stage.atPanel.save(zone, record));
      assert.ok(holds(stage.central, zone, record));
      await settled(stage);
      await until('the list to be read', () => reads(from).includes('list'));
      await until('the site to be followed', () => agree(stage.panel, stage.central, zone));
      assert.deepEqual(
        reads(from).filter((read) => read.includes('.test')),
        [],
      );
      assert.ok(reads(from).filter((read) => read === 'list').length <= 3, reads(from).join(' '));
    });

    test('issue 11.12: the click right after a rotated password is not refused', async () => {
      const password = 'rotated;#=';
      const changed = { passwd: password, confirm: password, sok: 'ok' };
      succeeded(await stage.provider('usrparam', changed));
      stage.configure({ username: account.name, password });
      const record = address('rotated', '192.0.2.45');
      succeeded(await stage.atPanel.save(zone, record));
      assert.ok(holds(stage.central, zone, record));
    });
  });
}
