/**
 * Tests the plugin in a browser from its installation to its removal (`product-story.ts`), in ISPmanager 6
 * with DNSmanager as central. The administrator installs it from the command line.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { agree, holds, holdsName, type Wanted } from '../../src/testing/stage/panel-words.ts';
import { customer, panelAdmin, until, type Stage } from '../../src/testing/stage/stage.ts';
import { zone } from './pages.ts';
import { skip, runProductStory, type Delivery, type Scene } from './product-story.ts';

const run = promisify(execFile);
const builder = join(import.meta.dirname, '../../script/build.ts');

/**
 * The pages of this panel have no list of plugin sources, so releases are installed from the command line.
 */
async function openCommandLine(stage: Stage): Promise<Delivery> {
  const folder = mkdtempSync(join(tmpdir(), 'browser-'));
  const { root } = stage.panel;
  const install = async (version: string): Promise<void> => {
    const out = join(folder, version);
    await run(process.execPath, [builder, '--archive', '--fast', '--out', out, '--version', version]);
    const archive = readdirSync(out).find((name) => name.endsWith('.tar.gz')) ?? '';
    await run('tar', ['-xzf', join(out, archive), '-C', out]);
    await run(join(out, 'lib/domainsync', version, 'install'), ['--root', root]);
  };
  return await Promise.resolve({
    install: async (pages, version) => {
      await install(version);
      await pages.logIn(panelAdmin);
      await pages.choose('Modules');
      await pages.picture('modules-6');
      await pages.page.click('tr[data-key=domainsync] a.button');
      await pages.page.waitForSelector('[role=dialog] #host');
    },
    update: async (pages, version) => {
      await install(version);
      await pages.logIn(panelAdmin, 'ru');
    },
    remove: async (pages) => {
      await run(join(root, 'sbin/domainsync'), ['uninstall', '--purge']);
      await pages.logIn(panelAdmin);
      await pages.choose('Modules');
      assert.equal(await pages.count('tr[data-key=domainsync]'), 0);
    },
    stop: () => rmSync(folder, { recursive: true, force: true }),
  });
}

const ways = {
  stage: { panel: 'v6', central: 'dnsmgr' },
  home: 'DNS management',
  suffix: '-6',
  panelsOwn: /^var\/(state|ispmgr|\.xmlcache)/,
  openDelivery: openCommandLine,
} as const;

/**
 * Tests what version 4 does not have: forms that are rendered again, TTLs, groups of rows, the question
 * before a delete.
 */
function laterPages(scene: () => Scene): void {
  test('a form drawn anew for another type asks nobody; saved, both sides have it', { skip }, async () => {
    const { stage, page, pages } = scene();
    // The agent may read the zone at the same time for another reason. So the test repeats the check. A form
    // that causes requests would cause them every time.
    await until('a form drawn anew without a request', async () => {
      const asked = stage.central.requests.length;
      await pages.newRecord();
      await pages.enter({ name: 'shop' });
      await page.selectOption('#rtype', 'caa');
      await page.waitForSelector('#caa_value_domain');
      return stage.central.requests.length === asked;
    });
    await pages.enter({ ttl: '600', caa_flags: '0', caa_value_domain: 'ca.example.net' });
    await pages.ok();
    await page.waitForSelector(`tr[data-key^="shop.${zone}. CAA"]`);
    const record: Wanted = { name: 'shop', type: 'CAA', value: '0 issue ca.example.net', ttl: 600 };
    assert.ok(holds(stage.panel, zone, record) && holds(stage.central, zone, record));
  });

  test('another TTL and nothing else', { skip }, async () => {
    const { stage, page, pages } = scene();
    await page.click(`tr[data-key^="shop.${zone}. CAA"] a`);
    await page.waitForSelector('[role=dialog] #ttl');
    await pages.enter({ ttl: '7200' });
    await pages.ok();
    await page.waitForSelector(`tr[data-key^="shop.${zone}. CAA"]`);
    const record: Wanted = { name: 'shop', type: 'CAA', value: '0 issue ca.example.net', ttl: 7200 };
    assert.ok(holds(stage.panel, zone, record) && holds(stage.central, zone, record));
  });

  test('several rows deleted at once', { skip }, async () => {
    const { stage, page, pages } = scene();
    await pages.addRecord('second');
    await pages.listed('second');
    for (const name of ['mirrored', 'second'])
      await page.check(`tr[data-key^="${name}.${zone}. A"] input[name=row]`);
    await page.click('button[name=act][value="domain.record.delete"]');
    await page.waitForSelector('.toolbar');
    for (const side of [stage.panel, stage.central])
      for (const name of ['mirrored', 'second']) assert.equal(holdsName(side, zone, name), false);
  });

  test('a zone made, and deleted through the question', { skip }, async () => {
    const { stage, page, pages } = scene();
    const name = 'brand-new.example';
    await pages.logIn(customer);
    await page.click('.toolbar a.main');
    await pages.enter({ name });
    await pages.ok();
    await page.waitForSelector(`tr[data-key="${name}"]`);
    await until('its content', () => agree(stage.panel, stage.central, name));
    await page.check(`tr[data-key="${name}"] input[name=row]`);
    await page.click('button[name=act]:text-is("Delete")');
    await page.waitForSelector('[role=dialog]');
    assert.ok(stage.panel.zones().includes(name) && stage.central.zones().includes(name));
    await pages.ok();
    await page.waitForSelector(`tr[data-key="${zone}"]`);
    assert.equal(stage.panel.zones().includes(name), false);
    await until('the delete at the central', () => !stage.central.zones().includes(name));
  });
}

runProductStory(ways, laterPages);
