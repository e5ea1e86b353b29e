/**
 * Tests the plugin in a browser from its installation to its removal (`product-story.ts`), in ISPmanager 4
 * with a central of the same kind. The administrator installs, updates and removes it in the panel's list of
 * plugins.
 */
import { execFile } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { panelAdmin } from '../../src/testing/stage/stage.ts';
import { runProductStory, type Delivery } from './product-story.ts';

const run = promisify(execFile);
const builder = join(import.meta.dirname, '../../script/build.ts');
const row = 'tr[data-key=domainsync]';

/** Starts the web server of a provider, which delivers the extension source. */
async function openShop(): Promise<Delivery> {
  const folder = mkdtempSync(join(tmpdir(), 'shop-'));
  const server = createServer((request, response) => {
    const path = join(folder, basename(request.url ?? ''));
    if (!existsSync(path) || !statSync(path).isFile()) response.writeHead(404).end();
    else createReadStream(path).pipe(response.writeHead(200));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ispmgr_plugins.xml`;
  const publish = async (version: string): Promise<void> => {
    await run(process.execPath, [builder, '--archive', '--fast', '--out', folder, '--version', version]);
  };
  return {
    install: async (pages, version) => {
      await publish(version);
      await pages.choose('Plugin sources');
      await pages.page.click('.bar a');
      await pages.enter({ url });
      await pages.ok();
      await pages.choose('Plugins');
      await pages.page.waitForSelector(row);
      await pages.picture('plugins');
      await pages.page.click(`${row} [data-action="plugin.install"]`);
      await pages.page.waitForSelector(`${row} [data-action="plugin.delete"]`);
    },
    update: async (pages, version) => {
      await publish(version);
      await pages.logIn(panelAdmin, 'ru');
      await pages.choose('Плагины');
      await pages.page.click(`${row} [data-action="plugin.update"]`);
      await pages.page.waitForSelector(`${row}:not(:has([data-action="plugin.update"]))`);
    },
    remove: async (pages) => {
      await pages.logIn(panelAdmin);
      await pages.choose('Plugins');
      await pages.page.click(`${row} [data-action="plugin.delete"]`);
      await pages.page.waitForSelector(`${row} [data-action="plugin.install"]`);
    },
    stop: () => {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

runProductStory({
  stage: { panel: 'v4', central: 'v4' },
  home: 'Domain names',
  suffix: '',
  panelsOwn: /^var\/(state|ispmgr|\.plugins)/,
  openDelivery: openShop,
});
