/**
 * Tests of records of every type: they are added, changed and deleted. If one side does not have the type,
 * they are refused.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stage } from '../../../src/testing/stage/stage.ts';
import type { Sandbox } from '../../../sandbox/index.ts';
import { address, contents, holds, type Wanted, type Words } from '../../../src/testing/stage/panel-words.ts';
import { mirrored, onBoth, onNeither, refused, settled, succeeded, zone } from './scene.ts';

/** For each type, a record, and another one that replaces it. */
export const pairs: readonly (readonly [Wanted, Wanted])[] = [
  [address('a', '192.0.2.1'), address('a', '192.0.2.2')],
  [
    { name: 'aaaa', type: 'AAAA', value: '2001:DB8:0:0:0:0:0:1' },
    { name: 'aaaa', type: 'AAAA', value: '2001:db8::2' },
  ],
  [
    { name: 'cname', type: 'CNAME', value: 'elsewhere.example.net.' },
    { name: 'cname', type: 'CNAME', value: 'www' },
  ],
  [
    { name: 'mx', type: 'MX', value: 'mail', numbers: [10] },
    { name: 'mx', type: 'MX', value: 'mail', numbers: [20] },
  ],
  [
    { name: '_dmarc', type: 'TXT', value: 'v=DMARC1; p=none, "x" \\ y' },
    { name: '_dmarc', type: 'TXT', value: `k=${'abc, '.repeat(120)}end` },
  ],
  [
    { name: '_sip._tcp', type: 'SRV', value: 'sip.example.net.', numbers: [10, 5, 5060] },
    { name: '_sip._tcp', type: 'SRV', value: 'sip.example.net.', numbers: [10, 6, 5061] },
  ],
  [
    { name: 'below', type: 'NS', value: 'ns1.example.net.' },
    { name: 'below', type: 'NS', value: 'ns2.example.net.' },
  ],
  [
    { name: '7', type: 'PTR', value: 'host.example.net.' },
    { name: '7', type: 'PTR', value: 'other.example.net.' },
  ],
  [
    { name: 'caa', type: 'CAA', value: '0 issue ca.example.net' },
    { name: 'caa', type: 'CAA', value: '128 issuewild ca.example.net' },
  ],
  [
    { name: 'below', type: 'DS', value: `4711 13 2 ${'0123456789abcdef'.repeat(4)}` },
    { name: 'below', type: 'DS', value: `4712 13 2 ${'fedcba9876543210'.repeat(4)}` },
  ],
  [
    { name: '_443._tcp', type: 'TLSA', value: `3 1 1 ${'0123456789abcdef'.repeat(4)}` },
    { name: '_443._tcp', type: 'TLSA', value: `2 0 1 ${'fedcba9876543210'.repeat(4)}` },
  ],
];

export function recordSteps(stage: () => Stage): void {
  test('each type both sides hold: added, changed, deleted', async () => {
    const { atPanel, atCentral } = stage();
    const common = pairs.filter(
      ([{ type }]) => atPanel.words.types.has(type) && atCentral.words.types.has(type),
    );
    for (const [first, second] of common) {
      await mirrored(stage(), first);
      succeeded(await atPanel.change(zone, first, second));
      onBoth(stage(), second);
      onNeither(stage(), first);
      succeeded(await atPanel.remove(zone, second));
      onNeither(stage(), second);
    }
  });

  test('a type the central has not: refused with the reason', async () => {
    const { atPanel, atCentral } = stage();
    const foreign = pairs.filter(
      ([{ type }]) => atPanel.words.types.has(type) && !atCentral.words.types.has(type),
    );
    for (const [record] of foreign)
      await refused(stage(), () => atPanel.save(zone, record), new RegExp(record.type));
  });

  test('a TTL of its own, and a change of nothing else', async () => {
    const { atPanel, atCentral, panel, central } = stage();
    const record = address('ttl', '192.0.2.3');
    const at = (words: Words, seconds: number): Wanted =>
      words.hasTtl && atPanel.words.hasTtl ? { ...record, ttl: seconds } : record;
    const changed = async (seconds: number): Promise<void> => {
      succeeded(await atPanel.change(zone, record, at(atPanel.words, seconds)));
      assert.ok(holds(panel, zone, at(atPanel.words, seconds)));
      assert.ok(holds(central, zone, at(atCentral.words, seconds)), JSON.stringify(central.records(zone)));
    };
    await mirrored(stage(), record);
    await settled(stage());
    await changed(600);
    // The second change is saved while the first one is not yet confirmed.
    await changed(900);
    await settled(stage());
    assert.ok(holds(central, zone, at(atCentral.words, 900)));
  });

  test('issue 12.1: a CAA typed with quotation marks is the same as without them, and leaves nothing behind', async () => {
    const { atPanel, atCentral, customer, panel, central } = stage();
    const hasBoth = [atPanel, atCentral].every(({ words }) => words.types.has('CAA'));
    if (!hasBoth) return;
    /** The records with the name `caa` on one side. Quotation marks are only syntax and are removed. */
    const held = (side: Sandbox): string[] =>
      (side.records(zone) ?? [])
        .filter(({ name }) => name === `caa.${zone}.`)
        .map(({ type, ttl, addr }) => `${ttl} ${type} ${addr.replaceAll('"', '')}`);
    const save = async (elid: string, value: string, ttl: string): Promise<void> => {
      const fields = { name: 'caa', rtype: 'caa', caa_flags: '0', caa_tag: 'issue', caa_value_domain: value };
      succeeded(await customer(atPanel.words.save, { plid: zone, elid, ...fields, ttl, sok: 'ok' }));
    };
    const key = (): string => panel.keys(zone)?.find((one) => one.startsWith('caa.')) ?? '';
    const values = [
      '"ca.example"',
      'ca.example',
      '"ca.example; policy=ev"',
      'ca.example; policy=ev',
      ';',
      '";"',
    ];
    for (const value of values) {
      const meant = `CAA 0 issue ${value.replaceAll('"', '')}`;
      await save('', value, '300');
      assert.deepEqual([held(panel), held(central)], [[`300 ${meant}`], [`300 ${meant}`]], value);
      await settled(stage());
      await save(key(), value, '600');
      await settled(stage());
      assert.deepEqual([held(panel), held(central)], [[`600 ${meant}`], [`600 ${meant}`]], value);
      // The same form is saved again without a change.
      await save(key(), value, '600');
      await settled(stage());
      assert.deepEqual([held(panel), held(central)], [[`600 ${meant}`], [`600 ${meant}`]], value);
      succeeded(await customer(atPanel.words.remove, { plid: zone, elid: key() }));
      await settled(stage());
      assert.deepEqual([held(panel), held(central)], [[], []], value);
    }
    const newest = JSON.parse(await stage().domainsync('--json', 'history', '--latest', '18')) as unknown;
    assert.doesNotMatch(JSON.stringify(newest), /"(?:refused|reverting|reverted|stuck)"/u);
  });

  test('several deleted with one click, on both sides as a whole', async () => {
    const group = [
      address('g1', '192.0.2.4'),
      address('g2', '192.0.2.5'),
      { name: 'g3', type: 'MX', value: 'mail', numbers: [10] },
      { name: 'g4', type: 'TXT', value: 'one text; with "quotes"' },
    ];
    for (const record of group) await mirrored(stage(), record);
    succeeded(await stage().atPanel.remove(zone, ...group));
    for (const record of group) onNeither(stage(), record);
  });

  test('a form with some of its fields', async () => {
    const { atPanel, customer } = stage();
    const record = address('some', '192.0.2.6');
    await mirrored(stage(), record);
    if (!atPanel.words.hasTtl) {
      // ISPmanager 4 needs all fields in a form. This form lacks the address.
      const short = { plid: zone, elid: '', name: 'some', sdtype: 'A', sok: 'ok' };
      await refused(stage(), () => customer(atPanel.words.save, short), /IPv4|addr/);
      return;
    }
    const elid = `some.${zone}. A  192.0.2.6`;
    succeeded(await customer(atPanel.words.save, { plid: zone, elid, ip: '192.0.2.7', sok: 'ok' }));
    onBoth(stage(), address('some', '192.0.2.7'));
    onNeither(stage(), record);
  });

  test('names beyond ASCII: a record, a zone', async () => {
    const { atPanel, panel, central } = stage();
    succeeded(await atPanel.save(zone, address('bücher', '192.0.2.8')));
    onBoth(stage(), address('xn--bcher-kva', '192.0.2.8'));
    succeeded(await atPanel.makeZone('käse.example'));
    const name = 'xn--kse-qla.example';
    assert.ok(panel.zones().includes(name) && central.zones().includes(name));
    assert.notEqual(contents(central, name), null);
  });
}
