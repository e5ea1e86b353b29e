/** Runs the commands of docs/gateway.md about changes past the gateway, at a gateway that runs. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../../src/dns/name.ts';
import { openStorage } from '../../src/gateway/serve.ts';
import { loadStorageSettings } from '../../src/gateway/settings.ts';
import type { Storage } from '../../src/gateway/storage/storage.ts';
import { exampleIn } from '../../src/testing/docs-examples.ts';
import {
  GatewayProcess,
  gatewayAccountName,
  powerdnsBackend,
  writeGatewaySettings,
} from '../../src/testing/servers/gateway-process.ts';
import { startPowerdns, type Powerdns } from '../../src/testing/servers/powerdns.ts';
import { until } from '../../src/testing/servers/process.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';

const zone = zoneName('example.org');
const commands = exampleIn('gateway.md', 'gateway drift check')
  .trim()
  .split('\n')
  .map((line) => line.split(' ').slice(2));

describe('issue 20, what is changed at the name server itself', { skip: missingFor('gateway') }, () => {
  let server: Powerdns;
  let gateway: GatewayProcess;
  let storage: Storage;
  before(async () => {
    server = await startPowerdns({ account: gatewayAccountName });
    await server.addZones([{ zone, records: 'www 300 IN A 192.0.2.1' }]);
    gateway = new GatewayProcess(writeGatewaySettings(server.folder, powerdnsBackend(server)));
    await gateway.start();
    storage = await openStorage(loadStorageSettings(gateway.config));
    await gateway.operator('customer', 'add', 'shop-17');
    await gateway.operator('zone', 'assign', 'example.org', 'shop-17');
  });
  after(async () => {
    await storage.close();
    await gateway.stop();
    await server.dispose();
  });

  test('the commands of the page', async () => {
    const [list, show, check, accept] = commands;
    assert.ok(list && show && check && accept && commands.length === 4);
    assert.match(await gateway.operator(...list), /^Nobody else has changed a zone/u);
    await assert.rejects(gateway.operator(...show), /Nobody else has changed the zone example\.org/u);
    assert.match(await gateway.operator(...check), /^The gateway compares example\.org/u);
    await until(async () => ((await storage.drift.knowledge(zone))?.snapshot ?? null) !== null);
    const records = [{ content: '192.0.2.9', disabled: false }];
    const rrset = { name: `www.${zone}`, type: 'A', ttl: 300, changetype: 'REPLACE', records };
    await server.call('PATCH', `/zones/${zone}`, { rrsets: [rrset] });
    await gateway.operator(...check);
    await until(async () => (await storage.drift.of(zone)) !== null);
    assert.match(await gateway.operator(...list), /^example\.org +shop-17 .* 1 RRset$/mu);
    assert.match(
      await gateway.operator(...show),
      /^www\.example\.org +A +300 192\.0\.2\.1 +300 192\.0\.2\.9$/mu,
    );
    const { customer, rrsets } = (await gateway.operatorJson(...show)) as {
      customer: string;
      rrsets: unknown[];
    };
    assert.deepEqual([customer, rrsets.length], ['shop-17', 1]);
    assert.ok(gateway.lines.some(({ event, zone: of }) => event === 'zone.drift' && of === zone));
    assert.match(
      await gateway.operator('doctor'),
      /warning +drift +1 zone changed at the name server itself/u,
    );
    assert.match(await gateway.operator(...accept), /^Accepted/u);
    assert.match(await gateway.operator(...list), /^Nobody else has changed a zone/u);
    const audit = (await gateway.operatorJson('audit')) as { what: string; customer: string }[];
    const entries = audit.filter(({ what }) => what.startsWith('zone.drift'));
    assert.deepEqual(
      entries.map(({ what, customer: of }) => [what, of]),
      [
        ['zone.drift', 'shop-17'],
        ['zone.drift-accepted', 'shop-17'],
      ],
    );
  });
});
