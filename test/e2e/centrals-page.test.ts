/**
 * Runs the commands of docs/centrals.md exactly as they are written there, with the configuration of that
 * page.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { readSettings } from '../../src/config/settings.ts';
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

const page = 'centrals.md';

/**
 * Shell text that sends an update and prints `UPDATE what: answer`. If the update was done, the answer is
 * NOERROR.
 */
function updates(keyWords: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes)
    .map(
      ([what, change]) =>
        `answer=$(printf 'server 127.0.0.1\\nzone example.org\\n%s\\nsend\\n' '${change}' | nsupdate -v ${keyWords} 2>&1 | tr '\\n' ' ')\n` +
        `echo "UPDATE ${what}: \${answer:-done}"`,
    )
    .join('\n');
}

const zoneFile = [
  '$TTL 3600',
  '@ SOA ns1.example.org. hostmaster.example.org. 1 10800 3600 604800 3600',
  '@ NS ns1',
  '@ NS ns2',
  'ns1 A 192.0.2.1',
  'ns2 A 192.0.2.2',
].join('\n');

const rows = {
  address: 'update add www.example.org. 60 A 192.0.2.3',
  mail: 'update add example.org. 60 MX 10 ns1.example.org.',
  delegation: 'update add sub.example.org. 60 NS ns.example.net.',
  apex: 'update add example.org. 60 NS ns3.example.net.',
  question: 'update delete _domainsync.example.org. TXT',
} as const;

/** The answers of {@link updates} by the row of the page's table. */
function answers(said: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...said.matchAll(/^UPDATE (\w+): (.*)$/gmu)].map(([, what = '', answer = '']) => [what, answer]),
  );
}

const noHost = missingForOwnHost();

describe('issue 18, Docs: the examples of centrals.md work', () => {
  test('BIND: key, policy, and what the key may do', { skip: noHost || missingFor('bind') }, async () => {
    const said = await onOwnHost(
      ['/etc/bind', '/var/lib/bind', '/run/named'],
      [
        commandsIn(page, 'tsig-keygen'),
        writesFile('/var/lib/bind/example.org.zone', zoneFile),
        writesFile(
          '/etc/bind/named.conf',
          `options { directory "/var/lib/bind"; listen-on-v6 { none; }; recursion no; };\n${exampleIn(page, 'update-policy')}`,
        ),
        'named-checkconf',
        'named -f -c /etc/bind/named.conf &',
        waitsForZone('example.org'),
        commandsIn(page, '| nsupdate -v -k'),
        updates('-k /etc/bind/keys/alice-key.conf', rows),
        'stat -c "KEY %A %G" /etc/bind/keys/alice-key.conf',
      ].join('\n'),
    );
    assert.match(said, /^"x"$/mu);
    assert.match(said, /^KEY -rw-r----- bind$/mu);
    assert.deepEqual(answers(said), {
      address: 'done',
      mail: 'done',
      delegation: 'done',
      apex: 'update failed: REFUSED ',
      question: 'done',
    });
  });

  test('Knot: key, ACL, and what the key may do', { skip: noHost || missingFor('knot') }, async () => {
    const key = exampleIn(page, 'keymgr -t');
    const secret = /secret: (\S+)/u.exec(key)?.[1] ?? '';
    const keyText = key.slice(key.indexOf('\nkey:'));
    const said = await onOwnHost(
      ['/etc/knot', '/var/lib/knot', '/run/knot'],
      [
        'mkdir -p /var/lib/knot/zones',
        commandsIn(page, 'keymgr -t'),
        writesFile('/var/lib/knot/zones/example.org.zone', zoneFile),
        writesFile(
          '/etc/knot/knot.conf',
          `server:\n  listen: 127.0.0.1@53\n${keyText}\n${exampleIn(page, 'update-owner-match: sub-or-equal')}`,
        ),
        'knotc conf-check',
        'knotd &',
        waitsForZone('example.org'),
        'knotc reload',
        updates(`-y hmac-sha256:alice-key:${secret}`, rows),
      ].join('\n'),
    );
    assert.match(said, /^# hmac-sha256:alice-key:\S+\nkey:\n {2}- id: alice-key\n/mu);
    const { address, mail, question, delegation, apex } = answers(said);
    assert.deepEqual([address, mail, question], ['done', 'done', 'done']);
    for (const answer of [delegation, apex]) assert.match(answer ?? '', /NOTAUTH\(BADKEY\)/u);
  });

  test('PowerDNS: a hashed key, an account', { skip: noHost || missingFor('powerdns') }, async () => {
    const [, hashCommand = 'false'] = /\$ (printf .* \| pdnsutil hash-password)$/mu.exec(pageOf(page)) ?? [];
    const configuration = exampleIn(page, 'api-key=$scrypt').replace(/^api-key=.*$/mu, 'api-key=@HASH@');
    const said = await onOwnHost(
      ['/etc/powerdns', '/var/lib/powerdns', '/run/pdns'],
      [
        `hash=$(${hashCommand})`,
        writesFile('/etc/powerdns/pdns.conf.in', configuration),
        'sed "s|@HASH@|$hash|" /etc/powerdns/pdns.conf.in >/etc/powerdns/pdns.conf',
        makesPowerdnsStore(),
        `printf '%s\\n' ${powerdnsStore} >>/etc/powerdns/pdns.conf`,
        'pdnsutil create-zone customer.example ns1.example.net',
        commandsIn(page, 'set-account'),
        'pdns_server --daemon=no --guardian=no &',
        waitsForZone('customer.example'),
        commandsIn(page, 'X-API-Key')
          .replace('KEY', 'a-long-random-key')
          .replace('X-API-a-long-random-key', 'X-API-Key'),
        'echo; pdnsutil get-meta customer.example SOA-EDIT-API',
      ].join('\n'),
    );
    assert.match(said, /^\[\{"account": "alice",.*"id": "customer\.example\.", "kind": "Native"/mu);
    assert.match(said, /^SOA-EDIT-API = DEFAULT$/mu);
  });

  test('every settings file of the page is understood', () => {
    const blocks = settingsIn(page);
    assert.ok(blocks.length >= 3);
    for (const text of blocks) {
      const whole = text.includes('[isp_master]')
        ? text
        : `[isp_master]\nhost = dns.example.net\nusername = alice\npassword = secret\n${text}`;
      // The page shortens secrets, which are base64 at these servers.
      const read = readSettings(whole.replaceAll(/^password = .*$/gmu, 'password = c2VjcmV0'), 'settings');
      assert.deepEqual(read.kind === 'configured' ? read.warnings : read, []);
    }
  });
});
