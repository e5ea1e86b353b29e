/**
 * Issue 11.2: tests of requests for which the panel saves something else than its handler sees. For example,
 * the handler sees no save at all. A client queries the name server all the time. It must see the same
 * records as the panel has.
 */
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import {
  makeServerStage,
  type ServerStage,
  type ServerStageOptions,
} from '../../src/testing/stage/server-stage.ts';
import { customer, prepared, until } from '../../src/testing/stage/stage.ts';
import { holdsName } from '../../src/testing/stage/panel-words.ts';
import { settled, whileIts } from './combinations/scene.ts';
import { waysOf4, waysOf6, type Way, type Ways } from './veto-ways.ts';

const zone = 'example.org';

type Pair = Required<Pick<ServerStageOptions, 'panel' | 'central'>>;

function testWays(pair: Pair, { records, zones, unseen }: Ways): void {
  describe(`issue 11.2: ${pair.panel} to ${pair.central}`, { skip: missingFor(pair.central) }, () => {
    let stage: ServerStage;
    let watcher: Watcher;
    before(async () => {
      stage = await openStage(pair);
      watcher = new Watcher(stage);
    });
    after(async () => {
      await watcher.stop();
      await stage.stop();
    });

    for (const [at, way] of records.entries())
      test(`${way.title}: ${way.outcome}`, async () => {
        const name = `up${at}`;
        watcher.watch(name);
        await send(stage, way, name);
        const isMade = way.outcome === 'made';
        assert.equal(holdsName(stage.panel, zone, name), isMade);
        if (isMade) await until('the public to see it', () => watcher.seen.has(name));
      });

    for (const [at, way] of unseen.entries())
      test(`${way.title}: followed`, async () => {
        const name = `unseen${at}`;
        watcher.watch(name);
        await send(stage, way, name);
        assert.ok(holdsName(stage.panel, zone, name));
        await until('the public to see it', () => watcher.seen.has(name));
      });

    for (const [at, way] of zones.entries())
      test(`a zone, ${way.title}: refused, as the central does`, async () => {
        await send(stage, way, `zone${at}`);
        assert.deepEqual(stage.panel.zones(), [zone]);
      });

    test('with the central out of reach nothing is kept', async () => {
      await settled(stage);
      await stage.there.down();
      for (const [at, way] of records.entries()) {
        await send(stage, way, `down${at}`);
        assert.ok(!holdsName(stage.panel, zone, `down${at}`), way.title);
      }
      await stage.there.up();
    });

    test('what the public saw is what the panel keeps', async () => {
      await settled(stage);
      const kept = [...watcher.watched].filter((name) => holdsName(stage.panel, zone, name));
      assert.deepEqual([...watcher.seen].toSorted(), kept.toSorted());
    });
  });
}

async function openStage(pair: Pair): Promise<ServerStage> {
  return await prepared(await makeServerStage(pair), async (stage) => {
    await stage.install();
    stage.configure();
    await stage.there.makeZones([{ name: zone, records: [] }]);
    await until('the zone', async () => (await stage.atPanel.makeZone(zone)).ok);
    await until('its first records', async () => await stage.there.hasZone(zone));
    await settled(stage);
  });
}

/** Sends the request to the panel, and ignores the answer. */
async function send({ panel }: ServerStage, way: Way, name: string): Promise<void> {
  const parameters = way.parameters.replaceAll('NAME', name);
  const login = new URLSearchParams({ authinfo: `${customer.name}:${customer.password}`, out: 'xml' });
  const target = new URL(panel.address);
  target.search = `${login.toString()}${way.method === 'GET' ? `&${parameters}` : ''}`;
  const body = way.method === 'POST' ? parameters : '';
  const type = way.method === 'POST' ? { 'Content-Type': 'application/x-www-form-urlencoded' } : {};
  const { method } = way;
  await whileIts(panel, way.switches ?? {}, async () => {
    const headers = { ...type, ...way.headers?.(body) };
    const request = https.request(target, { method, headers, rejectUnauthorized: false, agent: false });
    request.end(body);
    const [answer] = (await once(request, 'response')) as [NodeJS.ReadableStream];
    answer.resume();
    await once(answer, 'end');
  });
}

/** Queries the name server for all watched names in turn, without a pause. */
class Watcher {
  readonly seen = new Set<string>();
  readonly watched = new Set<string>();
  readonly #resolver = new Resolver({ timeout: 1_000, tries: 1 });
  readonly #asking: Promise<void>;
  #stopped = false;

  constructor({ server }: ServerStage) {
    this.#resolver.setServers([`127.0.0.1:${server.port}`]);
    this.#asking = this.#ask();
  }

  watch(name: string): void {
    this.watched.add(name);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#asking;
  }

  async #ask(): Promise<void> {
    while (!this.#stopped) {
      // The server may be stopped, or may not have the zone yet.
      for (const name of ['nothing', ...this.watched])
        await this.#resolver.resolve4(`${name}.${zone}`).then(
          () => this.seen.add(name),
          () => undefined,
        );
    }
  }
}

testWays({ panel: 'v4', central: 'bind' }, waysOf4);
testWays({ panel: 'v6', central: 'knot' }, waysOf6);
