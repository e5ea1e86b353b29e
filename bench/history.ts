/**
 * Compares a journal of 1,000,000 ended operations with one of 1,000. Measures a start with its first edit, a
 * later edit, and the queries of the command line. Only the journal is on disk. Panel and central are in
 * memory, so that the journal takes most of the time.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { journalStatus, zoneView } from '../src/app/answers/journal-status.ts';
import { systemClock } from '../src/app/wiring/clock.ts';
import { MemoryCentral } from '../src/testing/memory-central/index.ts';
import { MemoryStore } from '../src/testing/memory-central/store.ts';
import { Engine } from '../src/core/engine/engine.ts';
import { defaultEngineSettings } from '../src/core/engine/settings.ts';
import type { HistoryFilter } from '../src/core/history.ts';
import type { LedgerRow } from '../src/core/ledger.ts';
import type { Operation } from '../src/core/operation.ts';
import type { EditEvent } from '../src/core/panel.ts';
import { parseName, type DnsName } from '../src/dns/name.ts';
import { makeRecord } from '../src/dns/record.ts';
import { SqliteJournal } from '../src/journal/sqlite.ts';
import { sampleOperation } from '../src/testing/contracts/journal.ts';
import { recordsEvent } from '../src/testing/simulator/edits.ts';
import { ratio, round, spread, timed } from './measure.ts';
import { until } from '../src/testing/stage/stage.ts';
import { heldBy, memoryPanel, shown, type Held } from './memory-panel.ts';
import type { Rec } from './raw.ts';
import { print } from './print.ts';

export interface HistoryPlan {
  readonly few: number;
  readonly many: number;
  /** Number of ended operations in each zone. */
  readonly each: number;
  readonly starts: number;
  readonly edits: number;
}

const whole: HistoryPlan = { few: 1_000, many: 1_000_000, each: 1_000, starts: 20, edits: 300 };

export async function benchHistory(changes: Partial<HistoryPlan> = {}): Promise<Record<string, number>> {
  const plan = { ...whole, ...changes };
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const few = await Subject.make(join(directory, 'few.db'), plan.few, plan.each);
    const many = await Subject.make(join(directory, 'many.db'), plan.many, plan.each);
    const figures = { ...(await starts([few, many], plan)), ...(await runs([few, many], plan)) };
    return { ...figures, journal_mib: many.size, ...(await steps(many)) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type Pair = readonly [Subject, Subject];

/** Measures the time from a start to the answer of the first edit, for both journals in turn. */
async function starts([few, many]: Pair, plan: HistoryPlan): Promise<Record<string, number>> {
  const times = new Times();
  for (let turn = 0; turn < plan.starts; turn += 1)
    for (const [kind, subject] of [
      ['few', few],
      ['many', many],
    ] as const) {
      await times.add('first_edit_after_start', kind, async () => {
        await subject.start();
        await subject.edit();
      });
      await subject.stop();
    }
  return times.figures();
}

async function runs([few, many]: Pair, plan: HistoryPlan): Promise<Record<string, number>> {
  const times = new Times();
  await few.start();
  await many.start();
  for (let turn = 0; turn < plan.edits; turn += 1)
    for (const [kind, subject] of [
      ['few', few],
      ['many', many],
    ] as const) {
      await times.add('edit', kind, () => subject.edit());
      await times.add('status', kind, () => journalStatus(subject.journal, systemClock.wall()));
      await times.add('show', kind, () => subject.journal.operations({ prefix: subject.newest }));
      for (const [name, filter] of Object.entries(subject.filters))
        await times.add(name, kind, () => subject.journal.page(filter, null, 20));
      await times.add('zone', kind, () => zoneView(subject.journal, subject.zone, systemClock.wall()));
    }
  await few.stop();
  await many.stop();
  return times.figures();
}

/**
 * Measures single steps in which the journal deletes old operations. An edit may have to wait for one of
 * them.
 */
async function steps({ path }: Subject): Promise<Record<string, number>> {
  const journal = new SqliteJournal({ path, writer: true });
  const now = systemClock.wall();
  const limits = { now, since: now, most: 0, recent: now };
  const times: number[] = [];
  for (let after: string | null = ''; after !== null && times.length < 1_000;) {
    const began = performance.now();
    after = journal.prune(after, limits);
    times.push(performance.now() - began);
  }
  await journal.close();
  const { p50, p99 } = spread(times);
  return { prune_step_p50_ms: p50, prune_step_p99_ms: p99 };
}

/** Times of each kind of work with a short and with a long history, in milliseconds. */
class Times {
  readonly #times = new Map<string, { readonly few: number[]; readonly many: number[] }>();

  async add(name: string, kind: 'few' | 'many', work: () => Promise<unknown>): Promise<void> {
    const times = this.#times.get(name) ?? { few: [], many: [] };
    this.#times.set(name, times);
    times[kind].push(await timed(work));
  }

  figures(): Record<string, number> {
    const figures: Record<string, number> = {};
    for (const [name, times] of this.#times) {
      const [few, many] = [spread(times.few), spread(times.many)];
      for (const part of ['p50', 'p95', 'p99'] as const) {
        figures[`${name}_few_${part}_ms`] = few[part];
        figures[`${name}_many_${part}_ms`] = many[part];
      }
      figures[`${name}_many_to_few_p50_ratio`] = ratio(many.p50, few.p50);
    }
    return figures;
  }
}

const records = 12;

function recordOf(host: string, zone: DnsName): Rec {
  return makeRecord({ name: host, type: 'A', ttl: 3_600, rdata: '192.0.2.1' }, zone);
}

/** An engine on a journal with a given number of operations, which can be started and stopped. */
export class Subject {
  readonly path: string;
  readonly zone: DnsName;
  readonly newest: string;
  readonly #held: Held;
  readonly #central = new MemoryStore();
  #running: { readonly engine: Engine; readonly journal: SqliteJournal } | null = null;
  #edits = 0;

  private constructor(path: string, zone: DnsName, newest: string) {
    this.path = path;
    this.zone = zone;
    this.newest = newest;
    const content = Array.from({ length: records }, (_, at) => recordOf(`h${at}`, zone));
    this.#held = heldBy([{ zone, records: content }]);
    this.#central.putZone(zone, content);
  }

  static async make(path: string, count: number, each: number): Promise<Subject> {
    print(`a journal with ${count} operations`);
    const journal = new SqliteJournal({ path, writer: true });
    let last: Operation = sampleOperation('-');
    for (let at = 0; at < count;) {
      const operations: Operation[] = [];
      for (; operations.length < 10_000 && at < count; at += 1) operations.push((last = ended(at, each)));
      await journal.commit({ operations });
    }
    const put = Array.from({ length: records }, (_, at): LedgerRow => {
      const { key, ...record } = shown(recordOf(`h${at}`, last.zone));
      return { record, state: 'synced', onPanel: true, onCentral: true, panelKey: key, note: null };
    });
    await journal.commit({
      zones: [{ zone: last.zone, state: 'synced', incarnation: 1, baselineAt: 0, note: null }],
      rows: [{ zone: last.zone, put }],
      facts: { baseline: '0' },
    });
    await journal.close();
    return new Subject(path, last.zone, last.id);
  }

  get engine(): Engine {
    return this.#run.engine;
  }

  get journal(): SqliteJournal {
    return this.#run.journal;
  }

  get #run(): { readonly engine: Engine; readonly journal: SqliteJournal } {
    if (this.#running === null) throw new Error('it does not run');
    return this.#running;
  }

  /** The filters of the measured queries, by the name of the figure. */
  get filters(): Readonly<Record<string, HistoryFilter>> {
    const { zone } = this;
    return {
      history: {},
      history_zone: { zone },
      history_name: { name: recordOf('h1', zone).name },
      history_user: { user: userOf(0) },
      history_outcome: { outcome: 'refused' },
      history_user_and_outcome: { user: userOf(0), outcome: 'refused' },
    };
  }

  /** Size of the journal's file in MiB. */
  get size(): number {
    return round(statSync(this.path).size / 1_048_576);
  }

  async start(): Promise<void> {
    const journal = new SqliteJournal({ path: this.path, writer: true });
    const engine = new Engine({
      panel: memoryPanel(this.#held),
      central: new MemoryCentral({ store: this.#central }),
      journal,
      clock: systemClock,
      log: (level, event, fields) => {
        if (level <= 2) print(`${event} ${JSON.stringify(fields)}`);
      },
      random: Math.random,
      settings: { ...defaultEngineSettings, grace: 0, compareEvery: 0, ownerCheck: 'off' },
    });
    await engine.start();
    this.#running = { engine, journal };
  }

  /** Adds a record: calls `before` and `after`, and waits for both answers. */
  async edit(): Promise<void> {
    await this.before();
    await this.after();
  }

  /** Makes the `before` call of an edit that adds one more record. */
  async before(): Promise<void> {
    this.#edits += 1;
    await this.#answer(recordsEvent(this.zone, [{ remove: null, add: this.#added }], 'before'));
  }

  /** Adds the record of the last {@link before} in the panel, and makes the `after` call. */
  async after(): Promise<void> {
    this.#held.set(this.zone, [...(this.#held.get(this.zone) ?? []), shown(this.#added)]);
    await this.#answer(recordsEvent(this.zone, [{ remove: null, add: this.#added }], 'after'));
  }

  /** Resolves when every edit is confirmed. */
  async rest(): Promise<void> {
    await until('the engine to rest', async () => {
      const { open } = await journalStatus(this.journal, systemClock.wall());
      return open === 0;
    });
  }

  get #added(): Rec {
    return recordOf(`new${this.#edits}`, this.zone);
  }

  async #answer(event: EditEvent): Promise<void> {
    const verdict = await this.engine.answer({ kind: 'edits', edits: [event] }, AbortSignal.timeout(60_000));
    if (verdict.kind !== 'accept') throw new Error(`an edit was refused: ${JSON.stringify(verdict)}`);
  }

  async stop(): Promise<void> {
    await this.engine.stop();
    await this.#running?.journal.close();
    this.#running = null;
  }
}

/** Number of accounts; and number of edits of which one is refused. */
const [users, oneRefused] = [100, 500];

function userOf(at: number): string {
  return `user${at % users}`;
}

/** An edit that ended long ago. @param at its number from 0 @param each operations in each zone */
function ended(at: number, each: number): Operation {
  const zone = parseName(`zone${Math.floor(at / each)}.example.`);
  const add = recordOf(`h${at % records}`, zone);
  return sampleOperation(`0${at.toString(36).padStart(8, '0')}-0000000`, {
    zone,
    actor: userOf(at),
    state: at % oneRefused === 0 ? 'refused' : 'confirmed',
    fingerprint: 'f'.repeat(64),
    items: [{ remove: null, add, mirrored: true, note: null }],
    added: [add],
    afterSeen: true,
    problems: [],
    createdAt: at,
    changedAt: at,
  });
}
