/** Zones and names in spellings that change when they are decoded, at each kind of name server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { isWithin, zoneName, type DnsName } from '../../dns/name.ts';
import { recordId } from '../../dns/record.ts';
import { askGateway, type Said } from '../../testing/accounts/ask-gateway.ts';
import { gatewayBackends, type BackendBench } from '../../testing/accounts/gateway-backends.ts';
import { missingPrograms } from '../../testing/servers/process.ts';
import { presetRights } from '../rights/presets.ts';

const [ours, others] = [zoneName('shop.example'), zoneName('other.example')];
let keys = 0;

/** A key that no other change of these tests has. */
function newKey(): string {
  keys += 1;
  return `hostile-${keys}`;
}

/** Owner names that are not in the zone, or are no names. Some look as if they were in it. */
const outside = [
  'www.other.example.',
  'other.example.',
  'example.',
  '.',
  'evilshop.example.',
  'shop.example.other.example.',
  String.raw`www\.shop.example.`,
  String.raw`www.shop\.example.`,
  String.raw`www.shop.example\000.`,
  String.raw`www.shop.example.\046`,
  'www.shop.example.%2eother.example.',
  'www.shop.example=2E',
  'www..shop.example.',
  `${'a'.repeat(64)}.shop.example.`,
  `${'a.'.repeat(130)}shop.example.`,
  'www.other.example。',
];

/** Spellings of a name in the zone. */
const inside = [
  ['WWW.Shop.EXAMPLE.', 'www.shop.example.'],
  [String.raw`\119\119\119.shop.example.`, 'www.shop.example.'],
  [String.raw`www.\115hop.example.`, 'www.shop.example.'],
  ['ｗｗｗ.shop.example.', 'www.shop.example.'],
  ['bücher.shop.example.', 'xn--bcher-kva.shop.example.'],
] as const;

/** Paths of a zone. None of them may reach the zone of another customer. */
const paths = [
  'other.example',
  'other.example.',
  'OTHER.example',
  'other%2Eexample',
  'other%252Eexample',
  'other=2Eexample',
  String.raw`\111ther.example`,
  'shop.example%2F..%2Fother.example',
  '..%2Fother.example',
  'shop.example%00.other.example',
  '%6Fther.example',
  encodeURIComponent('ｏther.example'),
];

for (const { title, programs, start } of gatewayBackends)
  describe(`hostile names at a gateway in front of ${title}`, { skip: missingPrograms(...programs) }, () => {
    let bench: BackendBench;
    let [shop, panel] = ['', ''];
    let atFirst: readonly string[] = [];
    before(async () => {
      bench = await start();
      await bench.makeZone(ours, 'shop');
      await bench.makeZone(others, 'other');
      shop = await bench.token('shop');
      panel = await bench.token('shop', presetRights('panel', [], []));
      atFirst = await held(others);
    });
    after(() => bench.stop());

    const held = async (zone: DnsName): Promise<string[]> =>
      (await bench.writer.records(zone))?.map(recordId).sort() ?? [];
    const ask = async (method: string, path: string, body?: unknown, by = shop): Promise<Said> =>
      await askGateway(bench.url(), by, method, path, body);
    const add = async (name: string, by = shop, type = 'A', data = '192.0.2.1'): Promise<Said> =>
      await ask(
        'POST',
        '/v1/zones/shop.example/changes',
        { key: newKey(), remove: [], add: [{ name, type, ttl: 60, data }] },
        by,
      );

    /** The law of these tests, judged at the name server. */
    async function demandHarmless(what: string): Promise<void> {
      assert.deepEqual(await held(others), atFirst, what);
      const records = (await bench.writer.records(ours)) ?? [];
      assert.ok(
        records.every(({ name }) => isWithin(name, ours)),
        what,
      );
    }

    test('a record outside the zone is refused, whatever its spelling', async () => {
      const unchanged = await held(ours);
      for (const name of outside) {
        const { status, body } = await add(name);
        assert.ok(status === 422 || status === 400 || status === 403, `${name}: ${status}`);
        assert.equal(body['state'], 'untouched', name);
      }
      assert.deepEqual(await held(ours), unchanged);
      await demandHarmless('outside');
    });

    test('every spelling of a name in the zone means the one name', async () => {
      for (const [written, name] of inside) {
        const { status, body } = await add(written);
        assert.deepEqual(
          [status, JSON.stringify(body).includes(`"${name}"`) || written],
          [200, true],
          written,
        );
        const removed = { name: written, type: 'A', ttl: null, data: '192.0.2.1' };
        const gone = await ask('POST', '/v1/zones/shop.example/changes', {
          key: newKey(),
          remove: [removed],
          add: [],
        });
        assert.deepEqual([gone.status, JSON.stringify(gone.body).includes(name)], [200, true], written);
      }
      await demandHarmless('inside');
    });

    test('a path reaches no zone of another customer', async () => {
      for (const path of paths) {
        const answers = [
          await ask('GET', `/v1/zones/${path}/records`),
          await ask('GET', `/v1/zones/${path}/signing`),
          await ask('DELETE', `/v1/zones/${path}`),
          await ask('POST', `/v1/zones/${path}/changes`, {
            key: newKey(),
            remove: [],
            add: [{ name: 'www.other.example.', type: 'A', ttl: 60, data: '192.0.2.1' }],
          }),
        ];
        for (const { status } of answers) assert.ok(status >= 400 && status < 500, `${path}: ${status}`);
      }
      await demandHarmless('paths');
    });

    test('names with changes at any place: nothing leaves the zone, and nothing fails', async () => {
      const noise = fc.constantFrom(
        '.',
        '\\',
        String.raw`\.`,
        String.raw`\046`,
        '%2E',
        '=2E',
        '\u3002',
        '@',
        '*',
        '\0',
        ' ',
        'É',
      );
      const name = fc
        .tuple(fc.constantFrom('www.shop.example.', 'www.other.example.', 'shop.example.'), noise, fc.nat(17))
        .map(([text, odd, at]) => text.slice(0, at) + odd + text.slice(at));
      await fc.assert(
        fc.asyncProperty(name, async (written) => {
          const { status } = await add(written);
          assert.ok(
            status === 200 || (status >= 400 && status < 500),
            `${JSON.stringify(written)}: ${status}`,
          );
          await demandHarmless(written);
        }),
        { numRuns: 40 },
      );
    });

    test('types of PowerDNS: not for the token of a panel, and not at other name servers at all', async () => {
      const unchanged = await held(ours);
      for (const [type, data] of [
        ['ALIAS', String.raw`\# 5 0161016200`],
        ['LUA', String.raw`\# 4 00010161`],
        ['TYPE65401', String.raw`\# 5 0161016200`],
        ['TYPE65402', String.raw`\# 4 00010161`],
      ] as const) {
        const [byPanel, byAll] = [
          await add('odd.shop.example.', panel, type, data),
          await add('odd.shop.example.', shop, type, data),
        ];
        assert.equal(byPanel.status, 403, type);
        assert.ok(byAll.status === 403 || byAll.status === 422, `${type}: ${byAll.status}`);
      }
      assert.deepEqual(await held(ours), unchanged);
    });
  });
