import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readNetwork } from '../../net/inside.ts';
import { senderAddress, type TrustedProxies } from './sender.ts';

const networks = ['10.0.0.1', '10.0.0.2', '2001:db8:f::/48']
  .map(readNetwork)
  .filter((network) => network !== null);

/** The sender of a request that comes from a proxy, with these lines of its header. */
function sender(
  header: TrustedProxies['header'],
  lines: readonly string[],
  remoteAddress = '10.0.0.1',
  trusted = networks,
): string {
  const headersDistinct = {
    // The other header comes from the client, and the proxy passes it on.
    'x-forwarded-for': ['203.0.113.66'],
    forwarded: ['for=203.0.113.66'],
    [header]: [...lines],
  };
  return senderAddress({ remoteAddress, headersDistinct }, { networks: trusted, header });
}

const refused = { status: 400, code: 'gateway.bad-request' };

test('without trusted proxies, and from anywhere else, no header is believed', () => {
  for (const header of ['x-forwarded-for', 'forwarded'] as const)
    for (const line of ['192.0.2.1', 'for=192.0.2.1', '', 'x, y', 'for="'])
      for (const trusted of [[], networks])
        assert.equal(sender(header, [line], '198.51.100.9', trusted), '198.51.100.9');
});

test('X-Forwarded-For: the last address that is not a trusted proxy’s', () => {
  for (const [lines, address] of [
    [['192.0.2.1'], '192.0.2.1'],
    [['192.0.2.1, 10.0.0.2'], '192.0.2.1'],
    [['203.0.113.5, 192.0.2.1'], '192.0.2.1'],
    [['203.0.113.5', '192.0.2.1'], '192.0.2.1'],
    [['10.0.0.2,192.0.2.1 ,\t10.0.0.2'], '192.0.2.1'],
    [['unknown, ::1, <script>, 192.0.2.1'], '192.0.2.1'],
    [['192.0.2.1:40000'], '192.0.2.1'],
    [['2001:DB8::1'], '2001:db8::1'],
    [['[2001:db8:0:0::1]:443'], '2001:db8::1'],
    [['::ffff:192.0.2.1'], '192.0.2.1'],
    [['::ffff:c000:201'], '192.0.2.1'],
    [['192.0.2.1, 2001:db8:f::7'], '192.0.2.1'],
    [['192.0.2.1', ''], '192.0.2.1'],
    [['10.0.0.2'], '10.0.0.2'],
    [[], '10.0.0.1'],
    [[''], '10.0.0.1'],
  ] as const)
    assert.equal(sender('x-forwarded-for', lines), address, lines.join(' | '));
  assert.equal(sender('x-forwarded-for', ['192.0.2.1'], '::ffff:10.0.0.1'), '192.0.2.1');
});

test('X-Forwarded-For: what a proxy has written and is no address is refused', () => {
  for (const line of [
    'unknown',
    '192.0.2.1, unknown',
    '192.0.2.1, 10.0.0.2.',
    '192.0.2.256',
    '010.0.0.1',
    '0x7f.1',
    '3221225985',
    '192.0.2.0/24',
    '192.0.2.1 192.0.2.2',
    'fe80::1%eth0',
    '[2001:db8::1',
    '[192.0.2.1]',
    '[::1]x',
    '192.0.2.1:',
    '"192.0.2.1"',
    'localhost',
    '٣.0.0.1',
    Array.from({ length: 21 }, () => '10.0.0.2').join(','),
  ])
    assert.throws(() => sender('x-forwarded-for', [line]), refused, line);
});

test('Forwarded: the last address that is not a trusted proxy’s', () => {
  for (const [line, address] of [
    ['for=192.0.2.1', '192.0.2.1'],
    ['For="192.0.2.1:4711";proto=https', '192.0.2.1'],
    ['for="[2001:db8::1]:443"', '2001:db8::1'],
    ['proto=http;by=203.0.113.43;for=192.0.2.1', '192.0.2.1'],
    ['for=203.0.113.5, for=192.0.2.1,for=10.0.0.2', '192.0.2.1'],
    ['for=unknown, for=192.0.2.1', '192.0.2.1'],
    ['for="a, for=203.0.113.5", for=192.0.2.1', '192.0.2.1'],
    [String.raw`for="\1\9\2.0.2.1"`, '192.0.2.1'],
    [', ,for=192.0.2.1;,', '192.0.2.1'],
    ['', '10.0.0.1'],
  ] as const)
    assert.equal(sender('forwarded', [line]), address, line);
  assert.equal(sender('forwarded', ['for=203.0.113.5', 'for=192.0.2.1']), '192.0.2.1');
});

test('Forwarded: quotation marks that a client leaves open hide nothing', () => {
  for (const line of [
    'for="203.0.113.5, for=192.0.2.1',
    'for="203.0.113.5, for="[2001:db8::1]:443"',
    'for="203.0.113.5, for="192.0.2.1:80";x="',
    String.raw`for=203.0.113.5;x="\, for="192.0.2.1"`,
    'for=192.0.2.1;for=203.0.113.5',
    'for=192.0.2.1 for=203.0.113.5',
    'for = 192.0.2.1',
    'for=[2001:db8::1]',
    'for=192.0.2.1:80',
    'for',
    'for=',
    '192.0.2.1',
    'for=unknown',
    'for=_hidden',
    'for=192.0.2.1, proto=https',
    '"',
  ])
    assert.throws(() => sender('forwarded', [line]), refused, line);
});

test('whatever a client sends before it, the address that the proxy has added counts', () => {
  const hostile = fc.string({ unit: fc.constantFrom(...'for=",;\\ \t:.[]19aA'.split('')) });
  const added = [
    ['x-forwarded-for', '192.0.2.1'],
    ['forwarded', 'for=192.0.2.1'],
    ['forwarded', 'for="192.0.2.1:4711";proto=https'],
  ] as const;
  fc.assert(
    fc.property(hostile, fc.constantFrom(...added), (sent, [header, own]) => {
      try {
        assert.equal(sender(header, [`${sent}, ${own}`]), '192.0.2.1');
      } catch (error) {
        // A client may spoil his own request, and no other.
        if (error instanceof assert.AssertionError) throw error;
        assert.equal((error as { status?: unknown }).status, 400);
      }
    }),
    { numRuns: 2_000 },
  );
});
