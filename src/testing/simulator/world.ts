import type { Change } from '../../dns/zone.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Central } from '../../core/central.ts';
import { Engine } from '../../core/engine/engine.ts';
import { defaultEngineSettings, type EngineSettings } from '../../core/engine/settings.ts';
import { JournalError } from '../../core/journal.ts';
import type { MemoryJournal } from '../../journal/memory.ts';
import {
  PanelError,
  type Actor,
  type EditEvent,
  type EditItem,
  type PanelEvent,
  type Verdict,
} from '../../core/panel.ts';
import { Several, timeToWrite } from '../../core/several.ts';
import { isAnswered } from './answers.ts';
import { VirtualClock } from '../virtual-clock.ts';
import type { Chances } from './chances.ts';
import { JournalWitness } from './journal-witness.ts';
import type { SavedEdit } from './laws/answers.ts';
import { Judgement } from './laws/judgement.ts';
import { observeStrangers } from './laws/strangers.ts';
import { mortalClock, type Life } from './life.ts';
import { CentralStore, SimCentral, type CentralFault } from './sim-central.ts';
import {
  JournalDisk,
  mortalJournal,
  type JournalCall,
  type JournalFault,
  type PowerCut,
} from './sim-journal.ts';
import { PanelStore, SimPanel } from './sim-panel.ts';
import { countedJournal, Tally } from './tally.ts';

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
  readonly engines: readonly Engine[];
  readonly several: Several;
  readonly panels: readonly SimPanel[];
  readonly centrals: readonly SimCentral[];
  /** Resolves when the run is killed, by `end`. */
  readonly killed: Promise<'killed'>;
  readonly end: () => void;
}

/** How long (ms) the agent waits before it tries to use a journal again. */
const startAgain = 2_000;

/** A central of a world and what it is told of its own. */
export interface Side {
  readonly store: CentralStore;
  readonly disk: JournalDisk;
  /** What the journal holds. */
  readonly witness: JournalWitness;
  /** What was seen on the way to break a law. */
  readonly judgement: Judgement;
  /** Whether it is out of reach by itself, and the fault of its next write; else those of the world. */
  down: boolean;
  chooseFault: ((call: string) => CentralFault | null) | null;
}

/** Two sides, a journal on disk, and at most one living engine between them. Further centrals have a journal and an engine each. */
export class World {
  readonly clock = new VirtualClock();
  readonly panel = new PanelStore();
  readonly log: string[] = [];
  readonly tally = new Tally();
  /** Names that a zone of ours answered at a central until a create of ours took the answer away, though the panel's zone has them. */
  readonly emptied: string[] = [];
  /** Every save of a user, in order, with the answers he got. */
  readonly saved: SavedEdit[] = [];
  /** The first central, and those that were added before the start. */
  readonly sides: Side[];
  readonly #chances: Chances;
  readonly #settings: Partial<EngineSettings>;
  #run: Run | null = null;
  #starting: Promise<void> | null = null;
  /** Counts the kills; a start that a kill overtook gives up. */
  #boot = 0;
  /** Hook calls being answered right now. */
  answering = 0;
  /** TTL (seconds) of records that nobody gave one; null: neither side keeps TTLs. */
  defaultTtl: number | null = null;
  /** Whether the central can neither list zones nor read whole ones. */
  byName = false;
  centralDown = false;
  panelFailing = false;
  chooseFault: (call: string) => CentralFault | null = () => null;
  /** Chooses what fails at a call of a journal, told as its draws are named. */
  chooseJournalFault: (call: JournalCall, name: string) => JournalFault | PowerCut | null = () => null;
  /** Errors that an engine should never meet, as it logged them. */
  readonly defects: string[] = [];
  /** What the next engine gets as its central; `number` is 1 for the first. */
  wrap: (central: Central, number: number) => Central = (central) => central;

  constructor(journal: MemoryJournal, chances: Chances, settings: Partial<EngineSettings> = {}) {
    this.#settings = settings;
    this.sides = [this.#sideWith(journal)];
    this.#chances = chances;
  }

  /** One more central for the same panel. Call it before the start. */
  addCentral(journal: MemoryJournal): Side {
    const side = this.#sideWith(journal);
    this.sides.push(side);
    return side;
  }

  #sideWith(journal: MemoryJournal): Side {
    const disk = new JournalDisk(journal);
    const store = new CentralStore();
    const witness = new JournalWitness();
    const judgement = new Judgement();
    const now = (): number => this.clock.now();
    disk.onLanded = (batch) => witness.committed(batch, now());
    observeStrangers(store.provenance, witness, judgement, () => this.byName);
    return { store, disk, witness, judgement, down: false, chooseFault: null };
  }

  /** Somebody wrote at a central just now. */
  somebodyWrote(): void {
    for (const { store } of this.sides) store.provenance.look(this.clock.now());
  }

  /** The first central. */
  get central(): CentralStore {
    return this.#first.store;
  }

  /** The engine of the first central. */
  get engine(): Engine | null {
    return this.engines[0] ?? null;
  }

  /** Empty while the agent does not run. */
  get engines(): readonly Engine[] {
    return this.#run?.engines ?? [];
  }

  get #first(): Side {
    const [first] = this.sides;
    if (first === undefined) throw new Error('a world without a central');
    return first;
  }

  timed(record: ResourceRecord): ResourceRecord {
    return { ...record, ttl: record.ttl ?? this.defaultTtl };
  }

  note(text: string): void {
    this.log.push(`${String(this.clock.now()).padStart(8)} ${text}`);
  }

  /**
   * Starts the agent; resolves once it runs, or when it was killed on the way. A journal that cannot be used is tried again, as the
   * agent does.
   */
  start(): Promise<void> {
    if (this.#starting !== null) return this.#starting;
    const starting = this.#untilStarted().finally(() => {
      if (this.#starting === starting) this.#starting = null;
    });
    this.#starting = starting;
    return starting;
  }

  async #untilStarted(): Promise<void> {
    const boot = this.#boot;
    while (boot === this.#boot) {
      this.panel.provenance.start(this.clock.now());
      for (const { store, disk, witness } of this.sides) {
        store.provenance.start(this.clock.now());
        await disk.recover();
        await witness.load(disk.file, this.clock.now());
      }
      const run = this.#assemble();
      this.#run = run;
      this.applyOutages();
      this.note('engine starts');
      const started = startAll(run.engines);
      if ((await Promise.race([started, run.killed])) !== 'journal') return;
      // What an engine had begun before its journal failed ends with it.
      run.life.dead = true;
      this.#run = null;
      this.note('the journal cannot be used');
      await this.clock.sleep(startAgain);
    }
  }

  #assemble(): Run {
    const life: Life = { dead: false };
    const parts = this.sides.map((side) => this.#parts(side, life));
    const engines = parts.map(({ engine }) => engine);
    const several = new Several(engines.map((engine, at) => ({ number: at + 1, engine })));
    for (const { panel } of parts) this.#hear(panel, several);
    const panels = parts.map(({ panel }) => panel);
    const centrals = parts.map(({ central }) => central);
    const { promise: killed, resolve: end } = Promise.withResolvers<'killed'>();
    return { life, engines, several, panels, centrals, killed, end: () => end('killed') };
  }

  #parts(side: Side, life: Life): { engine: Engine; panel: SimPanel; central: SimCentral } {
    const clock = mortalClock(this.clock, life);
    const number = this.sides.indexOf(side) + 1;
    const panel = new SimPanel(this.panel, this.clock, this.#chances, life, `panel ${number}`);
    const central = new SimCentral(
      side.store,
      this.clock,
      this.#chances,
      life,
      this.byName,
      `central ${number}`,
    );
    central.nextFault = (call) => (side.chooseFault ?? this.chooseFault)(call);
    for (const one of [central, panel]) one.onFault = (kind) => this.tally.fault(kind);
    side.disk.onFault = (kind) => this.tally.fault(`journal ${kind}`);
    side.disk.cutPower = () => this.kill();
    side.disk.nextFault = (call, name) => this.chooseJournalFault(call, `journal ${number} ${name}`);
    central.onCreate = (zone, create) => this.#watchCreate(side.store, zone, create);
    // A name server makes no records of its own.
    const made = (zone: DnsName): ResourceRecord[] => (this.byName ? [] : defaultRecords(zone, 'central'));
    central.defaults = (zone) => made(zone).map((record) => [recordId(record), this.timed(record)]);
    const engine = new Engine({
      panel,
      central: this.wrap(central, number),
      journal: countedJournal(mortalJournal(side.disk, side.disk.file, life, clock), number, this.tally),
      clock,
      log: (level, event, fields) => {
        const at = this.sides.length > 1 ? `${number} ` : '';
        if (level <= 5 && !life.dead) this.note(`  ${at}${event} ${JSON.stringify(fields ?? {})}`);
        if (level === 1 && !life.dead && isDefect(event)) this.defects.push(String(fields?.['error']));
      },
      random: () => this.#chances.next(`engine ${number} random`),
      settings: { ...defaultEngineSettings, ...this.#settings },
    });
    return { engine, panel, central };
  }

  /** A create that is sent now, as what it does when it lands: the answers before and after are compared. */
  #watchCreate(store: CentralStore, zone: DnsName, create: () => void): () => void {
    // Made ahead of the panel, it takes away what the panel is about to have.
    const isAhead = this.panel.visible(zone) === null;
    const sent = this.#panelNames(zone);
    return () => {
      const now = this.#panelNames(zone);
      const wanted = isAhead ? defaultRecords(zone, 'panel').map(({ name }) => name) : [...sent];
      const owed = wanted.filter((name) => (isAhead || now.has(name)) && isAnswered(store.zones, name));
      create();
      if (store.refused.has(zone) || !store.createsWithContent) return;
      const lost = owed.filter((name) => !isAnswered(store.zones, name));
      for (const name of lost) this.note(`the new zone ${zone} takes away ${name}`);
      this.emptied.push(...lost);
    };
  }

  #panelNames(zone: DnsName): Set<DnsName> {
    return new Set([...(this.panel.zones.get(zone)?.values() ?? [])].map(({ name }) => name));
  }

  /** What an engine writes into the panel is an edit for the engines of other centrals. */
  #hear(panel: SimPanel, several: Several): void {
    const ask = async (change: Change, mark: string, stage: 'before' | 'after'): Promise<Verdict> =>
      await several.answer(echo(change, mark, stage), new AbortController().signal);
    panel.onWrite = async (change, mark) => {
      const verdict = await ask(change, mark, 'before');
      if (verdict.kind === 'refuse')
        throw new PanelError('panel.refused', { text: describeVerdict(verdict) });
    };
    panel.onDelete = async (zone, mark, stage) => {
      const edit = {
        kind: 'zone-delete',
        stage,
        zone,
        fingerprint: mark,
        actor: administrator,
        mark,
      } as const;
      const edits: PanelEvent = { kind: 'edits', edits: [edit] };
      const verdict = await several.answer(edits, new AbortController().signal);
      if (verdict.kind === 'refuse' && stage === 'before')
        throw new PanelError('panel.refused', { text: describeVerdict(verdict) });
    };
    if (this.sides.length > 1) {
      panel.onWritten = async (change, mark) => {
        await ask(change, mark, 'after');
      };
    }
  }

  applyOutages(): void {
    if (this.#run === null) return;
    for (const [at, central] of this.#run.centrals.entries())
      central.down = this.centralDown || this.sides[at]?.down === true;
    for (const panel of this.#run.panels) panel.failing = this.panelFailing;
  }

  /** The agent is killed: nothing of it happens any more, hooks being answered get their refusal from the shim. */
  kill(): void {
    this.#boot += 1;
    this.#starting = null;
    if (this.#run === null) return;
    this.#run.life.dead = true;
    this.#run.end();
    this.#run = null;
    this.tally.fault('agent killed');
    this.note('engine killed');
  }

  /**
   * One save in the panel, from `before` to `after`, as the panel would carry it out.
   * @param items what it does to records, for the laws; empty for whole zones
   */
  async edit(
    event: (stage: 'before' | 'after') => EditEvent,
    carryOut: () => boolean,
    local: LocalPart,
    items: readonly EditItem[] = [],
  ): Promise<{ readonly verdict: Verdict; readonly lostAfter: boolean }> {
    const before = event('before');
    const saved: SavedEdit = { event: before, items, answers: [], keptAt: null };
    this.saved.push(saved);
    const verdict = await this.#ask(saved, before);
    this.note(`before ${describeEvent(before)}: ${describeVerdict(verdict)}`);
    if (verdict.kind === 'refuse') return { verdict, lostAfter: false };
    await this.clock.sleep(local.takes);
    if (local.refuses) {
      this.tally.fault('panel refuses its part');
      this.note(`panel refuses its part of ${describeEvent(before)}`);
      return { verdict, lostAfter: false };
    }
    this.#hide(before.zone, local.visibleAfter);
    const done = carryOut();
    this.panel.provenance.look(this.clock.now());
    this.note(`panel ${done ? 'keeps' : 'refuses'} ${describeEvent(before)}`);
    if (done) saved.keptAt = this.clock.now();
    if (!done || local.afterLost) {
      if (done) this.tally.fault('after lost');
      return { verdict, lostAfter: done };
    }
    const after = await this.#ask(saved, event('after'));
    if (after.kind === 'refuse') this.note(`after ${describeEvent(before)}: ${describeVerdict(after)}`);
    return { verdict, lostAfter: after === unanswered };
  }

  async #ask(saved: SavedEdit, edit: EditEvent): Promise<Verdict> {
    const askedAt = this.clock.now();
    const verdict = await this.#hook({ kind: 'edits', edits: [edit] });
    const effects = this.sides.map(({ store }) => store.provenance.effects.length);
    saved.answers.push({ stage: edit.stage, askedAt, at: this.clock.now(), verdict, effects });
    return verdict;
  }

  async hint(zone: DnsName | 'all'): Promise<void> {
    await this.hintOf(zone === 'all' ? 'all' : [zone], administrator);
  }

  async hintOf(zones: readonly DnsName[] | 'all', actor: Actor): Promise<void> {
    await this.#hook({ kind: 'hint', zones, source: 'wwwdomain.edit', fingerprint: '', actor });
  }

  /** A hook call with the shim's own deadline: a dead or hung agent is a refusal in time. */
  async #hook(event: PanelEvent): Promise<Verdict> {
    const run = this.#run;
    if (run === null) return unanswered;
    this.answering += 1;
    const deadline = new AbortController();
    const timer = new AbortController();
    const late = this.clock.sleep(timeToWrite(10_000, this.sides.length), timer.signal).then(
      () => deadline.abort(new Error('deadline')),
      () => undefined,
    );
    const given = this.clock.sleep(14_000, timer.signal).then(
      () => unanswered,
      () => unanswered,
    );
    const verdict = await Promise.race([run.several.answer(event, deadline.signal), given]);
    timer.abort();
    await late;
    this.answering -= 1;
    return verdict;
  }

  /** From now on reads show the zone as it is at this moment, until the delay has passed. */
  #hide(zone: DnsName, ms: number): void {
    if (ms <= 0) return;
    this.tally.fault('panel reads lag');
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

/** Whose edits the panel's owner check never stands against. */
export const administrator: Actor = { name: 'alice', rank: 'administrator' };

export function recordsEvent(
  zone: DnsName,
  items: readonly EditItem[],
  stage: 'before' | 'after',
  actor = administrator,
): EditEvent {
  return {
    kind: 'records',
    stage,
    zone,
    fingerprint: JSON.stringify([zone, items]),
    actor,
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

/** Whether the engine logs by this event, at level 1, an error that none of its ports declares. */
function isDefect(event: string): boolean {
  return ['engine.defect', 'zone.later', 'compare.failed', 'owners.later'].includes(event);
}

/** @returns `journal` when one of the journals could not be read */
async function startAll(engines: readonly Engine[]): Promise<'started' | 'journal'> {
  try {
    for (const engine of engines) await engine.start();
    return 'started';
  } catch (error) {
    if (error instanceof JournalError) return 'journal';
    throw error;
  }
}

function echo(change: Change, mark: string, stage: 'before' | 'after'): PanelEvent {
  const items: EditItem[] = [
    ...change.remove.map((remove) => ({ remove, add: null })),
    ...change.add.map((add) => ({ remove: null, add })),
  ];
  return { kind: 'edits', edits: [{ ...recordsEvent(change.zone, items, stage), mark }] };
}

function describeEvent(event: EditEvent): string {
  return `${event.kind} ${event.fingerprint}`;
}

function describeVerdict(verdict: Verdict): string {
  return verdict.kind === 'accept' ? 'accept' : `refuse ${verdict.problems.map(({ code }) => code).join()}`;
}
