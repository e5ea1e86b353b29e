import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { account, type Stage } from '../../src/testing/stage/stage.ts';
import { address, holds, type Wanted } from '../../src/testing/stage/panel-words.ts';

/** The zone of the browser tests. */
export const zone = 'example.org';

/** Folder for new screenshots of the docs, from the variable SCREENSHOTS; undefined: none are taken. */
const taken = process.env['SCREENSHOTS'];

/** The screenshots of the docs. Beside each is a file with the page's text at that time. */
const pictures = join(import.meta.dirname, '../../docs/images');

type Lang = 'en' | 'ru';

/** Clicks through the pages of the customer's panel as a user does. */
export class PanelPages {
  readonly page: Page;
  readonly #stage: Stage;
  readonly #isLater: boolean;

  constructor(page: Page, stage: Stage) {
    this.page = page;
    this.#stage = stage;
    this.#isLater = stage.atPanel.words.hasTtl;
  }

  async open(query = ''): Promise<void> {
    await this.page.goto(`${this.#stage.panel.url}/ispmgr${query}`);
  }

  async logIn(
    { name, password }: { readonly name: string; readonly password: string },
    lang: Lang = 'en',
  ): Promise<void> {
    await this.open('?func=logout');
    await this.open();
    await this.enter({ username: name, password });
    await this.page.selectOption('#lang', lang);
    await this.page.click('button.main');
    await this.page.waitForSelector('nav');
  }

  async choose(entry: string): Promise<void> {
    await this.page.click(`nav a:text-is("${entry}")`);
  }

  async ok(): Promise<void> {
    await this.page.click('button[name=clicked]');
  }

  async alert(): Promise<string> {
    return (await this.page.textContent('[role=alert]')) ?? '';
  }

  async count(selector: string): Promise<number> {
    return await this.page.locator(selector).count();
  }

  async enter(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(fields)) await this.page.fill(`#${name}`, value);
  }

  /** Opens the form for a new record. */
  async newRecord(): Promise<void> {
    await this.openRecords();
    await this.page.click(this.#isLater ? '.toolbar a.main' : '.bar a');
  }

  async openRecords(): Promise<void> {
    await this.open(`?func=${this.#stage.atPanel.words.list}&elid=${zone}`);
  }

  /** Fills in and saves the form for an A record. */
  async addRecord(name: string): Promise<void> {
    await this.newRecord();
    const { value } = addressOf(name);
    await this.enter(this.#isLater ? { name, ip: value } : { name, addr: value });
    await this.ok();
  }

  /** Waits until the list shows the record that `addRecord` added. */
  async listed(name: string): Promise<void> {
    await this.page.waitForSelector(this.#row(name));
  }

  /** Waits for the answer to `addRecord`. @returns whether it is the list with the record, not an error */
  async isListed(name: string): Promise<boolean> {
    await this.page.waitForSelector(`[role=alert], ${this.#row(name)}`);
    return (await this.count('[role=alert]')) === 0;
  }

  #row(name: string): string {
    const key = this.#isLater ? `${name}.${zone}. A` : `${name} A`;
    return `tr[data-key^="${key}"]`;
  }

  async enterCentral(password: string): Promise<void> {
    await this.enter({ host: this.#stage.central.url, username: account.name, password });
  }

  /**
   * Takes a screenshot if new ones are wanted. Otherwise, checks that the page still shows what the
   * screenshot of the docs shows.
   */
  async picture(name: string): Promise<void> {
    const text = unchanging(await this.page.locator('body').ariaSnapshot());
    if (taken !== undefined) {
      mkdirSync(taken, { recursive: true });
      await this.page.screenshot({ path: join(taken, `${name}.png`), fullPage: true });
      writeFileSync(join(taken, `${name}.txt`), text);
      return;
    }
    const shown = join(pictures, `${name}.txt`);
    if (!existsSync(shown)) return;
    assert.equal(text, readFileSync(shown, 'utf8'), `${name}.png is stale: run script/screenshots`);
  }
}

/** The record that {@link PanelPages.addRecord} adds. */
export function addressOf(name: string): Wanted {
  return address(name, '192.0.2.77');
}

/** Whether the central has the record that {@link addressOf} describes. */
export function atCentral(stage: Stage, name: string): boolean {
  return holds(stage.central, zone, addressOf(name));
}

/** The text of a page without what is different at each run: ports, fingerprints, dates. */
function unchanging(text: string): string {
  const same = text
    .replaceAll(/\b127\.0\.0\.1:\d+/gu, '127.0.0.1:PORT')
    .replaceAll(/\b\d{4}-\d{2}-\d{2}\b/gu, 'DATE')
    .replaceAll(/\b(?:[0-9A-F]{2}:?){20,}/giu, 'FINGERPRINT');
  return `${same}\n`;
}
