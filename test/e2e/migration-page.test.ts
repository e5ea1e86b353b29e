/**
 * Runs the commands of docs/migration.md as they are written there. A panel that writes to PowerDNS with its
 * key goes over to a token of a gateway.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { parseIni } from '../../src/config/ini.ts';
import { zoneName } from '../../src/dns/name.ts';
import { exampleIn } from '../../src/testing/docs-examples.ts';
import { removeUnlessFailed } from '../../src/testing/kept-folders.ts';
import {
  GatewayProcess,
  powerdnsBackend,
  writeGatewaySettings,
} from '../../src/testing/servers/gateway-process.ts';
import { startPowerdns, type Powerdns } from '../../src/testing/servers/powerdns.ts';
import { missingPrograms, ServerProcess } from '../../src/testing/servers/process.ts';
import { dist } from '../../src/testing/stage/command-line.ts';
import { publicView } from '../../src/testing/stage/dig.ts';
import { makeDomain } from '../../src/testing/stage/make-domain.ts';
import { address, holdsName } from '../../src/testing/stage/panel-words.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import { makePanelSide, until, writeSettings } from '../../src/testing/stage/stage.ts';

const run = promisify(execFile);
const page = 'migration.md';
const zone = 'shop.example';
const program = `'${process.execPath}' '${join(dist, 'domainsync.cjs')}'`;

/** The example of the page that contains this text. */
function example(contained: string): string {
  return exampleIn(page, contained);
}

/** Opens a line to PowerDNS on which requests come from 127.0.0.3, as from a customer's server. */
async function otherAddress(t: TestContext, { url }: Powerdns): Promise<string> {
  const port = Number(new URL(url).port);
  const relay = createServer((client) => {
    const server = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.3' });
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  t.after(() => {
    relay.close();
  });
  return `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
}

test(
  'issue 20, migration: each command does what the page says, from the key to the token',
  { skip: missingFor('gateway') || missingPrograms('pdnsutil', 'curl') },
  async (t) => {
    const side = await makePanelSide('v6');
    const logged = `${example('webserver-loglevel')}webserver-allow-from=127.0.0.0/8`;
    const server = await startPowerdns({ account: 'alice', extra: logged });
    const gateway = new GatewayProcess(writeGatewaySettings(server.folder, powerdnsBackend(server)));
    t.after(async () => {
      await side.stop();
      removeUnlessFailed(side.directory);
      await gateway.stop();
      await server.dispose();
    });
    const keyFile = join(server.folder, 'api-key');
    const log = join(server.folder, 'server.log');
    writeFileSync(keyFile, server.apiKey);

    /** Runs an example on the provider's machine, or on the panel's. */
    const shell = async (text: string, where: 'provider' | 'panel'): Promise<string> => {
      const own = where === 'provider' ? '' : ` --root '${side.panel.root}' --socket '${side.socket}'`;
      const script = [
        `domainsync() { ${program}${own} "$@"; }`,
        `pdnsutil() { command pdnsutil --config-dir='${server.folder}' "$@"; }`,
        `journalctl() { cat '${log}'; }`,
        text
          .replaceAll('/etc/domainsync-gateway/api-key', keyFile)
          .replaceAll('http://127.0.0.1:8081', server.url)
          .replaceAll('192.0.2.7', '127.0.0.1'),
      ].join('\n');
      const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
      const env = { ...process.env, PATH: path, DOMAINSYNC_GATEWAY_CONFIG: gateway.config };
      return (await run('/bin/sh', ['-c', script], { env })).stdout;
    };
    const view = publicView(server.port);
    const answers = async (name: string): Promise<string> =>
      (await view.lines(`${name}.${zone}.`, 'A')).join();
    const ready = async (): Promise<void> => {
      await until('the first comparison', async () => {
        const { engine = null, fromAgent = null } = (await side.status()) ?? {};
        return (engine?.baselineAt ?? null) !== null && (fromAgent?.owners.readAt ?? null) !== null;
      });
    };
    const edit = async (name: string): Promise<void> => {
      const answer = await side.atPanel.save(zone, address(name, '192.0.2.50'));
      assert.ok(answer.ok, answer.error?.text ?? answer.body);
      assert.match(await answers(name), / A 192\.0\.2\.50$/u);
    };
    const users = async (): Promise<readonly string[]> => {
      const said = await shell(example('sort | uniq -c'), 'provider');
      return said
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/u)[1] ?? '')
        .toSorted();
    };

    await server.addZones([{ zone: zoneName(zone), records: 'www A 192.0.2.1' }]);
    await makeDomain(side.panel, side.atPanel, { name: zone, records: [] });
    await side.install();
    const direct = { kind: 'powerdns', host: await otherAddress(t, server), username: 'alice' };
    writeSettings(side.panel.root, { ...direct, password: server.apiKey }, {});
    await side.atPanel.save(zone, address('', ''));
    await ready();
    await edit('before');
    assert.ok((await users()).includes('127.0.0.3'));

    await gateway.start();
    const token = /^dsg_\w+$/mu.exec(await shell(example('token add alice'), 'provider'))?.[0] ?? '';
    assert.notEqual(token, '');
    await edit('both-count');
    await until('no operation to be open', async () => (await side.status())?.engine?.open === 0);
    await shell(example('set-account "$zone"'), 'provider');
    const refused = await side.atPanel.save(zone, address('between', '192.0.2.51'));
    assert.match(refused.error?.text ?? '', /\[zone\.missing-at-central\]/u);
    assert.equal(holdsName(side.panel, zone, 'between'), false);

    const { entries } = parseIni(example('kind = gateway'));
    const written = Object.fromEntries(entries.map(({ option, value }) => [option, value]));
    assert.deepEqual(Object.keys(written), ['kind', 'host', 'username', 'password']);
    writeSettings(side.panel.root, { ...written, host: gateway.url, password: token }, {});
    await until('edits through the gateway', async () => {
      const answer = await side.atPanel.save(zone, address('after', '192.0.2.50'));
      return answer.ok && (await answers('after')).endsWith(' A 192.0.2.50');
    });
    await ready();
    const told = await shell(example('domainsync zones'), 'panel');
    assert.match(told, /shop\.example +synced/u);
    truncateSync(log);
    await edit('token');
    assert.deepEqual(await users(), ['127.0.0.1']);
    assert.match(await shell(example('token list alice'), 'provider'), /from 127\.0\.0\.1$/mu);

    const next = example('api-key=');
    appendFileSync(join(server.folder, 'pdns.conf'), next);
    const key = /^api-key=(.*)$/mu.exec(next)?.[1] ?? '';
    writeFileSync(gateway.config, readFileSync(gateway.config, 'utf8').replace(server.apiKey, key));
    await gateway.stop();
    await server.stop();
    const status = async (tried: string): Promise<number> => {
      const headers = { 'X-API-Key': tried };
      return (await fetch(`${server.url}/api/v1/servers/localhost`, { headers })).status;
    };
    const words = [`--config-dir=${server.folder}`, '--daemon=no', '--guardian=no', '--write-pid=no'];
    const again = new ServerProcess(server.folder, 'pdns_server', words, async () => {
      return (await status(key).catch(() => 0)) === 200;
    });
    await again.start();
    try {
      assert.equal(await status(server.apiKey), 401);
      await gateway.start();
      writeSettings(side.panel.root, { ...written, host: gateway.url, password: token }, {});
      await until('edits with the new key', async () => {
        return (await side.atPanel.save(zone, address('new-key', '192.0.2.50'))).ok;
      });
      assert.match(await answers('new-key'), / A 192\.0\.2\.50$/u);
    } finally {
      await again.stop();
    }
  },
);
