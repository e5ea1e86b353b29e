/**
 * Tests the plugin from its installation to its removal. Chromium clicks through the panel's pages. The story
 * is the same for every generation.
 */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { holdsName } from '../../src/testing/stage/panel-words.ts';
import {
  account,
  customer,
  makeStage,
  panelAdmin,
  until,
  type Stage,
  type StageOptions,
} from '../../src/testing/stage/stage.ts';
import { hasChromium, openTab, startBrowser } from './browser.ts';
import { atCentral, PanelPages, zone } from './pages.ts';

/** Reason why these tests cannot run on this machine, for the option `skip`; false: they can run. */
export const skip = hasChromium() ? false : 'chromium is not installed';

/** How an administrator installs, updates and removes releases on a panel of this generation. */
export interface Delivery {
  /** Installs a release. An administrator must be logged in before the call. */
  install(pages: PanelPages, version: string): Promise<void>;
  /** Updates to a release. After the call an administrator is logged in, in Russian. */
  update(pages: PanelPages, version: string): Promise<void>;
  /** Removes the plugin. After the call an administrator is logged in. */
  remove(pages: PanelPages): Promise<void>;
  stop(): void | Promise<void>;
}

/** The differences between the generations. */
export interface ProductWays {
  readonly stage: StageOptions;
  /** Heading of the page that follows a saved settings form. */
  readonly home: string;
  /** End of the names of screenshots. */
  readonly suffix: '' | '-6';
  /** Paths (below the root) of files that the panel itself writes. */
  readonly panelsOwn: RegExp;
  readonly openDelivery: (stage: Stage) => Promise<Delivery>;
}

/** The stage and the open pages during a story. */
export interface Scene {
  readonly stage: Stage;
  readonly page: Page;
  readonly pages: PanelPages;
}

/**
 * Registers the story's tests.
 * @param more registers tests for this generation only; before them a customer is logged in, and edits are
 *   mirrored
 */
export function runProductStory(
  ways: ProductWays,
  more: (scene: () => Scene) => void = () => undefined,
): void {
  let stage: Stage;
  let browser: Browser;
  let page: Page;
  let pages: PanelPages;
  let delivery: Delivery;
  let pristine: readonly string[];

  const settingsFile = (): string => join(stage.panel.root, 'etc/domainsync.ini');
  const picture = async (name: string, lang: '' | '-ru' = ''): Promise<void> => {
    await pages.picture(`${name}${ways.suffix}${lang}`);
  };
  const everything = (): readonly string[] =>
    readdirSync(stage.panel.root, { recursive: true, encoding: 'utf8' })
      .filter((path) => !ways.panelsOwn.test(path))
      .sort();

  before(async () => {
    if (skip !== false) return;
    [stage, browser] = await Promise.all([makeStage(ways.stage), startBrowser()]);
    page = await openTab(browser);
    pages = new PanelPages(page, stage);
    assert.ok((await stage.atCentral.makeZone(zone)).ok);
    assert.ok((await stage.atPanel.makeZone(zone)).ok);
    pristine = everything();
    delivery = await ways.openDelivery(stage);
  });

  after(async () => {
    if (skip !== false) return;
    await browser.close();
    await delivery.stop();
    await stage.stop();
  });

  test('a wrong login is said, a right one leads in', { skip }, async () => {
    await pages.open();
    await pages.enter({ username: panelAdmin.name, password: 'wrong' });
    await page.click('button.main');
    assert.match(await pages.alert(), /./);
    await pages.logIn(panelAdmin);
  });

  test('installed: an entry in the menu', { skip }, async () => {
    await delivery.install(pages, '0.1.0');
    await page.reload();
    await page.waitForSelector('nav a:text-is("DNS sync")');
  });

  test('configure: a wrong password, an unknown certificate, then right', { skip }, async () => {
    await pages.choose('DNS sync');
    await picture('settings');
    await pages.enterCentral('wrong');
    await pages.ok();
    assert.match(await pages.alert(), /certificate.*Nothing was saved/s);
    assert.equal(await page.getAttribute('#trust', 'aria-invalid'), 'true');
    assert.equal(await page.inputValue('#fingerprint'), stage.central.fingerprint);
    await picture('certificate');
    await page.check('#trust');
    await pages.enter({ password: 'wrong' });
    await pages.ok();
    assert.match(await pages.alert(), /user name or password/);
    assert.equal(await page.getAttribute('#password', 'aria-invalid'), 'true');
    assert.equal(await page.inputValue('#password'), '');
    assert.equal(existsSync(settingsFile()), false);
    await picture('wrong-password');
    await pages.enter({ password: account.password, contact: 'help@provider.example' });
    await pages.ok();
    await page.waitForSelector(`h1:text-is("${ways.home}")`);
    // Short waits make the test faster. Saving the settings form does not change them.
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
      return await pages.isListed('mirrored');
    });
    assert.ok(atCentral(stage, 'mirrored'));
    await picture('records');
  });

  more(() => ({ stage, page, pages }));

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
      await picture('refused');
      await pages.logIn(customer, 'ru');
      await pages.addRecord('refused');
      assert.match(await pages.alert(), /ничего не изменено/i);
      await picture('refused', '-ru');
      stage.central.faults.clear();
      for (const side of [stage.panel, stage.central]) assert.equal(holdsName(side, zone, 'refused'), false);
    },
  );

  test('update: settings and journal stay', { skip }, async () => {
    await delivery.update(pages, '0.2.0');
    await pages.choose('Синхронизация DNS');
    assert.equal(await page.inputValue('#username'), account.name);
    await picture('settings', '-ru');
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
      await page.waitForSelector(`h1:text-is("${ways.home}")`);
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
    await delivery.remove(pages);
    assert.equal(await pages.count('nav a:text-is("DNS sync")'), 0);
    assert.deepEqual(everything(), pristine);
    await pages.logIn(customer);
    await pages.addRecord('alone');
    await pages.listed('alone');
    assert.equal(atCentral(stage, 'alone'), false);
  });
}
