/** The whole life of the plugin in an ISPmanager 6 whose central is a DNSmanager, clicked through in Chromium. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import {
  account,
  customer,
  makeStage,
  panelAdmin,
  until,
  type Stage,
} from '../../src/testing/stage/stage.ts';
import { agree, holds, holdsName, type Wanted } from '../../src/testing/stage/panel-words.ts';
import { hasChromium, openTab, startBrowser } from './browser.ts';
import { atCentral, PanelPages, zone } from './pages.ts';

const run = promisify(execFile);
const builder = join(import.meta.dirname, '../../script/build.ts');
const skip = hasChromium() ? false : 'chromium is not installed';

let stage: Stage;
let browser: Browser;
let page: Page;
let pages: PanelPages;
let folder: string;
let pristine: string[];

function everything(): string[] {
  return readdirSync(stage.panel.root, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^var\/(state|ispmgr|\.xmlcache)/.test(path))
    .sort();
}

/** What the administrator types: this panel's pages have no list of plugin sources. */
async function install(version: string): Promise<void> {
  const out = join(folder, version);
  await run(process.execPath, [builder, '--archive', '--fast', '--out', out, '--version', version]);
  const archive = readdirSync(out).find((name) => name.endsWith('.tar.gz')) ?? '';
  await run('tar', ['-xzf', join(out, archive), '-C', out]);
  await run(join(out, 'lib/domainsync', version, 'install'), ['--root', stage.panel.root]);
}

function settingsFile(): string {
  return join(stage.panel.root, 'etc/domainsync.ini');
}

before(async () => {
  if (skip !== false) return;
  folder = mkdtempSync(join(tmpdir(), 'browser-'));
  [stage, browser] = await Promise.all([makeStage(), startBrowser()]);
  page = await openTab(browser);
  pages = new PanelPages(page, stage);
  assert.ok((await stage.atCentral.makeZone(zone)).ok);
  assert.ok((await stage.atPanel.makeZone(zone)).ok);
  pristine = everything();
});

after(async () => {
  if (skip !== false) return;
  await browser.close();
  await stage.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('installed: an entry in the menu, a module with its settings', { skip }, async () => {
  await install('0.1.0');
  await pages.open();
  await pages.enter({ username: panelAdmin.name, password: 'wrong' });
  await page.click('button.main');
  assert.match(await pages.alert(), /./);
  await pages.logIn(panelAdmin);
  await page.waitForSelector('nav a:text-is("DNS sync")');
  await pages.choose('Modules');
  await pages.picture('modules-6');
  await page.click('tr[data-key=domainsync] a.button');
  await page.waitForSelector('[role=dialog] #host');
});

test('configure: a wrong password, an unknown certificate, then right', { skip }, async () => {
  await pages.choose('DNS sync');
  await pages.picture('settings-6');
  await pages.enterCentral('wrong');
  await pages.ok();
  assert.match(await pages.alert(), /certificate.*Nothing was saved/s);
  assert.equal(await page.getAttribute('#trust', 'aria-invalid'), 'true');
  assert.equal(await page.inputValue('#fingerprint'), stage.central.fingerprint);
  await pages.picture('certificate-6');
  await page.check('#trust');
  await pages.enter({ password: 'wrong' });
  await pages.ok();
  assert.match(await pages.alert(), /user name or password/);
  assert.equal(await page.getAttribute('#password', 'aria-invalid'), 'true');
  assert.equal(await page.inputValue('#password'), '');
  assert.equal(existsSync(settingsFile()), false);
  await pages.enter({ password: account.password, contact: 'help@provider.example' });
  await pages.ok();
  await page.waitForSelector('h1:text-is("DNS management")');
  // Short waits, so that the test need not wait; what the form saves leaves them as they are.
  appendFileSync(settingsFile(), '\n[sync]\nafter_wait = 1\nread_gap = 1\ngrace = 1\n');
  await pages.choose('DNS sync');
  assert.equal(await page.inputValue('#username'), account.name);
  assert.equal((await page.content()).includes(account.password), false);
});

test('a customer sees no settings, his edit is mirrored', { skip }, async () => {
  await pages.logIn(customer);
  assert.equal(await pages.count('nav a:text-is("DNS sync")'), 0);
  await until('the first mirrored edit', async () => {
    await pages.addRecord('mirrored');
    return (await pages.count('[role=alert]')) === 0;
  });
  await pages.listed('mirrored');
  assert.ok(atCentral(stage, 'mirrored'));
  await pages.picture('records-6');
});

test('a form drawn anew for another type asks nobody; saved, both sides have it', { skip }, async () => {
  // The agent may read the zone meanwhile for reasons of its own; a form that asks does so each time it is drawn.
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
  await page.click(`tr[data-key^="shop.${zone}. CAA"] a`);
  await page.waitForSelector('[role=dialog] #ttl');
  await pages.enter({ ttl: '7200' });
  await pages.ok();
  await page.waitForSelector(`tr[data-key^="shop.${zone}. CAA"]`);
  const record: Wanted = { name: 'shop', type: 'CAA', value: '0 issue ca.example.net', ttl: 7200 };
  assert.ok(holds(stage.panel, zone, record) && holds(stage.central, zone, record));
});

test('several rows deleted at once', { skip }, async () => {
  await pages.addRecord('second');
  await pages.listed('second');
  for (const name of ['mirrored', 'second'])
    await page.check(`tr[data-key^="${name}.${zone}. A"] input[name=row]`);
  await page.click('button[name=act][value="domain.record.delete"]');
  await page.waitForSelector('.toolbar');
  for (const side of [stage.panel, stage.central])
    for (const name of ['mirrored', 'second']) assert.equal(holdsName(side, zone, name), false);
});

test(
  'a refused edit: said in the form, what was typed stays, nothing changed; in Russian too',
  { skip },
  async () => {
    stage.central.faults.add({
      func: stage.atCentral.words.save,
      effect: 'refuse',
      code: 5,
      val: 'records',
      count: null,
      text: `the account ${account.name} has 20 of 20 records`,
    });
    await pages.addRecord('refused');
    const text = await pages.alert();
    assert.match(text, /limit.*Nothing was changed.*help@provider\.example/is);
    assert.equal(text.includes(account.name), false);
    assert.equal(text.includes(new URL(stage.central.url).host), false);
    assert.equal(await page.inputValue('#name'), 'refused');
    await pages.picture('refused-6');
    await pages.logIn(customer, 'ru');
    await pages.addRecord('refused');
    assert.match(await pages.alert(), /ничего не изменено/i);
    await pages.picture('refused-6-ru');
    stage.central.faults.clear();
    for (const side of [stage.panel, stage.central]) assert.equal(holdsName(side, zone, 'refused'), false);
  },
);

test('a zone made, and deleted through the question', { skip }, async () => {
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

test('update: settings and journal stay', { skip }, async () => {
  await install('0.2.0');
  await pages.logIn(panelAdmin, 'ru');
  await pages.choose('Синхронизация DNS');
  assert.equal(await page.inputValue('#username'), account.name);
  await pages.picture('settings-6-ru');
  await pages.logIn(customer);
  await pages.addRecord('updated');
  await pages.listed('updated');
  assert.ok(atCentral(stage, 'updated'));
  const program = join(stage.panel.root, 'lib/domainsync/current/domainsync.cjs');
  assert.match(readFileSync(program, 'utf8'), /0\.2\.0/);
});

test('pause: edits pass in the panel only, and are sent afterwards', { skip }, async () => {
  const set = async (state: 'on' | 'off'): Promise<void> => {
    await pages.logIn(panelAdmin);
    await pages.choose('DNS sync');
    await page.selectOption('#pause', state);
    await pages.ok();
    await page.waitForSelector('h1:text-is("DNS management")');
  };
  await set('on');
  await pages.logIn(customer);
  await pages.addRecord('paused');
  await pages.listed('paused');
  assert.equal(atCentral(stage, 'paused'), false);
  await set('off');
  await until('what passed meanwhile', () => atCentral(stage, 'paused'));
});

test('removed: without trace, the panel works on', { skip }, async () => {
  await run(join(stage.panel.root, 'sbin/domainsync'), ['uninstall']);
  await pages.logIn(panelAdmin);
  assert.equal(await pages.count('nav a:text-is("DNS sync")'), 0);
  await pages.choose('Modules');
  assert.equal(await pages.count('tr[data-key=domainsync]'), 0);
  assert.deepEqual(everything(), pristine);
  await pages.logIn(customer);
  await pages.addRecord('alone');
  await pages.listed('alone');
  assert.equal(atCentral(stage, 'alone'), false);
});
