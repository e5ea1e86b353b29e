/**
 * Runs the commands of docs/gateway.md about name servers exactly as they are written there. Then makes a
 * change through a gateway with the settings of that page.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadGatewaySettings } from '../../src/gateway/settings.ts';
import { commandsIn, exampleIn, pageOf, settingsIn } from '../../src/testing/docs-examples.ts';
import {
  makesPowerdnsStore,
  missingForOwnHost,
  onOwnHost,
  powerdnsStore,
  waitsForZone,
  writesFile,
} from '../../src/testing/own-host.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';

const page = 'gateway.md';

const zoneFile = [
  '$TTL 3600',
  '@ SOA ns1.example.org. hostmaster.example.org. 1 10800 3600 604800 3600',
  '@ NS ns1',
  'ns1 A 192.0.2.1',
].join('\n');

/** Folders that hold nothing of this machine. */
const folders = ['/etc/domainsync-gateway', '/var/lib/domainsync-gateway'];

/** Defines the command `domainsync`, which runs the sources. */
const program = [
  `domainsync() { ${process.execPath} ${join(import.meta.dirname, '../../src/cli/main.ts')} "$@"; }`,
  'export DOMAINSYNC_GATEWAY_CONFIG=/etc/domainsync-gateway/gateway.ini',
].join('\n');

/**
 * Shell text that starts the gateway, makes a customer and a token, and sends a change. Prints the answer,
 * and the record as the name server serves it.
 * @param backend the section `[backend]` of the settings
 * @param assign the commands that give the zone to the customer
 */
function changeThrough(backend: string, assign: string): string {
  const change = {
    key: 'page-change-1',
    remove: [],
    add: [{ name: 'www.example.org.', type: 'A', ttl: 60, data: '192.0.2.80' }],
  };
  return [
    writesFile('/etc/domainsync-gateway/gateway.ini', backend),
    'domainsync gateway serve >/var/lib/domainsync-gateway/log 2>&1 &',
    'until curl -s -o /dev/null http://127.0.0.1:8553/; do sleep 0.1; done',
    'domainsync gateway customer add shop-17 >/dev/null',
    assign,
    `token=$(domainsync --json gateway token add shop-17 --from 127.0.0.1 | sed -n 's/.*"token": *"\\([^"]*\\)".*/\\1/p')`,
    `printf 'ANSWER '; curl -s -H "Authorization: Bearer $token" -H "Content-Type: application/json" -d '${JSON.stringify(change)}' http://127.0.0.1:8553/v1/zones/example.org/changes; echo`,
    `printf 'SERVED '; dig +short @127.0.0.1 www.example.org A`,
    `printf 'RECORDS '; curl -s -H "Authorization: Bearer $token" http://127.0.0.1:8553/v1/zones/example.org/records; echo`,
  ].join('\n');
}

function demandDone(said: string): void {
  assert.match(said, /^ANSWER \{"removed":\[\],"added":\[\{"name":"www\.example\.org\."/mu, said);
  assert.match(said, /^SERVED 192\.0\.2\.80$/mu, said);
  assert.match(said, /^RECORDS \{"records":\[.*"SOA".*\]\}$/mu, said);
}

const assignLine = 'domainsync gateway zone assign example.org shop-17';
const noHost = missingForOwnHost();

describe('docs/gateway.md: each name server behind a gateway', () => {
  test('BIND', { skip: noHost || missingFor('bind') }, async () => {
    assert.ok(pageOf(page).includes(`\`${assignLine}\``));
    const said = await onOwnHost(
      [...folders, '/etc/bind', '/var/lib/bind', '/run/named'],
      [
        program,
        commandsIn(page, 'tsig-keygen'),
        'umask 022',
        writesFile('/var/lib/bind/example.org.zone', zoneFile),
        writesFile(
          '/etc/bind/named.conf',
          `options { directory "/var/lib/bind"; listen-on-v6 { none; }; recursion no; };\n${exampleIn(page, 'update-policy')}`,
        ),
        'named-checkconf',
        'named -f -c /etc/bind/named.conf &',
        waitsForZone('example.org'),
        'stat -c "SECRET %A" /etc/domainsync-gateway/tsig-secret',
        changeThrough(exampleIn(page, '[backend]\nkind = bind'), assignLine),
      ].join('\n'),
    );
    assert.match(said, /^SECRET -rw-------$/mu);
    demandDone(said);
  });

  test('Knot', { skip: noHost || missingFor('knot') }, async () => {
    const said = await onOwnHost(
      [...folders, '/etc/knot', '/var/lib/knot', '/run/knot'],
      [
        program,
        'mkdir -p /var/lib/knot/zones',
        commandsIn(page, 'keymgr -t'),
        'umask 022',
        writesFile('/var/lib/knot/zones/example.org.zone', zoneFile),
        writesFile(
          '/etc/knot/knot.conf',
          `server:\n  listen: 127.0.0.1@53\n${exampleIn(page, 'action: [update, transfer]')}`,
        ),
        'knotc conf-check',
        'knotd >/var/lib/knot/log 2>&1 &',
        waitsForZone('example.org'),
        changeThrough(exampleIn(page, '[backend]\nkind = knot'), assignLine),
      ].join('\n'),
    );
    demandDone(said);
  });

  test('PowerDNS', { skip: noHost || missingFor('powerdns') }, async () => {
    const said = await onOwnHost(
      [...folders, '/etc/powerdns', '/var/lib/powerdns', '/run/pdns'],
      [
        program,
        'printf %s a-long-random-key >/etc/domainsync-gateway/api-key; chmod 600 /etc/domainsync-gateway/api-key',
        makesPowerdnsStore(),
        `printf '%s\\n' api=yes api-key=a-long-random-key webserver=yes ${powerdnsStore} >/etc/powerdns/pdns.conf`,
        'pdnsutil create-zone example.org ns1.example.net',
        'pdns_server --daemon=no --guardian=no &',
        waitsForZone('example.org'),
        changeThrough(
          exampleIn(page, '[backend]\nkind = powerdns'),
          commandsIn(page, 'pdnsutil set-account'),
        ),
      ].join('\n'),
    );
    demandDone(said);
  });

  test('every settings file of the page is understood', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gateway-page-'));
    try {
      const path = join(folder, 'gateway.ini');
      const named = (name: string): string => {
        writeFileSync(join(folder, name), 'c2VjcmV0', { mode: 0o600 });
        return join(folder, name);
      };
      const blocks = settingsIn(page).filter((text) => /^\[backend/mu.test(text));
      assert.ok(blocks.length >= 5);
      for (const text of blocks) {
        const here = text.replaceAll(
          /^(\w+ = )\/(?:etc\/domainsync-gateway|run\/credentials\/domainsync-gateway\.service)\/(\S+)$/gmu,
          (_, option: string, name: string) => `${option}${named(name)}`,
        );
        const plain = '[backend]\nhost = http://127.0.0.1:8081\nusername = gateway\npassword = secret\n';
        writeFileSync(path, text.includes('[backend]') ? here : plain + here);
        const { backend, furtherBackends } = loadGatewaySettings(path);
        for (const one of [backend, ...furtherBackends.values()]) assert.ok(one.password.length > 0);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
