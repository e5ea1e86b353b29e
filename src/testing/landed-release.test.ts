/**
 * Issue 14: tests that this release continues with the journals of earlier releases and ends their open
 * operations. The journals (`landed/`) come from `script/journal-fixtures.ts` and have an open operation of
 * each kind.
 */
import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import { Engine } from '../core/engine/engine.ts';
import { defaultEngineSettings } from '../core/engine/settings.ts';
import { Several } from '../core/several.ts';
import { isFinal } from '../core/operation.ts';
import { parseName, type DnsName } from '../dns/name.ts';
import { recordId, type ResourceRecord } from '../dns/record.ts';
import { SqliteJournal } from '../journal/sqlite.ts';
import { Upkeep } from '../journal/upkeep.ts';
import { hearOwnWrites } from './simulator/own-writes.ts';
import { Random } from './simulator/random.ts';
import { CentralStore, SimCentral } from './simulator/sim-central.ts';
import { PanelStore, SimPanel } from './simulator/sim-panel.ts';
import { VirtualClock } from './virtual-clock.ts';

const landed = globSync(join(import.meta.dirname, 'landed/*'));
/** Releases whose journals had no checksums. */
const withoutSums: ReadonlySet<string> = new Set(['dba7bb6']);
/** Releases that open a journal of this one, because no migration since then is breaking. */
const openNewer: ReadonlySet<string> = new Set(['cdddbe0']);
/** The wall-clock time (ms) at which the journals were made. */
const takenAt = 1_700_000_000_000;
/**
 * Within this time (ms) all operations must end. It includes the watch of the last write, and an hourly
 * comparison after the watch.
 */
const enough = 2 * 3_600_000;

const name = v.pipe(v.string(), v.transform(parseName));
const records = v.nullable(
  v.array(v.object({ name, type: v.string(), ttl: v.nullable(v.number()), rdata: v.string() })),
);
const sidesSchema = v.array(v.object({ about: v.string(), zone: name, panel: records, central: records }));
type Case = v.InferOutput<typeof sidesSchema>[number];

function casesOf(folder: string): readonly Case[] {
  return v.parse(sidesSchema, JSON.parse(gunzipSync(readFileSync(join(folder, 'sides.json.gz'))).toString()));
}

function journalOf(t: TestContext, folder: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'landed-')), 'journal.db');
  t.after(() => rmSync(join(path, '..'), { recursive: true, force: true }));
  writeFileSync(path, gunzipSync(readFileSync(join(folder, 'journal.db.gz'))));
  return path;
}

function fill(zones: Map<DnsName, Map<string, ResourceRecord>>, zone: DnsName, held: Case['panel']): void {
  if (held !== null) zones.set(zone, new Map(held.map((record) => [recordId(record), record])));
}

/**
 * Makes an engine on an earlier release's journal, with the panel and the central that fit its operations.
 */
function assemble(
  path: string,
  cases: readonly Case[],
): {
  readonly clock: VirtualClock;
  readonly panel: PanelStore;
  readonly central: CentralStore;
  readonly journal: SqliteJournal;
  readonly engine: Engine;
  readonly defects: readonly string[];
} {
  const clock = new VirtualClock(takenAt + 5_000);
  const [panel, central] = [new PanelStore(), new CentralStore()];
  for (const one of cases) {
    fill(panel.zones, one.zone, one.panel);
    fill(central.zones, one.zone, one.central);
  }
  const life = { dead: false };
  const chances = new Random(1);
  // Commits take real time here, so the virtual clock has to wait for them.
  clock.settle = async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await journal.fact('settled');
    }
  };
  const simPanel = new SimPanel(panel, clock, chances, life);
  const defects: string[] = [];
  const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
  const engine = new Engine({
    panel: simPanel,
    central: new SimCentral(central, clock, chances, life, false),
    journal,
    clock,
    log: (level, event, fields) => {
      if (level === 1 && event !== 'operation.stuck') defects.push(`${event} ${JSON.stringify(fields)}`);
    },
    random: () => 0.5,
    settings: defaultEngineSettings,
  });
  const several = new Several([{ number: 1, engine }]);
  hearOwnWrites(
    simPanel,
    () => several,
    () => true,
    new Set(),
  );
  return { clock, panel, central, journal, engine, defects };
}

/** Counts the operations in a journal that have no checksum. */
function unsummed(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(database.prepare('SELECT count(*) AS n FROM operation WHERE sum IS NULL').get()?.['n']);
  } finally {
    database.close();
  }
}

for (const folder of landed) {
  const release = basename(folder);

  test(`issue 14: what release ${release} left open is brought to an end`, async (t) => {
    const cases = casesOf(folder);
    const { clock, panel, central, journal, engine, defects } = assemble(journalOf(t, folder), cases);
    await clock.runUntilSettled(engine.start());
    await clock.runUntil(clock.now() + enough);
    const open = await journal.operations({ openAt: clock.wall() });
    assert.deepEqual(defects, []);
    for (const { about, zone } of cases) {
      const own = open.filter((operation) => operation.zone === zone);
      const left = own.filter(({ state }) => !isFinal(state) && state !== 'stuck');
      assert.deepEqual(left, [], about);
      if (own.length > 0) continue;
      const rows = await journal.rows(zone);
      const synced = rows.filter(({ state }) => state === 'synced').map(({ record }) => recordId(record));
      for (const side of [panel, central])
        for (const id of synced) assert.ok(side.zones.get(zone)?.has(id), `${about}: ${id}`);
    }
    assert.ok(open.length < cases.length / 4, `${open.length} of ${cases.length} are stuck`);
    await clock.runUntilSettled(engine.stop());
    await journal.close();
  });

  if (withoutSums.has(release))
    test(`issue 14: what release ${release} wrote gets its checksums in the background`, async (t) => {
      const path = journalOf(t, folder);
      const look = new SqliteJournal({ path, writer: false });
      const before = await look.operations({});
      await look.close();
      const clock = new VirtualClock();
      const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
      assert.ok(unsummed(path) > 0);
      assert.deepEqual(await journal.operations({}), before);
      const lines: unknown[] = [];
      const log = (_: number, event: string, fields: unknown): number => lines.push([event, fields]);
      const upkeep = new Upkeep(journal, clock, log, {
        person: 1e15,
        keep: Infinity,
        most: Infinity,
        recent: 0,
      });
      await clock.runUntil(600_000);
      await upkeep.stop();
      assert.deepEqual(lines, [['journal.checked', { damaged: 0 }]]);
      assert.deepEqual(await journal.operations({}), before);
      await journal.close();
      assert.equal(unsummed(path), 0);
    });

  test(`issue 14: a look at a journal of release ${release} shows what is in it, and leaves it`, async (t) => {
    const path = journalOf(t, folder);
    const before = readFileSync(path);
    const journal = new SqliteJournal({ path, writer: false });
    const open = await journal.operations({ openAt: takenAt });
    assert.ok(casesOf(folder).every(({ zone }) => open.some((operation) => operation.zone === zone)));
    assert.ok((await journal.zones()).length > 10);
    await journal.close();
    assert.deepEqual(readFileSync(path), before);
  });

  test(`issue 14: release ${release} ${openNewer.has(release) ? 'opens' : 'refuses'} a journal of this one`, async (t) => {
    const path = journalOf(t, folder);
    const numbers = (pragma: 'user_version' | 'application_id'): number => {
      const database = new DatabaseSync(path, { readOnly: true });
      try {
        return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
      } finally {
        database.close();
      }
    };
    const landedSchema = numbers('user_version');
    await new SqliteJournal({ path, writer: true, reserve: 65_536 }).close();
    // A release refuses a file with a breaking migration that it does not know.
    assert.equal(numbers('application_id') <= landedSchema, openNewer.has(release));
  });
}
