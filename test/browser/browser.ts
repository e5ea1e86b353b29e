import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { patience } from '../../src/testing/patience.ts';

const program = '/usr/bin/chromium';

/** Whether Chromium from Debian is installed. `script/servers` installs it if it runs as root. */
export function hasChromium(): boolean {
  return existsSync(program);
}

/** Starts Chromium without a window. It can connect only to this machine. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: program,
    timeout: patience,
    args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
}

/** Opens a tab that shares nothing with other tabs and accepts the sandbox's self-signed certificate. */
export async function openTab(browser: Browser): Promise<Page> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1180, height: 760 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  return page;
}
