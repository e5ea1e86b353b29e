import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { patience } from '../../src/testing/patience.ts';

const program = '/usr/bin/chromium';

/** Whether Debian's Chromium is installed, as `script/servers` does it where it may. */
export function hasChromium(): boolean {
  return existsSync(program);
}

/** Starts Debian's Chromium without a window. It connects to this machine only. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: program,
    timeout: patience,
    args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
}

/** Opens a tab in a context of its own, which accepts the sandbox's self-signed certificate. */
export async function openTab(browser: Browser): Promise<Page> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1180, height: 760 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  return page;
}
