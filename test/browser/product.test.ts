/** What a person who knows only the README does in the panel's pages, in Chromium: install, configure, edit, update, pause, remove. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdirSync,
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
import { account, customer, makeStage, panelAdmin, until, type Stage } from '../../demo/stage.ts';
import { hasChromium, openTab, startBrowser } from './browser.ts';

const run = promisify(execFile);
const builder = join(import.meta.dirname, '../../script/build.ts');
/** With SCREENSHOTS=DIR the pictures of the README are taken on the way. */
const pictures = process.env['SCREENSHOTS'];
const zone = 'example.org';
const skip = hasChromium() ? false : 'chromium is not installed';

let stage: Stage;
let browser: Browser;
let page: Page;
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

async function picture(name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

async function logIn(name: string, password: string, lang: 'en' | 'ru' = 'en'): Promise<void> {
  await page.goto(`${stage.panel.url}/ispmgr?func=logout`);
  await page.goto(`${stage.panel.url}/ispmgr`);
  await page.fill('#username', name);
  await page.fill('#password', password);
  await page.selectOption('#lang', lang);
  await page.click('button.main');
  await page.waitForSelector('nav');
}

async function choose(entry: string): Promise<void> {
  await page.click(`nav a:text-is("${entry}")`);
}

async function ok(): Promise<void> {
  await page.click('button[name=clicked]');
}

async function alertText(): Promise<string> {
  return (await page.textContent('[role=alert]')) ?? '';
}

async function fillForm(fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.fill(`#${name}`, value);
}

/** One new address record, made by the customer in the pages. */
async function addRecord(name: string): Promise<void> {
  await page.goto(`${stage.panel.url}/ispmgr?func=domain.sublist&elid=${zone}`);
  await page.click('.bar a');
  await fillForm({ name, addr: '192.0.2.77' });
  await ok();
}

function atCentral(name: string): boolean {
  return stage.central.keys(zone)?.some((key) => key.startsWith(`${name} A`)) === true;
}

before(async () => {
  if (skip !== false) return;
  [stage, browser, shop] = await Promise.all([makeStage(), startBrowser(), openShop()]);
  page = await openTab(browser);
  const form = { elid: '', name: zone, ip: '192.0.2.1', sok: 'ok' };
  assert.ok((await stage.provider('domain.edit', form)).ok);
  assert.ok((await stage.customer('domain.edit', form)).ok);
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
  await page.goto(`${stage.panel.url}/ispmgr`);
  await fillForm({ username: panelAdmin.name, password: 'wrong' });
  await page.click('button.main');
  assert.match(await alertText(), /Wrong user name or password/);
  await logIn(panelAdmin.name, panelAdmin.password);
});

test('install from the source', { skip }, async () => {
  await choose('Plugin sources');
  await page.click('.bar a');
  await fillForm({ url: shop.url });
  await ok();
  await choose('Plugins');
  await page.waitForSelector('tr[data-key=domainsync]');
  await picture('plugins');
  await page.click('tr[data-key=domainsync] [data-action="plugin.install"]');
  await page.waitForSelector('tr[data-key=domainsync] [data-action="plugin.delete"]');
  await page.reload();
  await page.waitForSelector('nav a:text-is("DNS sync")');
});

test('configure: a wrong password, an unknown certificate, then right', { skip }, async () => {
  await choose('DNS sync');
  await picture('settings');
  await fillForm({ host: stage.central.url, username: account.name, password: 'wrong' });
  await ok();
  assert.match(await alertText(), /certificate.*Nothing was saved/s);
  assert.equal(await page.getAttribute('#trust', 'aria-invalid'), 'true');
  assert.equal(await page.inputValue('#fingerprint'), stage.central.fingerprint);
  await picture('certificate');
  await page.check('#trust');
  await fillForm({ password: 'wrong' });
  await ok();
  assert.match(await alertText(), /user name or password/);
  assert.equal(await page.getAttribute('#password', 'aria-invalid'), 'true');
  assert.equal(await page.inputValue('#password'), '');
  assert.equal(existsSync(join(stage.panel.root, 'etc/domainsync.ini')), false);
  await picture('wrong-password');
  await fillForm({ password: account.password, contact: 'help@provider.example' });
  await ok();
  await page.waitForSelector('h1:text-is("Domain names")');
  await choose('DNS sync');
  assert.equal(await page.inputValue('#username'), account.name);
  assert.equal((await page.content()).includes(account.password), false);
});

test('a customer sees no settings, his edit is mirrored', { skip }, async () => {
  await logIn(customer.name, customer.password);
  assert.equal(await page.locator('nav a:text-is("DNS sync")').count(), 0);
  await until('the first mirrored edit', async () => {
    await addRecord('mirrored');
    return (await page.locator('[role=alert]').count()) === 0;
  });
  await page.waitForSelector('tr[data-key^="mirrored A"]');
  assert.ok(atCentral('mirrored'));
  await picture('records');
});

test(
  'a refused edit: said in the form, what was typed stays, nothing changed; in Russian too',
  { skip },
  async () => {
    stage.central.faults.add({
      func: 'domain.sublist.edit',
      effect: 'refuse',
      code: 5,
      val: 'records',
      count: null,
      text: `the account ${account.name} has 20 of 20 records`,
    });
    await addRecord('refused');
    const text = await alertText();
    assert.match(text, /limit.*Nothing was changed.*help@provider\.example/is);
    assert.equal(text.includes(account.name), false);
    assert.equal(text.includes(new URL(stage.central.url).host), false);
    assert.equal(await page.inputValue('#name'), 'refused');
    await picture('refused');
    await logIn(customer.name, customer.password, 'ru');
    await addRecord('refused');
    assert.match(await alertText(), /ничего не изменено/i);
    await picture('refused-ru');
    stage.central.faults.clear();
    for (const side of [stage.panel, stage.central]) {
      assert.equal(
        side.keys(zone)?.some((key) => key.startsWith('refused')),
        false,
      );
    }
  },
);

test('update: settings and journal stay', { skip }, async () => {
  await publish('0.2.0');
  await logIn(panelAdmin.name, panelAdmin.password, 'ru');
  await choose('Плагины');
  await page.click('tr[data-key=domainsync] [data-action="plugin.update"]');
  await page.waitForSelector('tr[data-key=domainsync]:not(:has([data-action="plugin.update"]))');
  await choose('Синхронизация DNS');
  assert.equal(await page.inputValue('#username'), account.name);
  await picture('settings-ru');
  await logIn(customer.name, customer.password);
  await addRecord('updated');
  await page.waitForSelector('tr[data-key^="updated A"]');
  assert.ok(atCentral('updated'));
  assert.match(
    readFileSync(join(stage.panel.root, 'lib/domainsync/current/domainsync.cjs'), 'utf8'),
    /0\.2\.0/,
  );
});

test('pause: edits pass in the panel only, and are sent afterwards', { skip }, async () => {
  await logIn(panelAdmin.name, panelAdmin.password);
  await choose('DNS sync');
  await page.selectOption('#pause', 'on');
  await ok();
  await page.waitForSelector('h1:text-is("Domain names")');
  await logIn(customer.name, customer.password);
  await addRecord('paused');
  await page.waitForSelector('tr[data-key^="paused A"]');
  assert.equal(atCentral('paused'), false);
  await logIn(panelAdmin.name, panelAdmin.password);
  await choose('DNS sync');
  await page.selectOption('#pause', 'off');
  await ok();
  await page.waitForSelector('h1:text-is("Domain names")');
  await until('what passed meanwhile', () => atCentral('paused'));
});

test('remove: without trace, the panel works on', { skip }, async () => {
  await choose('Plugins');
  await page.click('tr[data-key=domainsync] [data-action="plugin.delete"]');
  await page.waitForSelector('tr[data-key=domainsync] [data-action="plugin.install"]');
  assert.equal(await page.locator('nav a:text-is("DNS sync")').count(), 0);
  assert.deepEqual(everything(), pristine);
  await logIn(customer.name, customer.password);
  await addRecord('alone');
  await page.waitForSelector('tr[data-key^="alone A"]');
  assert.equal(atCentral('alone'), false);
});
