/** Issue 12.9: tests the doctor with a PowerDNS that takes long to return whole zones. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { agreed } from '../../src/testing/stage/central-side.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../src/testing/stage/server-stage.ts';
import { until } from '../../src/testing/stage/stage.ts';
import { startProxy } from '../../src/testing/proxies/http.ts';
import { settled, zone } from './combinations/scene.ts';

test(
  'issue 12.9: a slow PowerDNS is no problem to the doctor, which tells how far it came',
  { skip: missingFor('powerdns') },
  async (t) => {
    const stage = await makeServerStage({ central: 'powerdns' });
    const proxy = await startProxy(`http://127.0.0.1:${stage.relay.port}`);
    const end = new AbortController();
    t.after(async () => {
      end.abort();
      await proxy.close();
      await stage.stop();
    });
    await stage.install();
    stage.configure({ host: proxy.url }, { deadline: '8' });
    await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
    await until('its content at the central', () => agreed(stage, zone));
    await settled(stage);
    proxy.behaviour = async ({ method, path }) => {
      // Only whole zones are slow. Reads of single names and of the list of zones are not.
      if (method === 'GET' && /\/zones\/[^?]+$/u.test(path)) await once(end.signal, 'abort');
      return undefined;
    };
    const doctor = await stage.domainsync('doctor');
    assert.match(doctor, /ok +central +PowerDNS at http:.*: 1 zone, answered/u);
    assert.match(doctor, /note +central +At the central DNS 0 of 1 domains were checked/u);
    assert.match(doctor, /^0 problems, 0 warnings/mu);
  },
);
