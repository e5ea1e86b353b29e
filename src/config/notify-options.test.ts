/**
 * Tests the section `[notify]`: which values it accepts, and that no value can become an option, a header or
 * a command.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { webhookKey, type NotifySettings } from './notify-options.ts';
import { Secret } from './secret.ts';
import { readSettings } from './settings.ts';

const secret = 'webhook_secret = 0123456789abcdef';

function read(...lines: readonly string[]): { settings: NotifySettings | null; codes: readonly string[] } {
  const text = [
    '[isp_master]',
    'host = dns.example.net',
    'username = x',
    'password = y',
    '[notify]',
    ...lines,
  ];
  const loaded = readSettings(`${text.join('\n')}\n`, 'x.ini');
  return {
    settings: loaded.kind === 'configured' ? loaded.settings.notify : null,
    codes: loaded.kind === 'broken' ? loaded.problems.map(({ code }) => code) : [],
  };
}

test('without the section nobody is told; the defaults are sound', () => {
  const { settings } = read();
  assert.partialDeepStrictEqual(settings, {
    webhook: null,
    webhookInside: [],
    mailTo: [],
    mailFrom: null,
    sendmail: '/usr/sbin/sendmail',
    language: 'en',
    checkEvery: 60_000,
    mostPerHour: 10,
    deadline: 10_000,
  });
});

test('a webhook is https, or http to this machine, without user name and fragment', () => {
  const accepted = [
    'https://hooks.example.net/services/T0/B0?token=x',
    'https://hooks.example.net:8443',
    'https://[2001:db8::1]/x',
    'http://127.0.0.1:8080/x',
    'http://[::1]/x',
  ];
  for (const url of accepted) assert.deepEqual(read(`webhook = ${url}`, secret).codes, [], url);
  const refused = [
    'hooks.example.net',
    'http://hooks.example.net/',
    'http://localhost/',
    'http://127.0.0.1.example.net/',
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'https://user@hooks.example.net/',
    'https://:pass@hooks.example.net/',
    'https://hooks.example.net/#x',
    'https://hooks.example.net/a b',
    'https://hooks.example.net/\u0007',
    `https://hooks.example.net/${'x'.repeat(2_048)}`,
    'javascript:alert(1)',
  ];
  for (const url of refused)
    assert.deepEqual(read(`webhook = ${url}`, secret).codes, ['settings.bad-webhook'], url);
});

test('a webhook needs a secret of sixteen octets; it is never shown', () => {
  const url = 'webhook = https://hooks.example.net/';
  assert.deepEqual(read(url).codes, ['settings.missing']);
  assert.deepEqual(read(url, 'webhook_secret = short').codes, ['settings.short-secret']);
  assert.deepEqual(read(url, `webhook_secret = whsec_${Buffer.alloc(15, 1).toString('base64')}`).codes, [
    'settings.short-secret',
  ]);
  const { settings } = read(url, secret);
  assert.doesNotMatch(JSON.stringify(settings), /0123456789abcdef/);
  assert.ok(settings !== null);
  assert.equal(webhookKey(settings.webhookSecret).toString(), '0123456789abcdef');
  assert.deepEqual(webhookKey(new Secret('whsec_AAEC')), Buffer.from([0, 1, 2]));
  // If there is no webhook, the settings need no secret.
  assert.deepEqual(read('mail_to = root').codes, []);
});

test('recipients are plain addresses: no option, pipe, file, header or quoting', () => {
  const { settings } = read('mail_to = dns@example.net, root ops+dns@sub.example.net,_x@a.example');
  assert.deepEqual(settings?.mailTo, ['dns@example.net', 'root', 'ops+dns@sub.example.net', '_x@a.example']);
  const refused = [
    '-oQ/tmp',
    '--help',
    '|/bin/sh',
    '/etc/passwd',
    ':include:/etc/passwd',
    'a@-example.net',
    'a@example.net-',
    'a@example..net',
    'a..b@example.net',
    'a.@example.net',
    '"a b"@example.net',
    '<a@example.net>',
    'a@b@c',
    'a@[127.0.0.1]',
    'ä@example.net',
    'a@example.net\u0000',
    'a@example.net\u001b',
    `a@${'x'.repeat(64)}.net`,
    `${'x'.repeat(65)}@example.net`,
  ];
  for (const to of refused) {
    assert.deepEqual(read(`mail_to = ${to}`).codes, ['settings.bad-mailboxes'], to);
    if (!to.includes(' ')) assert.deepEqual(read(`mail_from = ${to}`).codes, ['settings.bad-mailbox'], to);
  }
  const many = (count: number): string => Array.from({ length: count }, (_, at) => `u${at}@a.net`).join(',');
  assert.deepEqual(read(`mail_to = ${many(20)}`).codes, []);
  assert.deepEqual(read(`mail_to = ${many(21)}`).codes, ['settings.bad-mailboxes']);
});

test('the mail program is an absolute path without anything that somebody expands', () => {
  assert.equal(
    read('sendmail = /usr/lib/sendmail-8.15/bin_x').settings?.sendmail,
    '/usr/lib/sendmail-8.15/bin_x',
  );
  const refused = [
    'sendmail',
    './sendmail',
    '/a b',
    '/a;b',
    '/$HOME/x',
    '/%h/x',
    '/../bin/sh',
    '/a/..',
    '/',
    '//',
  ];
  for (const path of refused)
    assert.deepEqual(read(`sendmail = ${path}`).codes, ['settings.bad-program'], path);
});

test('inside networks are addresses or networks', () => {
  assert.deepEqual(read('webhook_inside = 10.0.0.0/8, ::1').settings?.webhookInside, [
    { address: '10.0.0.0', prefix: 8 },
    { address: '::1', prefix: 128 },
  ]);
  for (const network of ['example.net', '10.0.0.0/64', '*'])
    assert.deepEqual(read(`webhook_inside = ${network}`).codes, ['settings.bad-networks'], network);
});

test('a mistake in a section that all centrals share is told once', () => {
  const text = `[isp_master]
host = a.example.net
username = x
password = y
[central_2]
host = b.example.net
username = x
password = y
[notify]
webhook = https://hooks.example.net/
mail_to = -x
`;
  const loaded = readSettings(text, 'x.ini');
  assert.ok(loaded.kind === 'broken');
  assert.deepEqual(
    loaded.problems.map(({ code, params }) => [code, params['option'], params['line']]),
    [
      ['settings.bad-mailboxes', 'mail_to', '11'],
      ['settings.missing', 'webhook_secret', '0'],
    ],
  );
});
