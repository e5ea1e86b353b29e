/**
 * Issue 11.7: tests that clients which query PowerDNS all the time get the new record after an edit, although
 * PowerDNS caches answers.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreed } from '../../src/testing/stage/central-side.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import { makeServerStage } from '../../src/testing/stage/server-stage.ts';
import { until } from '../../src/testing/stage/stage.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import { parseName } from '../../src/dns/name.ts';
import { Askers } from '../../src/testing/askers.ts';
import { startPowerdns } from '../../src/testing/servers/powerdns.ts';

const zone = 'example.org';
const edits = 25;
/**
 * Milliseconds after an edit from which on no old answer may come. The packet cache keeps old answers for 20
 * s, but the product's second flush removes them earlier.
 */
const longest = 10_000;
/**
 * Maximum number of writes that the bare client makes without flushes. It stops earlier once three of these
 * writes were followed by old answers. On an idle machine this happens after about one write in five. On a
 * busy machine it is rarer, because our clients seldom ask at the right moment.
 */
const mostBare = 16_000;

const at = (last: number): string => `192.0.2.${last}`;

for (const panel of ['v4', 'v6'] as const) {
  test(
    `issue 11.7: nobody is answered old data after OK in the panel, ${panel}`,
    { skip: missingFor('powerdns') },
    async (t) => {
      const stage = await makeServerStage({ panel, central: 'powerdns' });
      t.after(() => stage.stop());
      await stage.install();
      stage.configure();
      await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
      await until('its content at the central', () => agreed(stage, zone));
      assert.ok((await stage.atPanel.save(zone, address('asked', at(1)))).ok);
      const askers = await Askers.ask(stage.server.port, parseName(`asked.${zone}.`), 12);
      t.after(() => askers.close());
      let [late, worst] = [0, 0];
      for (let last = 2; last < edits + 2; last += 1) {
        const answer = await stage.atPanel.change(
          zone,
          address('asked', at(last - 1)),
          address('asked', at(last)),
        );
        assert.ok(answer.ok, answer.body);
        const began = performance.now();
        for (let round = 0; ; round += 1) {
          askers.listen();
          await askers.rounds(20);
          if (askers.others(at(last)).length === 0) break;
          if (round === 0) late += 1;
          worst = Math.max(worst, performance.now() - began);
          assert.ok(worst < longest, `old answers ${worst} ms after OK`);
        }
      }
      t.diagnostic(
        `${late} of ${edits} edits were not seen by all clients at once, the last after ${Math.round(worst)} ms`,
      );
    },
  );
}

test(
  'issue 11.7: without a flush the same clients are answered old data',
  { skip: missingFor('powerdns') },
  async (t) => {
    const server = await startPowerdns({ zones: [{ zone: parseName(`${zone}.`) }] });
    t.after(() => server.dispose());
    const name = `asked.${zone}.`;
    const askers = await Askers.ask(server.port, parseName(name), 12);
    t.after(() => askers.close());
    let stale = 0;
    for (let write = 1; write <= mostBare && stale < 3; write += 1) {
      const records = [{ content: at(write % 250), disabled: false }];
      const set = { name, type: 'A', ttl: 60, changetype: 'REPLACE', records };
      assert.equal((await server.call('PATCH', `/zones/${zone}.`, { rrsets: [set] })).status, 204);
      askers.listen();
      // Two queries of each client are enough. The server caches an answer for each client, and a client gets
      // an old one at once or never.
      await askers.rounds(2);
      if (askers.others(at(write % 250)).length > 0) stale += 1;
    }
    assert.ok(
      stale >= 3,
      'inconclusive: this machine does not show the fault, so the tests above prove nothing',
    );
  },
);
