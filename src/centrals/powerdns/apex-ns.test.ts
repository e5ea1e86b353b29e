/**
 * Tests that every zone that domainsync creates at PowerDNS has NS records at its apex, whatever function
 * created it in the panel.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../app/wiring/clock.ts';
import { baselineFact } from '../../core/engine/before/unknown-zone.ts';
import { Engine } from '../../core/engine/engine.ts';
import { defaultEngineSettings } from '../../core/engine/settings.ts';
import type { Actor, EditEvent } from '../../core/panel.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { powerdnsCentral, rrsets } from '../../testing/accounts/powerdns.ts';
import { startPowerdns, type Powerdns } from '../../testing/servers/powerdns.ts';
import { until } from '../../testing/servers/process.ts';
import { Random } from '../../testing/simulator/random.ts';
import { PanelStore, SimPanel } from '../../testing/simulator/sim-panel.ts';

const panelsOwn = ['ns1.panel.example.', 'ns2.panel.example.'];
const actor: Actor = { name: 'alice', rank: 'administrator' };
const seed = { addresses: [], nameServers: [], mailServers: [] };

describe('issue 11.9: name servers of zones made at PowerDNS', () => {
  let server: Powerdns;
  before(async () => {
    server = await startPowerdns();
  });
  after(async () => {
    await server.dispose();
  });

  /** Sets up a panel without zones, and an engine that has finished its first comparison. */
  async function given(t: TestContext, overrides: Readonly<Record<string, unknown>> = {}) {
    const panel = new PanelStore();
    const central = powerdnsCentral(server, overrides);
    const journal = new MemoryJournal();
    const engine = new Engine({
      panel: new SimPanel(panel, systemClock, new Random(1), { dead: false }),
      central,
      journal,
      clock: systemClock,
      log: () => undefined,
      random: Math.random,
      settings: { ...defaultEngineSettings, contentGap: 50, confirmDelay: 50, readGap: 50 },
    });
    await engine.start();
    t.after(async () => {
      await engine.stop();
      await central.close();
    });
    await until(async () => (await journal.fact(baselineFact)) !== null);
    return { panel, engine, journal };
  }

  /** Adds the records that a panel puts into a new zone. */
  function fill(panel: PanelStore, zone: DnsName): void {
    const records = [
      ...panelsOwn.map((rdata) => makeRecord({ name: '@', type: 'NS', rdata }, zone)),
      makeRecord({ name: '@', type: 'A', rdata: '192.0.2.1' }, zone),
    ];
    panel.zones.set(zone, new Map(records.map((one): [string, ResourceRecord] => [recordId(one), one])));
  }

  /** The apex NS records at the server, once the zone is synced. */
  async function served(journal: MemoryJournal, zone: DnsName): Promise<string[]> {
    await until(async () => (await journal.zone(zone))?.state === 'synced');
    const ns = (await rrsets(server, zone))?.find(({ name, type }) => name === zone && type === 'NS');
    return ns?.records.map(({ content }) => content).toSorted() ?? [];
  }

  function create(zone: DnsName, stage: 'before' | 'after', nameServers: readonly string[] = []): EditEvent {
    const named = { ...seed, nameServers };
    return { stage, zone, fingerprint: zone, actor, echo: null, kind: 'zone-create', seed: named };
  }

  it('has those of the panel where the form named none', async (t) => {
    const { panel, engine, journal } = await given(t);
    const zone = parseName('form.example.');
    for (const stage of ['before', 'after'] as const) {
      const event = { kind: 'edits' as const, edits: [create(zone, stage)] };
      const verdict = await engine.answer(event, AbortSignal.timeout(30_000));
      assert.equal(verdict.kind, 'accept', JSON.stringify(verdict));
      if (stage === 'before') fill(panel, zone);
    }
    assert.deepEqual(await served(journal, zone), panelsOwn);
  });

  it('has those of the panel where the zone came with a site', async (t) => {
    const { panel, engine, journal } = await given(t);
    const zone = parseName('site.example.');
    fill(panel, zone);
    await engine.answer(
      { kind: 'hint', zones: [zone], source: 'webdomain.edit', fingerprint: 'hint', actor },
      AbortSignal.timeout(30_000),
    );
    assert.deepEqual(await served(journal, zone), panelsOwn);
  });

  it('has those of the settings, and none of the panel beside them', async (t) => {
    const { panel, engine, journal } = await given(t, { nameServers: ['ns1.provider.example'] });
    const zone = parseName('set.example.');
    fill(panel, zone);
    await engine.answer(
      { kind: 'hint', zones: [zone], source: 'webdomain.edit', fingerprint: 'hint', actor },
      AbortSignal.timeout(30_000),
    );
    assert.deepEqual(await served(journal, zone), ['ns1.provider.example.']);
  });
});
