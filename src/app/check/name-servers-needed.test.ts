/**
 * Issue 11.9: tests that the option `nameservers` is required if a new zone at PowerDNS would have no NS
 * records.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings, type Settings } from '../../config/settings.ts';
import { parseName } from '../../dns/name.ts';
import { makeRecord, recordId } from '../../dns/record.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { Random } from '../../testing/simulator/random.ts';
import { PanelStore, SimPanel } from '../../testing/simulator/sim-panel.ts';
import { realClock } from '../../testing/real-clock.ts';
import { nameServersNeeded } from './name-servers-needed.ts';

const zone = parseName('example.org.');

function settings(...more: readonly string[]): Settings {
  const lines = ['[isp_master]', 'host = 127.0.0.1:1', 'username = alice', 'password = x', ...more, ''];
  const read = readSettings(lines.join('\n'), 'x.ini');
  assert.ok(read.kind === 'configured');
  return read.settings;
}

async function needed(wanted: Settings, types: readonly string[] | null): Promise<string | undefined> {
  const store = new PanelStore();
  const rdata: Readonly<Record<string, string>> = { NS: 'ns1.example.net.', A: '192.0.2.1' };
  const records = (types ?? []).map((type) =>
    makeRecord({ name: '@', type, rdata: rdata[type] ?? '' }, zone),
  );
  if (types !== null) store.zones.set(zone, new Map(records.map((one) => [recordId(one), one])));
  const panel = new SimPanel(store, realClock, new Random(1), { dead: false });
  return (await nameServersNeeded(wanted, panel, quietContext()))?.code;
}

test('issue 11.9: nameservers is demanded where the zones of the panel have no NS, at PowerDNS only', async () => {
  const powerdns = settings('kind = powerdns');
  assert.equal(await needed(powerdns, ['A']), 'settings.nameservers-needed');
  assert.equal(await needed(powerdns, ['A', 'NS']), undefined);
  assert.equal(await needed(powerdns, null), undefined);
  assert.equal(await needed(settings('kind = powerdns', 'nameservers = ns1.example.net'), ['A']), undefined);
  assert.equal(await needed(settings('kind = ispmanager6'), ['A']), undefined);
});
