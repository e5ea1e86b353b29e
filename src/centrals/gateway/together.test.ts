/** Clients of one gateway that edit the same RRset at once, at each kind of name server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import type { Central } from '../../core/central.ts';
import { parseName, zoneName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { gatewayBackends, type BackendBench } from '../../testing/accounts/gateway-backends.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { missingPrograms } from '../../testing/servers/process.ts';

const zone = zoneName('shop.example');
const shared = parseName('shared', zone);

function address(rdata: string): ResourceRecord {
  return makeRecord({ name: 'shared', type: 'A', rdata, ttl: 300 }, zone);
}

/** A record that nobody edits. */
const foreign = address('203.0.113.1');

/** An edit of one client: the values that it removes and adds, as numbers. */
interface Step {
  readonly remove: readonly number[];
  readonly add: readonly number[];
}

const steps = fc.array(
  fc
    .record({
      remove: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
      add: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
    })
    .map(({ remove, add }) => ({ remove: remove.filter((one) => !add.includes(one)), add })),
  { minLength: 1, maxLength: 5 },
);

for (const { title, programs, start } of gatewayBackends)
  describe(`clients of a gateway in front of ${title}`, { skip: missingPrograms(...programs) }, () => {
    let bench: BackendBench;
    let clients: Central[];
    before(async () => {
      bench = await start();
      clients = [];
      for (let at = 0; at < 3; at += 1) clients.push(bench.central('shop', await bench.token('shop')));
      await bench.makeZone(zone, 'shop');
      await bench.writer.add(zone, foreign);
    });
    after(async () => {
      for (const client of clients) await client.close();
      await bench.stop();
    });

    /** Records of the shared RRset at the name server. */
    async function there(): Promise<Set<string>> {
      const records = (await bench.writer.records(zone)) ?? [];
      return new Set(records.filter(({ name }) => name === shared).map(recordId));
    }

    /**
     * Plays the edits of one client, one after the other. Nobody else edits its values, so each answer is
     * known beforehand.
     * @returns the values that the client then has in the RRset
     */
    async function play(
      client: Central,
      at: number,
      had: ReadonlySet<number>,
      edits: readonly Step[],
    ): Promise<Set<number>> {
      const has = new Set(had);
      const own = (value: number): ResourceRecord => address(`192.0.${at + 2}.${value}`);
      for (const { remove, add } of edits) {
        const change = { zone, remove: remove.map(own), add: add.map(own) };
        const gone = remove.filter((value) => has.delete(value));
        const come = add.filter((value) => !has.has(value));
        for (const value of come) has.add(value);
        // No read before the edit: a client must be safe even if what it has read is out of date.
        const altered = await client.apply(change, [], quietContext());
        assert.deepEqual(
          [altered.removed, altered.added].map((records) => records.map(recordId).sort()),
          [gone, come].map((values) => values.map((value) => recordId(own(value))).sort()),
        );
      }
      return has;
    }

    test('each edit reaches its goal; none undoes that of another client, or touches a foreign record', async () => {
      let held: ReadonlySet<number>[] = [new Set(), new Set(), new Set()];
      await fc.assert(
        fc.asyncProperty(fc.tuple(steps, steps, steps), async (edits) => {
          held = await Promise.all(
            edits.map(async (own, at) => {
              const client = clients[at];
              assert.ok(client !== undefined);
              return await play(client, at, held[at] ?? new Set(), own);
            }),
          );
          const wanted = held.flatMap((values, at) =>
            [...values].map((one) => address(`192.0.${at + 2}.${one}`)),
          );
          assert.deepEqual(await there(), new Set([foreign, ...wanted].map(recordId).sort()));
        }),
        // A run builds on the edits of earlier runs, so a failing case cannot be made smaller.
        { numRuns: 15, endOnFailure: true },
      );
    });
  });
