/**
 * Writes journals of this release, for the tests of later releases (docs/decisions/014):
 * `script/node script/journal-fixtures.ts DIRECTORY`. Run it in a checkout of the release. It plays random
 * histories. It keeps the first open operation of each kind, class and state, with its zone on both sides.
 * DIRECTORY gets `journal.db.gz` and `sides.json.gz`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { LedgerRow, ZoneEntry } from '../src/core/ledger.ts';
import { isFinal, isOpen, type Operation } from '../src/core/operation.ts';
import type { DnsName } from '../src/dns/name.ts';
import type { ResourceRecord } from '../src/dns/record.ts';
import { MemoryJournal } from '../src/testing/memory-journal.ts';
import { SqliteJournal } from '../src/journal/sqlite.ts';
import { Accidents } from '../src/testing/simulator/accidents.ts';
import { RecordedChances } from '../src/testing/simulator/chances.ts';
import { alone, freshZone, setUpZones, main, type HistoryOptions } from '../src/testing/simulator/set-up.ts';
import { HistoryGenerator } from '../src/testing/simulator/generator.ts';
import { isOfHost } from '../src/testing/simulator/hosts.ts';
import { Performer } from '../src/testing/simulator/perform.ts';
import { Random } from '../src/testing/simulator/random.ts';
import { World } from '../src/testing/simulator/world.ts';

/**
 * Every case is moved to this time (wall clock, ms). An operation that was open at the end of the history is
 * open at this time.
 */
const takenAt = 1_700_000_000_000;
const seeds = 600;
/** Options of the histories. The histories use them in turn. */
const turns: readonly Partial<HistoryOptions>[] = [
  {},
  { above: true },
  { users: true },
  { slow: true },
  { writes: true },
  { signed: true },
  { others: true },
  { crowd: true },
];
/** A case contains so many of its zone's newest operations. */
const mostOperations = 5;

/** A zone on both sides and in the journal, in the middle of a history. */
interface Case {
  /** Description of the open operation for which the case was kept. */
  readonly about: string;
  readonly zone: DnsName;
  readonly operations: readonly Operation[];
  readonly entry: ZoneEntry | null;
  readonly rows: readonly LedgerRow[];
  readonly panel: readonly ResourceRecord[] | null;
  readonly central: readonly ResourceRecord[] | null;
}

const cases = new Map<string, Case>();

/**
 * Describes an open operation; null: it is not open. Two operations with the same description continue in the
 * same way, so one case is enough.
 */
function describe(operation: Operation, wall: number): string | null {
  if (!isOpen(operation, wall)) return null;
  const { kind, state, afterSeen } = operation;
  const { created = false, requested = false, cancels = null } = kind === 'zone-create' ? operation : {};
  const more = Object.entries({ afterSeen, created, requested, cancels: cancels !== null });
  const marks = more.flatMap(([name, is]) => (is ? [name] : []));
  return [kind, operation.class, state, ...marks].join(' ');
}

function keep(world: World, operation: Operation): void {
  const [side] = world.sides;
  const about = describe(operation, world.clock.wall());
  if (side === undefined || about === null || cases.has(about)) return;
  const { zone } = operation;
  const held = (
    zones: ReadonlyMap<DnsName, ReadonlyMap<string, ResourceRecord>>,
  ): ResourceRecord[] | null => {
    const records = zones.get(zone);
    return records === undefined ? null : [...records.values()];
  };
  const all = [...side.witness.operations.values()].map((one) => one.operation);
  const own = all.filter((one) => one.zone === zone).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const found: Case = {
    about,
    zone,
    operations: [...new Set([...own.filter(({ state }) => !isFinal(state)), ...own.slice(-mostOperations)])],
    entry: side.witness.zones.get(zone) ?? null,
    rows: [...side.witness.rows(zone)],
    panel: held(world.panel.zones),
    central: held(world.central.zones),
  };
  const number = String(cases.size + 1).padStart(3, '0');
  cases.set(about, moved(found, number, takenAt - world.clock.wall()));
}

/**
 * Gives a case another zone, other operation ids and another time, so that no two cases have them in common.
 * @param later milliseconds to add to all times
 */
function moved(found: Case, number: string, later: number): Case {
  let text = JSON.stringify(found).replaceAll(found.zone, `c${number}.${found.zone}`);
  for (const { id } of found.operations)
    text = text.replaceAll(id, `${id.slice(0, 9)}-${number}${id.slice(-4)}`);
  const times: ReadonlySet<string> = new Set(['createdAt', 'changedAt', 'until', 'baselineAt']);
  const renamed: Case = JSON.parse(text, (key, value: unknown) =>
    typeof value === 'number' && value > 0 && times.has(key) ? value + later : value,
  );
  return renamed;
}

/**
 * Adds a case that the simulator's histories do not have: an edit of records is stuck, because the central
 * refuses its undo.
 */
function beStuck(about: string): void {
  const found = cases.get(about);
  if (found === undefined) throw new Error(`no case: ${about}`);
  const problems = [{ code: 'central.refused', params: { text: 'not this record' } }];
  const operations = found.operations.map((one): Operation =>
    one.state === 'reverting' ? { ...one, state: 'stuck', problems } : one,
  );
  const stuck = { ...found, about: about.replace('reverting', 'stuck'), operations };
  cases.set(stuck.about, moved(stuck, String(cases.size + 1).padStart(3, '0'), 0));
}

async function play(seed: number): Promise<void> {
  const random = new Random(seed);
  const chances = new RecordedChances(random);
  const world = new World(new MemoryJournal(), chances, {});
  const options = turns[seed % turns.length] ?? {};
  const above = options.above === true;
  world.central.createsWithContent = seed % 2 === 1;
  if (options.signed === true)
    for (const zone of [main, alone, freshZone(above)]) world.central.signed.add(zone);
  setUpZones(world, { above });
  const performer = new Performer(world);
  const [side] = world.sides;
  if (side !== undefined) {
    const { onCommit } = side.witness;
    side.witness.onCommit = (batch) => {
      onCommit(batch);
      for (const operation of batch.operations ?? []) keep(world, operation);
    };
  }
  const generator = new HistoryGenerator(world, random, options, freshZone(above), performer.zonesInHand);
  const accidents = new Accidents(world, chances, options);
  const tell = async (): Promise<void> => {
    await world.start();
    await world.clock.sleep(5_000);
    for (const next of generator.events(accidents)) {
      if (typeof next === 'number') await world.clock.sleepAhead(next);
      else if (!isOfHost(next)) await performer.perform(next);
    }
    accidents.end();
    world.kill();
  };
  await world.clock.runUntilSettled(tell(), 3_600_000);
}

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: script/node script/journal-fixtures.ts DIRECTORY');
  process.exit(2);
}
mkdirSync(directory, { recursive: true });
for (let seed = 1; seed <= seeds; seed += 1) await play(seed);
for (const group of ['veto', 'compensate']) beStuck(`records ${group} reverting`);
const sorted = [...cases.values()].toSorted((a, b) => (a.about < b.about ? -1 : 1));
const scratch = mkdtempSync(join(tmpdir(), 'fixtures-'));
const path = join(scratch, 'journal.db');
const journal = new SqliteJournal({ path, writer: true, reserve: 65_536 });
for (const { operations, entry, rows, zone } of sorted)
  await journal.commit({
    operations,
    zones: entry === null ? [] : [entry],
    rows: [{ zone, put: rows }],
  });
await journal.commit({ facts: { baseline: String(takenAt) } });
await journal.close();
writeFileSync(join(directory, 'journal.db.gz'), gzipSync(readFileSync(path)));
const sides = sorted.map(({ about, zone, panel, central }) => ({ about, zone, panel, central }));
writeFileSync(join(directory, 'sides.json.gz'), gzipSync(JSON.stringify(sides)));
rmSync(scratch, { recursive: true });
console.log(`${sorted.length} cases:\n${sorted.map(({ about }) => about).join('\n')}`);
