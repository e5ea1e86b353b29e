/** What a person who knows only the README does in the pages of an ISPmanager 4, in Chromium: install, configure, edit, update, pause, remove. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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
import { holdsName } from '../../src/testing/stage/panel-words.ts';
import { hasChromium, openTab, startBrowser } from './browser.ts';
import { atCentral, PanelPages, zone } from './pages.ts';

const run = promisify(execFile);
const builder = join(import.meta.dirname, '../../script/build.ts');
const skip = hasChromium() ? false : 'chromium is not installed';

let stage: Stage;
let browser: Browser;
let page: Page;
let pages: PanelPages;
let shop: { url: string; folder: string; server: Server };
let pristine: string[];

/** A provider's web server with the extension source. */
async function openShop(): Promise<typeof shop> {
  const folder = mkdtempSync(join(tmpdir(), 'shop-'));
  const server = createServer((request, response) => {
    const path = join(folder, basename(request.url ?? ''));
    if (!existsSync(path) || !statSync(path).isFile()) response.writeHead(404).end();
    else createReadStream(path).pipe(response.writeHead(200));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ispmgr_plugins.xml`,
    folder,
    server,
  };
}

async function publish(version: string): Promise<void> {
  await run(process.execPath, [builder, '--archive', '--fast', '--out', shop.folder, '--version', version]);
}

function everything(): string[] {
  return readdirSync(stage.panel.root, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/^var\/(state|ispmgr|\.plugins)/.test(path))
    .sort();
}

before(async () => {
  if (skip !== false) return;
  [stage, browser, shop] = await Promise.all([
    makeStage({ panel: 'v4', central: 'v4' }),
    startBrowser(),
    openShop(),
  ]);
  page = await openTab(browser);
  pages = new PanelPages(page, stage);
  assert.ok((await stage.atCentral.makeZone(zone)).ok);
  assert.ok((await stage.atPanel.makeZone(zone)).ok);
  pristine = everything();
  await publish('0.1.0');
});

after(async () => {
  if (skip !== false) return;
  await browser.close();
  shop.server.close();
  await stage.stop();
  rmSync(shop.folder, { recursive: true, force: true });
});

test('a wrong login is said, a right one leads in', { skip }, async () => {
  await pages.open();
  await pages.enter({ username: panelAdmin.name, password: 'wrong' });
  await page.click('button.main');
  assert.match(await pages.alert(), /Wrong user name or password/);
  await pages.logIn(panelAdmin);
});

test('install from the source', { skip }, async () => {
  await pages.choose('Plugin sources');
  await page.click('.bar a');
  await pages.enter({ url: shop.url });
  await pages.ok();
  await pages.choose('Plugins');
  await page.waitForSelector('tr[data-key=domainsync]');
  await pages.picture('plugins');
  await page.click('tr[data-key=domainsync] [data-action="plugin.install"]');
  await page.waitForSelector('tr[data-key=domainsync] [data-action="plugin.delete"]');
  await page.reload();
  await page.waitForSelector('nav a:text-is("DNS sync")');
});

test('configure: a wrong password, an unknown certificate, then right', { skip }, async () => {
  await pages.choose('DNS sync');
  await pages.picture('settings');
  await pages.enterCentral('wrong');
  await pages.ok();
  assert.match(await pages.alert(), /certificate.*Nothing was saved/s);
  assert.equal(await page.getAttribute('#trust', 'aria-invalid'), 'true');
  assert.equal(await page.inputValue('#fingerprint'), stage.central.fingerprint);
  await pages.picture('certificate');
  await page.check('#trust');
  await pages.enter({ password: 'wrong' });
  await pages.ok();
  assert.match(await pages.alert(), /user name or password/);
  assert.equal(await page.getAttribute('#password', 'aria-invalid'), 'true');
  assert.equal(await page.inputValue('#password'), '');
  assert.equal(existsSync(join(stage.panel.root, 'etc/domainsync.ini')), false);
  await pages.picture('wrong-password');
  await pages.enter({ password: account.password, contact: 'help@provider.example' });
  await pages.ok();
  await page.waitForSelector('h1:text-is("Domain names")');
  await pages.choose('DNS sync');
  assert.equal(await page.inputValue('#username'), account.name);
  assert.equal((await page.content()).includes(account.password), false);
});

test('a customer sees no settings, his edit is mirrored', { skip }, async () => {
  await pages.logIn(customer);
  assert.equal(await page.locator('nav a:text-is("DNS sync")').count(), 0);
  await until('the first mirrored edit', async () => {
    await pages.addRecord('mirrored');
    return (await page.locator('[role=alert]').count()) === 0;
  });
  await pages.listed('mirrored');
  assert.ok(atCentral(stage, 'mirrored'));
  await pages.picture('records');
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
    await pages.picture('refused');
    await pages.logIn(customer, 'ru');
    await pages.addRecord('refused');
    assert.match(await pages.alert(), /ничего не изменено/i);
    await pages.picture('refused-ru');
    stage.central.faults.clear();
    for (const side of [stage.panel, stage.central]) assert.equal(holdsName(side, zone, 'refused'), false);
  },
);

test('update: settings and journal stay', { skip }, async () => {
  await publish('0.2.0');
  await pages.logIn(panelAdmin, 'ru');
  await pages.choose('Плагины');
  await page.click('tr[data-key=domainsync] [data-action="plugin.update"]');
  await page.waitForSelector('tr[data-key=domainsync]:not(:has([data-action="plugin.update"]))');
  await pages.choose('Синхронизация DNS');
  assert.equal(await page.inputValue('#username'), account.name);
  await pages.picture('settings-ru');
  await pages.logIn(customer);
  await pages.addRecord('updated');
  await pages.listed('updated');
  assert.ok(atCentral(stage, 'updated'));
  assert.match(
    readFileSync(join(stage.panel.root, 'lib/domainsync/current/domainsync.cjs'), 'utf8'),
    /0\.2\.0/,
  );
});

test('pause: edits pass in the panel only, and are sent afterwards', { skip }, async () => {
  await pages.logIn(panelAdmin);
  await pages.choose('DNS sync');
  await page.selectOption('#pause', 'on');
  await pages.ok();
  await page.waitForSelector('h1:text-is("Domain names")');
  await pages.logIn(customer);
  await pages.addRecord('paused');
  await pages.listed('paused');
  assert.equal(atCentral(stage, 'paused'), false);
  await pages.logIn(panelAdmin);
  await pages.choose('DNS sync');
  await page.selectOption('#pause', 'off');
  await pages.ok();
  await page.waitForSelector('h1:text-is("Domain names")');
  await until('what passed meanwhile', () => atCentral(stage, 'paused'));
});

test('remove: without trace, the panel works on', { skip }, async () => {
  await pages.choose('Plugins');
  await page.click('tr[data-key=domainsync] [data-action="plugin.delete"]');
  await page.waitForSelector('tr[data-key=domainsync] [data-action="plugin.install"]');
  assert.equal(await page.locator('nav a:text-is("DNS sync")').count(), 0);
  assert.deepEqual(everything(), pristine);
  await pages.logIn(customer);
  await pages.addRecord('alone');
  await pages.listed('alone');
  assert.equal(atCentral(stage, 'alone'), false);
});
