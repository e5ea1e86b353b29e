/**
 * Tests whose edits reach the name server before the panel has made them. A client queries the server all the
 * time. It must not see edits by users without a right to the zone (issue 11.1).
 */
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { after, before, describe, test } from 'node:test';
import { stands } from '../../../src/testing/stage/central-side.ts';
import { userAt, type PanelUser } from '../../../src/testing/stage/panel-user.ts';
import { missingFor } from '../../../src/testing/stage/server-registry.ts';
import {
  makeServerStage,
  type ServerStage,
  type ServerStageOptions,
} from '../../../src/testing/stage/server-stage.ts';
import {
  customer,
  neighbour,
  otherReseller,
  panelAdmin,
  prepared,
  reseller,
  until,
} from '../../../src/testing/stage/stage.ts';
import { address, holds, keyOf, saveClick, type Wanted } from '../../../src/testing/stage/panel-words.ts';
import type { Answer } from '../../../sandbox/index.ts';
import { settled, succeeded } from '../combinations/scene.ts';

type Pair = Required<Pick<ServerStageOptions, 'panel' | 'central'>>;

const zone = 'victim.example';
const www = address('www', '192.0.2.80');
const mail: Wanted = { name: '', type: 'MX', value: 'www.victim.example.', numbers: [10] };
const forged: Wanted = { name: '_acme-challenge', type: 'TXT', value: 'forged' };

/** Queries all records that the attacks try to change, again and again. */
class Watcher {
  readonly #resolver = new Resolver({ timeout: 20_000, tries: 2 });
  readonly #seen = new Set<string>();
  looks = 0;
  #running = true;
  readonly #loop: Promise<void>;

  constructor(port: number) {
    this.#resolver.setServers([`127.0.0.1:${port}`]);
    this.#loop = this.#watch();
  }

  async #watch(): Promise<void> {
    while (this.#running) {
      this.#seen.add(await this.look());
      this.looks += 1;
    }
  }

  /** Sends the queries once. @returns all answers as one text */
  async look(): Promise<string> {
    const none = (error: unknown): string =>
      error instanceof Error && 'code' in error ? String(error.code) : 'defect';
    const parts = await Promise.all([
      this.#resolver.resolve4(`www.${zone}`, { ttl: true }).then((found) => JSON.stringify(found), none),
      this.#resolver.resolveMx(zone).then((found) => JSON.stringify(found), none),
      this.#resolver.resolveTxt(`_acme-challenge.${zone}`).then((found) => JSON.stringify(found), none),
      this.#resolver.resolveSoa(`sub.${zone}`).then(({ nsname }) => nsname, none),
    ]);
    return parts.join(' ');
  }

  /** Ends the queries. @returns the different texts of answers since the start */
  async stop(): Promise<readonly string[]> {
    this.#running = false;
    await this.#loop;
    return [...this.#seen];
  }
}

/** Registers the tests of one pair. They share one stage and run in the given order. */
export function testWhoMay(pair: Pair): void {
  describe(`who may: ${pair.panel} to ${pair.central}`, { skip: missingFor(pair.central) }, () => {
    let stage: ServerStage;
    const as = (who: { readonly name: string; readonly password: string }): PanelUser =>
      userAt(() => stage.panel, stage.atPanel.words, who);
    before(async () => {
      stage = await openScene(pair);
    });
    after(() => stage.stop());

    const attackers = [neighbour, otherReseller];
    for (const [what, act] of attacks) {
      for (const attacker of attackers) {
        test(`${what} by ${attacker.name}: the panel says no, the public sees nothing of it`, async () => {
          const [unseen, stored] = [await look(stage), await stage.there.held(zone)];
          const watcher = new Watcher(stage.server.port);
          const answer = await act(as(attacker));
          const again = await act(as(attacker));
          await settled(stage);
          await until('looks after the answer', () => watcher.looks > 20);
          assert.deepEqual(await watcher.stop(), [unseen]);
          assert.deepEqual(await stage.there.held(zone), stored);
          for (const { ok, error } of [answer, again]) {
            assert.equal(ok, false);
            // The panel refuses with its own text, which contains nothing of the zone.
            assert.match(error?.text ?? '', /^(?:Access denied|.*access.*)$/iu);
            assert.doesNotMatch(error?.text ?? '', /domainsync|192\.0|www/u);
          }
        });
      }
    }

    test('meanwhile the owner’s own edit of the same name goes through', async () => {
      const intruder = as(neighbour);
      const key = keyOf(stage.panel, zone, www);
      const { func, params } = saveClick(intruder.words, zone, address('www', '192.0.2.66'), key);
      const attack = until('attacks', async () => {
        await intruder.act(func, params);
        return holds(stage.panel, zone, address('www', '192.0.2.81'));
      });
      succeeded(await stage.atPanel.change(zone, www, address('www', '192.0.2.81')));
      await attack;
      assert.ok(await stands(stage.there, zone, address('www', '192.0.2.81')));
      succeeded(await stage.atPanel.change(zone, address('www', '192.0.2.81'), www));
    });

    for (const who of [customer, reseller, panelAdmin]) {
      test(`${who.name}: at the server by the time the panel says OK, refused when it is down`, async () => {
        const record = address(who.name, '192.0.2.90');
        succeeded(await as(who).save(zone, record));
        assert.ok(await stands(stage.there, zone, record));
        await settled(stage);
        await stage.there.down();
        try {
          const refused = await as(who).save(zone, address(`${who.name}-down`, '192.0.2.90'));
          assert.equal(refused.ok, false, refused.body);
          assert.ok(!holds(stage.panel, zone, address(`${who.name}-down`, '192.0.2.90')));
        } finally {
          await stage.there.up();
        }
        await until('the server to be asked again', async () => {
          const probe = address(`${who.name}-up`, '192.0.2.90');
          return holds(stage.panel, zone, probe) || (await as(who).save(zone, probe)).ok;
        });
      });
    }
  });
}

type Act = (person: PanelUser) => Promise<Answer>;

const attacks: readonly (readonly [string, Act])[] = [
  ['a forged challenge', (person) => person.save(zone, forged)],
  [
    'another address with a long TTL',
    (person) => person.change(zone, www, { ...address('www', '192.0.2.66'), ttl: 604_800 }),
  ],
  ['no MX', (person) => person.remove(zone, mail)],
  ['a record that cannot be', (person) => person.save(zone, { name: 'www', type: 'CNAME', value: 'a..b' })],
  [
    'a CNAME beside what is there',
    (person) => person.save(zone, { name: 'www', type: 'CNAME', value: 'evil.example.' }),
  ],
  ['a zone below', (person) => person.makeZone(`sub.${zone}`)],
  ['the whole zone deleted', (person) => person.dropZone(zone)],
];

async function look(stage: ServerStage): Promise<string> {
  const watcher = new Watcher(stage.server.port);
  const seen = await watcher.look();
  await watcher.stop();
  return seen;
}

/**
 * Opens a stage with one zone of the customer on both sides. Configures the plugin, and waits for the first
 * comparison.
 */
async function openScene(pair: Pair): Promise<ServerStage> {
  return await prepared(await makeServerStage(pair), prepare);
}

async function prepare(stage: ServerStage): Promise<void> {
  const { panel, atPanel, there } = stage;
  Object.assign(panel.switches, { defaultHosts: [], defaultMxRecords: false, defaultSpf: false });
  succeeded(await atPanel.makeZone(zone));
  await there.makeZones([{ name: zone, records: [] }]);
  await stage.install();
  stage.configure();
  await until('the first comparison', async () => (await atPanel.save(zone, www)).ok);
  succeeded(await atPanel.save(zone, mail));
  assert.ok(await stands(there, zone, www));
  await settled(stage);
}
