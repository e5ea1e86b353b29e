import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { CallContext } from '../../core/central.ts';
import type { Panel } from '../../core/panel.ts';
import { parseXml } from '../parse-xml.ts';

export interface PanelSubject {
  readonly panel: Panel;
  /** Creates a zone with these records, as a user of the panel would. */
  readonly makeZone: (zone: DnsName, records: readonly ResourceRecord[]) => Promise<void>;
}

const zone = parseName('contract.example.');
const ctx: CallContext = { signal: new AbortController().signal, operation: '-' };

function record(name: string, type: string, rdata: string): ResourceRecord {
  return makeRecord({ name, type, rdata }, zone);
}

const content = [
  record('@', 'A', '192.0.2.1'),
  record('www', 'A', '192.0.2.1'),
  record('www', 'A', '192.0.2.2'),
  record('*', 'AAAA', '2001:db8::1'),
  record('@', 'MX', '10 mail'),
  record('_sip._tcp', 'SRV', '10 5 5060 sip'),
  record('t', 'TXT', '"v=1; a, b \\"c\\" \\\\ d"'),
  record('a.b.c', 'CNAME', 'elsewhere.example.net.'),
];

function ids(records: readonly ResourceRecord[] | null): string[] {
  return (records ?? [])
    .filter(({ type }) => type !== 'SOA' && type !== 'NS')
    .map(recordId)
    .sort();
}

/**
 * Tests that every panel must pass.
 * @param make makes a panel that does not have the zone `contract.example`
 */
export function panelContract(name: string, make: (t: TestContext) => Promise<PanelSubject>): void {
  test(`${name}: a zone it has not is missing, not empty`, async (t) => {
    const { panel } = await make(t);
    assert.equal(await panel.readZone(zone, ctx), null);
    assert.equal((await panel.listZones(ctx)).zones.includes(zone), false);
  });

  test(`${name}: a zone is listed and read whole, every record with a key of its own`, async (t) => {
    const { panel, makeZone } = await make(t);
    await makeZone(zone, content);
    assert.ok((await panel.listZones(ctx)).zones.includes(zone));
    const records = await panel.readZone(zone, ctx);
    assert.deepEqual(ids(records), ids(content));
    assert.equal(new Set(records?.map(({ key }) => key)).size, records?.length);
  });

  test(`${name}: a write removes and adds what it names, and no more`, async (t) => {
    const { panel, makeZone } = await make(t);
    await makeZone(zone, content);
    const present = (await panel.readZone(zone, ctx)) ?? [];
    const [first, second] = content;
    assert.ok(first !== undefined && second !== undefined);
    const added = [record('www', 'A', '192.0.2.9'), record('new', 'TXT', '"x, y"')];
    await panel.write({ zone, remove: [second], add: added }, present, 'echo', ctx);
    const expected = [...content.filter((one) => one !== second), ...added];
    assert.deepEqual(ids(await panel.readZone(zone, ctx)), ids(expected));
  });

  test(`${name}: the same write again alters nothing`, async (t) => {
    const { panel, makeZone } = await make(t);
    await makeZone(zone, content);
    const change = { zone, remove: content.slice(0, 2), add: [record('new', 'A', '192.0.2.9')] };
    await panel.write(change, (await panel.readZone(zone, ctx)) ?? [], 'echo', ctx);
    const once = ids(await panel.readZone(zone, ctx));
    await panel.write(change, (await panel.readZone(zone, ctx)) ?? [], 'echo', ctx);
    assert.deepEqual(ids(await panel.readZone(zone, ctx)), once);
  });

  test(`${name}: a call that is none of its business is ignored, verdicts are answers`, async (t) => {
    const { panel } = await make(t);
    const call = {
      environment: { HANDLER_STAGE: 'before', QUERY_STRING: 'func=nothing' },
      body: new Uint8Array(),
    };
    assert.deepEqual(panel.decode(call), { kind: 'ignore' });
    const accepted = panel.encode({ kind: 'accept' }, '').output;
    const refused = panel.encode({ kind: 'refuse', problems: [], changed: 'nothing' }, 'why').output;
    assert.notEqual(accepted, refused);
    for (const output of [accepted, refused]) if (output !== '') parseXml(output.trim());
  });
}
