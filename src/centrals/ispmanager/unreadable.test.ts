/** Tests a panel as central that has names which cannot be read. Its other names must still work. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ispmanagerKinds } from '../../net/ispmanager/kinds.ts';
import { CentralError, type CentralErrorCode } from '../../core/central.ts';
import { withBreaker } from '../../core/breaker.ts';
import { zoneName } from '../../dns/name.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { TestClock } from '../../testing/accounts/ispmanager.ts';
import { serve } from '../../testing/scripted-panel.ts';

const zone = zoneName('example.org');
const seed = { addresses: ['192.0.2.1'], nameServers: ['ns1.example.net.'], mailServers: [] };

function listOf(func: string, names: readonly string[]): string {
  return `<doc func="${func}">${names.map((name) => `<elem><name>${name}</name></elem>`).join('')}</doc>`;
}

function recordsOf(func: string, names: readonly string[]): string {
  const rows = names.map((name) => {
    const key = `${name} A  192.0.2.1`;
    return `<elem><key>${key}</key><rkey>${key}</rkey><name>${name}</name><type>A</type><rtype>A</rtype><addr>192.0.2.1</addr><value>192.0.2.1</value></elem>`;
  });
  return `<doc func="${func}">${rows.join('')}</doc>`;
}

async function codeOf(call: Promise<unknown>): Promise<CentralErrorCode | 'none'> {
  try {
    await call;
    return 'none';
  } catch (error) {
    assert.ok(error instanceof CentralError, String(error));
    return error.code;
  }
}

for (const kind of ispmanagerKinds) {
  test(`${kind}: a domain whose name is none is passed over`, async (t) => {
    const refusal = '<doc><error code="8" type="other">something else</error></doc>';
    const { central } = await serve(
      t,
      ({ func = '', elid = '' }) =>
        func === 'domain'
          ? listOf(func, ['a..b', 'example.org'])
          : elid === ''
            ? '<doc func="domain.edit"><name/><ip/></doc>'
            : refusal,
      { kind },
    );
    assert.deepEqual(await central.listZones([], quietContext()), [zone]);
    assert.equal(await central.mayCreateZone(zoneName('example.com'), seed, quietContext()), 'free');
    // The row that cannot be read may be this zone, so the refusal does not prove that the zone is missing.
    assert.equal(
      await codeOf(central.readZone(zoneName('example.net'), [], quietContext())),
      'central.refused',
    );
  });

  test(`${kind}: a record whose name no server could serve is passed over`, async (t) => {
    const names = ['www.example.org.', 'a..b.example.org.', `${'x'.repeat(64)}.example.org.`];
    const { central } = await serve(t, ({ func = '' }) => recordsOf(func, names), { kind });
    const records = await central.readZone(zone, [], quietContext());
    assert.deepEqual(
      records?.map(({ name }) => name),
      ['www.example.org.'],
    );
  });

  test(`${kind}: a zone with a record that can be read in two ways is that zone's trouble alone`, async (t) => {
    const names = new Map([
      ['example.org', ['maß.example.org.']],
      ['xn--strae-oqa.example', ['www.straße.example.']],
    ]);
    const { central: bare } = await serve(
      t,
      ({ func = '', elid = '' }) => recordsOf(func, names.get(elid) ?? []),
      { kind },
    );
    const central = withBreaker(bare, new TestClock());
    for (let at = 0; at < 4; at += 1)
      assert.equal(await codeOf(central.readNames(zone, [zone], quietContext())), 'central.zone-failing');
    const known = await central.readZone(zoneName('xn--strae-oqa.example'), [], quietContext());
    assert.deepEqual(
      known?.map(({ name }) => name),
      ['www.xn--strae-oqa.example.'],
    );
  });
}
