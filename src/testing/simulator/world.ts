import type { Change } from '../../dns/zone.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Central } from '../../core/central.ts';
import { Engine } from '../../core/engine/engine.ts';
import { defaultEngineSettings, type EngineSettings } from '../../core/engine/settings.ts';
import type { Journal } from '../../core/journal.ts';
import type { EditEvent, EditItem, PanelEvent, Verdict } from '../../core/panel.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { mortalClock, mortalJournal, type Life } from './life.ts';
import type { Random } from './random.ts';
import { CentralStore, SimCentral, type CentralFault } from './sim-central.ts';
import { PanelStore, SimPanel } from './sim-panel.ts';

/** What the panel's own part of an edit may do after an accepted `before`. */
export interface LocalPart {
  /** The panel refuses its part. */
  readonly refuses: boolean;
  /** Milliseconds the panel takes for it. */
  readonly takes: number;
  /** The `after` call never comes. */
  readonly afterLost: boolean;
  /** Milliseconds until reads show it. */
  readonly visibleAfter: number;
}

interface Run {
  readonly life: Life;
  readonly engine: Engine;
  readonly panel: SimPanel;
  readonly central: SimCentral;
}

/** Two sides, a journal on disk, and at most one living engine between them. */
export class World {
  readonly clock = new VirtualClock();
  readonly panel = new PanelStore();
  readonly central = new CentralStore();
  readonly log: string[] = [];
  readonly #journal: Journal;
  readonly #random: Random;
  readonly #settings: Partial<EngineSettings>;
  #run: Run | null = null;
  /** Hook calls being answered right now. */
  answering = 0;
  /** TTL (seconds) of records that nobody gave one; null: neither side keeps TTLs. */
  defaultTtl: number | null = null;
  /** Whether the central can neither list zones nor read whole ones. */
  byName = false;
  centralDown = false;
  panelFailing = false;
  chooseFault: () => CentralFault | null = () => null;
  /** What the next engine gets as its central. */
  wrap: (central: Central) => Central = (central) => central;

  constructor(journal: Journal, random: Random, settings: Partial<EngineSettings> = {}) {
    this.#settings = settings;
    this.#journal = journal;
    this.#random = random;
  }

  get engine(): Engine | null {
    return this.#run?.engine ?? null;
  }

  timed(record: ResourceRecord): ResourceRecord {
    return { ...record, ttl: record.ttl ?? this.defaultTtl };
  }

  note(text: string): void {
    this.log.push(`${String(this.clock.now()).padStart(8)} ${text}`);
  }

  async start(): Promise<void> {
    const life: Life = { dead: false };
    const clock = mortalClock(this.clock, life);
    const panel = new SimPanel(this.panel, this.clock, this.#random, life);
    const central = new SimCentral(this.central, this.clock, this.#random, life, this.byName);
    central.nextFault = () => this.chooseFault();
    // A name server makes no records of its own.
    const made = (zone: DnsName): ResourceRecord[] => (this.byName ? [] : defaultRecords(zone, 'central'));
    central.defaults = (zone) => made(zone).map((record) => [recordId(record), this.timed(record)]);
    const engine = new Engine({
      panel,
      central: this.wrap(central),
      journal: mortalJournal(this.#journal, life),
      clock,
      log: (level, event, fields) => {
        if (level <= 5 && !life.dead) this.note(`  ${event} ${JSON.stringify(fields ?? {})}`);
      },
      random: this.#random.next,
      settings: { ...defaultEngineSettings, ...this.#settings },
    });
    panel.onWrite = async (change, mark) => {
      await engine.answer(echo(change, mark), new AbortController().signal);
    };
    this.#run = { life, engine, panel, central };
    this.applyOutages();
    this.note('engine starts');
    await engine.start();
  }

  applyOutages(): void {
    if (this.#run === null) return;
    this.#run.central.down = this.centralDown;
    this.#run.panel.failing = this.panelFailing;
  }

  /** The agent is killed: nothing of it happens any more, hooks being answered get their refusal from the shim. */
  kill(): void {
    if (this.#run === null) return;
    this.#run.life.dead = true;
    this.#run = null;
    this.note('engine killed');
  }

  /** One save in the panel, from `before` to `after`, as the panel would carry it out. */
  async edit(
    event: (stage: 'before' | 'after') => EditEvent,
    carryOut: () => boolean,
    local: LocalPart,
  ): Promise<{ readonly verdict: Verdict; readonly lostAfter: boolean }> {
    const before = event('before');
    const verdict = await this.#hook({ kind: 'edits', edits: [before] });
    this.note(`before ${describeEvent(before)}: ${describeVerdict(verdict)}`);
    if (verdict.kind === 'refuse') return { verdict, lostAfter: false };
    await this.clock.sleep(local.takes);
    if (local.refuses) {
      this.note(`panel refuses its part of ${describeEvent(before)}`);
      return { verdict, lostAfter: false };
    }
    this.#hide(before.zone, local.visibleAfter);
    const done = carryOut();
    this.note(`panel ${done ? 'keeps' : 'refuses'} ${describeEvent(before)}`);
    if (!done || local.afterLost) return { verdict, lostAfter: done };
    const after = await this.#hook({ kind: 'edits', edits: [event('after')] });
    if (after.kind === 'refuse') this.note(`after ${describeEvent(before)}: ${describeVerdict(after)}`);
    return { verdict, lostAfter: after === unanswered };
  }

  async hint(zone: DnsName | 'all'): Promise<void> {
    await this.#hook({ kind: 'hint', zones: zone === 'all' ? 'all' : [zone], source: 'wwwdomain.edit' });
  }

  /** A hook call with the shim's own deadline: a dead or hung agent is a refusal in time. */
  async #hook(event: PanelEvent): Promise<Verdict> {
    const run = this.#run;
    if (run === null) return unanswered;
    this.answering += 1;
    const deadline = new AbortController();
    const timer = new AbortController();
    const late = this.clock.sleep(10_000, timer.signal).then(
      () => deadline.abort(new Error('deadline')),
      () => undefined,
    );
    const given = this.clock.sleep(14_000, timer.signal).then(
      () => unanswered,
      () => unanswered,
    );
    const verdict = await Promise.race([run.engine.answer(event, deadline.signal), given]);
    timer.abort();
    await late;
    this.answering -= 1;
    return verdict;
  }

  /** From now on reads show the zone as it is at this moment, until the delay has passed. */
  #hide(zone: DnsName, ms: number): void {
    if (ms <= 0) return;
    const now = this.panel.zones.get(zone);
    this.panel.stale.set(zone, now === undefined ? null : new Map(now));
    void this.clock.sleep(ms).then(() => this.panel.stale.delete(zone));
  }
}

const unanswered: Verdict = {
  kind: 'refuse',
  problems: [{ code: 'shim.no-answer', params: {} }],
  changed: 'unknown',
};

export function defaultRecords(zone: DnsName, side: 'panel' | 'central'): ResourceRecord[] {
  return [
    makeRecord({ name: '@', type: 'A', rdata: side === 'panel' ? '192.0.2.1' : '198.51.100.1' }, zone),
    makeRecord({ name: 'mail', type: 'A', rdata: '192.0.2.1' }, zone),
    makeRecord({ name: side === 'panel' ? 'pop' : 'smtp', type: 'A', rdata: '192.0.2.1' }, zone),
    makeRecord({ name: '@', type: 'NS', rdata: 'ns1.example.net.' }, parseName(zone)),
  ];
}

export function recordsEvent(
  zone: DnsName,
  items: readonly EditItem[],
  stage: 'before' | 'after',
): EditEvent {
  return {
    kind: 'records',
    stage,
    zone,
    fingerprint: JSON.stringify([zone, items]),
    actor: 'alice',
    mark: null,
    names: items.flatMap(({ remove }) => remove?.name ?? []),
    resolve: (known) => {
      const ids = new Set(known.map(({ record }) => recordId(record)));
      const missing = items.filter(({ remove }) => remove !== null && !ids.has(recordId(remove)));
      if (missing.length > 0)
        return { kind: 'unknown-key', problems: [{ code: 'record.unknown-key', params: {} }] };
      return { kind: 'items', items };
    },
  };
}

function echo(change: Change, mark: string): PanelEvent {
  const items: EditItem[] = [
    ...change.remove.map((remove) => ({ remove, add: null })),
    ...change.add.map((add) => ({ remove: null, add })),
  ];
  return { kind: 'edits', edits: [{ ...recordsEvent(change.zone, items, 'before'), mark }] };
}

function describeEvent(event: EditEvent): string {
  return `${event.kind} ${event.fingerprint}`;
}

function describeVerdict(verdict: Verdict): string {
  return verdict.kind === 'accept' ? 'accept' : `refuse ${verdict.problems.map(({ code }) => code).join()}`;
}
