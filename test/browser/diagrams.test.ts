/** Tests that Mermaid can parse and draw the diagrams of every page, in Chromium. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { Browser, Page } from 'playwright-core';

import { hasChromium, openTab, startBrowser } from './browser.ts';

const top = join(import.meta.dirname, '../..');
// Mermaid in one file for browsers. It is in the same folder as the file that Node.js would import.
const library = fileURLToPath(new URL('mermaid.min.js', import.meta.resolve('mermaid')));

interface Diagram {
  readonly page: string;
  readonly text: string;
}

function diagrams(): readonly Diagram[] {
  const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: top,
    encoding: 'utf8',
  });
  return pages
    .split('\n')
    .filter((page) => page !== '')
    .flatMap((page) =>
      [...readFileSync(join(top, page), 'utf8').matchAll(/^```mermaid\n(.*?)^```$/gmsu)].map(
        ([, text = '']) => ({ page, text }),
      ),
    );
}

/** @returns Mermaid's error for a diagram; empty: there is none */
async function problem(tab: Page, text: string): Promise<string> {
  const drawing = `mermaid.render('drawn', ${JSON.stringify(text)})`;
  return await tab.evaluate<string>(`${drawing}.then(() => '', (error) => 'error: ' + error)`);
}

describe('issue 18, Docs: diagrams', { skip: hasChromium() ? false : 'chromium is not installed' }, () => {
  let browser: Browser;
  let tab: Page;

  before(async () => {
    browser = await startBrowser();
    tab = await openTab(browser);
    await tab.addScriptTag({ path: library });
    await tab.evaluate('mermaid.initialize({ startOnLoad: false })');
  });

  after(async () => {
    await browser.close();
  });

  test('an error in a diagram is noticed', async () => {
    assert.match(await problem(tab, 'flowchart LR\n  a --> --> b\n'), /^error: .*Parse error/u);
  });

  test('the pages have diagrams, and each can be drawn', async () => {
    const all = diagrams();
    assert.ok(all.some(({ page }) => page === 'README.md'));
    assert.ok(all.some(({ page }) => page === 'docs/architecture.md'));
    for (const { page, text } of all) assert.equal(await problem(tab, text), '', `${page}:\n${text}`);
  });
});
