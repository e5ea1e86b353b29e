/** What a gateway reads from its disk: settings, lists of names, heads of the audit, and rows. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeProblem } from '../../../core/describe.ts';
import { zoneName } from '../../../dns/name.ts';
import { HeadsFile, HeadsUnreadable } from '../../../gateway/audit/heads-file.ts';
import { readSuffixes } from '../../../gateway/names/public-suffixes.ts';
import {
  backendNames,
  GatewaySettingsRefused,
  loadGatewaySettings,
  loadStorageSettings,
} from '../../../gateway/settings.ts';
import * as rows from '../../../gateway/storage/rows.ts';
import { StorageError } from '../../../gateway/storage/storage.ts';
import { isIn, readNetwork } from '../../../net/inside.ts';
import { defineTarget, fieldsIn, textIn, type Target } from '../target.ts';

const folder = mkdtempSync(join(tmpdir(), 'fuzz-gateway-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const settingsFiles = [
  [
    '[gateway]',
    'listen = 127.0.0.1:8553',
    'state = /var/lib/domainsync-gateway',
    'reserved = ns1.example.net, 192.0.2.0/24',
    'reverse = 198.51.100.0/24 2001:db8::/32',
    'quarantine = 30',
    '[backend]',
    'kind = powerdns',
    'host = http://127.0.0.1:8081',
    'username = gateway',
    'password = pa;ss#wo%rd',
    'nameservers = ns1.example.net, ns2.example.net',
    'timeout = 3',
    '',
  ].join('\n'),
  [
    '\ufeff[gateway]\r',
    'listen = [::1]:443',
    'status_listen = 127.0.0.1:9553',
    'keep_changes = 180',
    '[limits]',
    'requests = 60',
    'at_once = 4',
    '[storage]',
    'kind = postgresql',
    'name = one',
    'host = 127.0.0.1:5432',
    '[backend]',
    'kind = bind',
    'host = dns://127.0.0.1:53',
    'username = key',
    'password = c2VjcmV0',
    '[backend second]',
    'kind = knot',
    'host = dns://127.0.0.2',
    'username = key',
    'password = c2VjcmV0',
    'axfr = yes',
    '',
  ].join('\n'),
];

/** The settings file of a gateway. Every problem has a text in both languages. */
const settings = defineTarget({
  name: 'gateway-settings',
  shape: 'text',
  samples: settingsFiles,
  words: [
    '[',
    ']',
    '=',
    ' ;',
    '#',
    '\r\n',
    '\n ',
    '[backend x]\n',
    '[backend ]\n',
    '[backend default]\n',
    '[storage]\n',
    'password_file = x\n',
    'certificate = x\n',
    'public_suffixes = x\n',
    'audit_heads = a\0b\n',
    '0.0.0.0/0',
    '::/0',
    '-1',
    '1e9',
    'https://u:p@h/',
    '[::1]',
    '\0',
    '\ufeff',
  ],
  decode: (text) => {
    const path = join(folder, 'gateway.ini');
    writeFileSync(path, text);
    return [
      loadSafely(() => loadGatewaySettings(path)),
      loadSafely(() => loadStorageSettings(path)),
      backendNames(path),
    ];
  },
  refusals: [GatewaySettingsRefused],
});

/** The result of `load`, or the problems of refused settings in words. */
function loadSafely(load: () => unknown): unknown {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof GatewaySettingsRefused)) throw error;
    const said = error.problems.flatMap((one) => [describeProblem(one, 'en'), describeProblem(one, 'ru')]);
    assert.ok(said.length > 0 && said.every((text) => text !== ''));
    return said;
  }
}

/** A list of public suffixes, and networks of the settings. */
const names = defineTarget({
  name: 'gateway-names',
  shape: 'text',
  samples: [
    '// comment\ncom\n*.ck\n!www.ck\nco.uk rest\nбел\n',
    'org\r\n\r\nблог.рф\n*.compute.example.com\n',
    '10.0.0.0/8',
    '2001:db8::/32',
    '::ffff:192.0.2.1/120',
  ],
  words: ['*.', '!', '//', '\n', '\r', '.', 'xn--', '/', '/129', '::', '\\', '@', ' '],
  decode: (text) => ({ suffixes: readSuffixes(text), network: readNetwork(text) }),
  refusals: [],
  check: ({ suffixes, network }) => {
    for (const name of ['www.ck', 'example.com', 'x.ck', 'org', '.'])
      assert.equal(typeof suffixes?.isSuffix(zoneName(name)), suffixes === null ? 'undefined' : 'boolean');
    if (network !== null) assert.ok(isIn(network.address, [network]));
  },
});

const head = { at: 1_700_000_000_000, number: 17, hash: 'ab'.repeat(32) };
const line = JSON.stringify(head);

/** The file with heads of the audit. A line that is written to it is its last one, whatever was there. */
const heads = defineTarget({
  name: 'gateway-heads',
  shape: 'text',
  samples: [
    `${line}\n`,
    `${line}\n${JSON.stringify({ ...head, number: 18, accepted: true })}\n`,
    `${line}\n${line.slice(0, 30)}`,
    `${line.slice(0, 20)}\n${line}\n`,
  ],
  words: ['\n', '{"at":', '}', '"number":', 'null', '1e999', 'true', '\0'],
  decode: async (text) => {
    const path = join(folder, 'audit-heads');
    writeFileSync(path, text);
    const file = new HeadsFile(path);
    const last = file.last();
    assert.deepEqual(await file.all(), last);
    file.append(head);
    return { before: last, after: file.last() };
  },
  refusals: [HeadsUnreadable],
  check: ({ before, after }) => {
    assert.deepEqual(after.at(-1), head);
    assert.deepEqual(after.slice(0, before.length), before);
  },
});

const record = { name: 'www.example.org.', type: 'A', ttl: 60, rdata: '192.0.2.1' };
const rights = {
  rules: [{ zone: '**', name: '@', types: ['A'], allow: ['read'] }],
  createZones: [],
  deleteZones: ['**'],
  protectedTypes: ['CAA'],
};
const operator = {
  id: 'abcdefgh',
  hash: 'ab',
  label: '',
  networks: '["192.0.2.0/24"]',
  created_at: 1,
  expires_at: null,
  revoked_at: null,
  used_at: 5,
  used_from: '192.0.2.7',
};
const rowSamples: Readonly<Record<string, unknown>> = {
  customer: {
    id: 'shop',
    state: 'active',
    most_zones: 1,
    most_tokens: 2,
    most_records: 3,
    most_rrset_records: 4,
    most_rrset_octets: 5,
    most_writes_minute: 6,
    most_writes_day: 7,
    backend: '',
    created_at: 1,
  },
  token: {
    ...operator,
    customer: 'shop',
    rights: JSON.stringify(rights),
    previous_hash: 'cd',
    previous_until: 9,
    idle: null,
    maker: null,
    makes_tokens: 1,
  },
  operator,
  zone: { name: 'example.org.', customer: 'shop', backend: '', left_at: null, pending: 0, records: 3 },
  change: {
    customer: 'shop',
    token: 'abcdefgh',
    key: 'key-0001',
    client: '192.0.2.7',
    fingerprint: 'ab',
    body: JSON.stringify({ zone: 'example.org.', remove: [record], add: [], before: [record] }),
    outcome: JSON.stringify({ kind: 'done', removed: [record], added: [] }),
    accepted_at: 1,
  },
  audit: {
    number: 1,
    gateway: '',
    at: 1,
    body: JSON.stringify({ what: 'x', customer: 'shop', token: '', zone: '', detail: { a: 1 } }),
    client: '192.0.2.7',
    salt: 'ab',
    client_hash: 'cd',
    hash: 'ef',
  },
};

const readers: Readonly<Record<string, (row: unknown) => unknown>> = {
  customer: rows.readCustomer,
  token: rows.readStoredToken,
  operator: rows.readOperatorToken,
  zone: rows.readZoneOwner,
  change: rows.readStoredChange,
  audit: rows.readAuditEntry,
};

/** A row of the gateway's database that somebody has changed. */
const row = defineTarget({
  name: 'gateway-row',
  shape: 'json',
  samples: Object.entries(rowSamples).map(([table, value]) => JSON.stringify({ table, row: value })),
  words: ['example.org.', '[]', '{}', 'null', '1e999', '\0', '{"kind":"interrupted"}', '"__proto__"'],
  decode: (input) => {
    const { table, row: value } = fieldsIn(input) ?? {};
    const named = textIn(table);
    return Object.hasOwn(readers, named) ? readers[named]?.(value) : null;
  },
  refusals: [StorageError],
});

export const gatewayFileTargets: readonly Target[] = [settings, names, heads, row];
