import { parseName, type DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Central } from '../../core/central.ts';
import { Engine } from '../../core/engine/engine.ts';
import { defaultEngineSettings, type EngineSettings } from '../../core/engine/settings.ts';
import type { Journal } from '../../core/journal.ts';
import type { SerialReader } from '../../core/serials.ts';
import type { MemoryJournal } from '../memory-journal.ts';
import type { Actor, EditEvent, EditItem, PanelEvent, Verdict } from '../../core/panel.ts';
import { Several, timeToWrite } from '../../core/several.ts';
import { isDefect, openAt, startAgain, startAll, type ComingCut, type Run } from './agent-run.ts';
import { VirtualClock } from '../virtual-clock.ts';
import type { Chances } from './chances.ts';
import { JournalWitness } from './journal-witness.ts';
import type { SavedEdit } from './laws/answers.ts';
import { Approvals } from './laws/approvals.ts';
import { Exclusions } from './laws/exclusions.ts';
import { Judgement } from './laws/judgement.ts';
import { Claims } from './laws/claims.ts';
import { checkAccepted, checkCreated, checkPutBack, Commits, type HookCallTimes } from './laws/commits.ts';
import { observeMoments } from './laws/moments.ts';
import { ObservingLaws } from './laws/observing.ts';
import { checkPanelDelete } from './laws/panel-writes.ts';
import { PausingLaws } from './laws/pausing.ts';
import { DoubtLaws } from './laws/doubts.ts';
import type { Due, EngineRun } from './laws/promptness.ts';
import { checkAsked, Proofs, type Question } from './laws/proofs.ts';
import { checkLeftOut } from './laws/serials.ts';
import { checkQuoted, observeExpectations } from './laws/expectations.ts';
import { observeForeign } from './laws/foreign.ts';
import { mortalClock, type Life } from './life.ts';
import {
  CentralStore,
  noTroubles,
  SimCentral,
  type CentralFault,
  type CentralTroubles,
} from './sim-central.ts';
import { SimConditional } from './sim-conditional.ts';
import {
  JournalDisk,
  mortalJournal,
  type JournalCall,
  type JournalFault,
  type JournalImage,
  type PowerCut,
} from './sim-journal.ts';
import { administrator, describeEvent, describeVerdict } from './edits.ts';
import { LateReads, longLag, showsLate } from './late-reads.ts';
import { defaultRecords, watchCreate } from './new-zones.ts';
import { hearOwnWrites } from './own-writes.ts';
import { Pauses, PausingAgent } from './pauses.ts';
import { PanelStore, SimPanel } from './sim-panel.ts';
import { SimSerials } from './sim-serials.ts';
import { countedJournal, Tally } from './tally.ts';

/**
 * What the panel does after its `before` call was accepted: its own part of the edit, and the `after` call.
 */
export interface LocalPart {
  /** Whether the panel refuses its part. */
  readonly refuses: boolean;
  /** How long the panel takes to carry out its part, in milliseconds. */
  readonly takes: number;
  /** Whether the `after` call is lost. */
  readonly afterLost: boolean;
  /**
   * For so many milliseconds after the panel has carried out its part, reads still show the zone without the
   * edit.
   */
  readonly visibleAfter: number;
  /** Milliseconds from the panel's part to the `after` call; absent: the call comes at once. */
  readonly afterLate?: number | undefined;
  /** Whether the `after` call comes twice. */
  readonly afterTwice?: boolean | undefined;
  /** Whether the `after` call comes although the panel refuses its part. */
  readonly afterAnyway?: boolean | undefined;
}

/** One of the edits that a click makes. */
export interface ClickedEdit {
  readonly event: (stage: 'before' | 'after') => EditEvent;
  readonly carryOut: () => boolean;
  /**
   * Records that the edit removes and adds, which the laws need. Absent for the create or delete of a zone.
   */
  readonly items?: readonly EditItem[];
}

/** The result of a click. */
export interface Played {
  /** The answer to `before`. */
  readonly verdict: Verdict;
  /** Whether the agent did not learn that the panel kept the edits. */
  readonly lostAfter: boolean;
  /** Whether a hook call was answered while the settings did not name the first central. */
  readonly elsewhere: boolean;
  /** Whether a hook call came during a pause. */
  readonly paused: boolean;
}

/** A central of the world, its journal, and what the laws observe of both. */
export interface Side {
  readonly store: CentralStore;
  readonly disk: JournalDisk;
  /** Follows what the journal on disk contains, for the laws. */
  readonly witness: JournalWitness;
  /** Violations that were found at this central while the history ran. */
  readonly judgement: Judgement;
  /** Periods in which the agent ran and its settings named this central, in order. */
  readonly runs: EngineRun[];
  /** Calls of panel functions that named a zone and that the engine answered, each with its time. */
  readonly hints: Due[];
  /** What operators approved at this central. */
  readonly approvals: Approvals;
  /** What operators excluded or included at this central, in order. `name` null: the whole zone. */
  readonly excluded: Exclusions;
  readonly exclusions: { readonly zone: DnsName; readonly name: DnsName | null }[];
  /** Requests of operators to the engine of this central, in order. */
  readonly questions: Question[];
  /** Checks engines that only observe, and the strict engines after them. */
  readonly observing: ObservingLaws;
  /** Checks engines whose journal may lack the newest events. */
  readonly doubts: DoubtLaws;
  /** Checks the engine's behaviour during a pause. */
  readonly pausing: PausingLaws;
  /** Only with pauses: the zones in which a safety limit kept a comparison from removing records. */
  readonly limited: Set<DnsName>;
  /** Fingerprints of the edits that its engine is writing into the panel right now. */
  readonly echoes: Set<string>;
  /**
   * Periods in which this central was out of reach, in monotonic milliseconds. `until` is `Infinity` while
   * one lasts.
   */
  readonly outages: { readonly from: number; until: number }[];
  /** Whether only this central is out of reach. `centralDown` means all centrals. */
  down: boolean;
  chooseFault: ((call: string) => CentralFault | null) | null;
  readonly serials: SimSerials;
}

/** The content of a host's disk at some time: its panel, and the journal of its first central. */
export interface HostImage {
  readonly of: World;
  readonly zones: ReadonlyMap<DnsName, ReadonlyMap<string, ResourceRecord>>;
  readonly owners: ReadonlyMap<DnsName, readonly string[] | null>;
  readonly journal: JournalImage | null;
}

/** A panel and one or more centrals. Each central has a journal on disk, and at most one engine in force. */
export class World {
  readonly clock: VirtualClock;
  readonly panel = new PanelStore();
  readonly log: string[];
  readonly tally = new Tally();
  /**
   * Names in new zones of the panel. The central answered queries about these names from another zone, until
   * it had the new zone. No zone may take away answers in this way.
   */
  readonly emptied: string[] = [];
  readonly pauses: Pauses;
  /** When the agent was killed, monotonic milliseconds. */
  readonly stops: number[] = [];
  /** Every save of a user, in order, with the answers to its hook calls. */
  readonly saved: SavedEdit[] = [];
  readonly #lateReads = new LateReads(this.panel, this.saved);
  /** The first central, then those added by `addCentral`. */
  readonly sides: Side[];
  /**
   * The centrals that the settings name (`#named`), and those that the agent uses already (`#active`); null:
   * all.
   */
  #named: readonly Side[] | null = null;
  #active: readonly Side[] | null = null;
  #switching: Promise<void> = Promise.resolve();
  /**
   * Engines of former settings that still finish their open operations, by central. `stopped` resolves when
   * the engine has stopped.
   */
  readonly #draining = new Map<Side, { readonly engine: Engine; readonly stopped: Promise<void> }>();
  /** Lives of the engines since the last kill, and the simulated central and panel of each engine. */
  readonly #lives = new Set<Life>();
  #connected: { readonly side: Side; readonly central: SimCentral; readonly panel: SimPanel }[] = [];
  powerCut: ComingCut | null = null;
  readonly #chances: Chances;
  readonly #settings: Partial<EngineSettings>;
  /** Text before every line that this host writes to the log. */
  readonly #host: string;
  /** Whether the host was shut down for good. */
  isRetired = false;
  #run: Run | null = null;
  #starting: Promise<void> | null = null;
  /** When the running agent was started (monotonic milliseconds). */
  #startedAt = 0;
  #steppedAt = -Infinity;
  /**
   * Recent steps of the wall clock. `at`: when (monotonic ms). `by`: how many ms. `before`: `#steppedAt`
   * before the step.
   */
  #steps: { readonly at: number; readonly by: number; readonly before: number }[] = [];
  /** Number of kills so far. A start that began before a kill ends without effect. */
  #boot = 0;
  /** Number of hook calls that are being answered at the moment. */
  answering = 0;
  /** TTL in seconds of records that are written without one; null: neither side keeps TTLs. */
  defaultTtl: number | null = null;
  /** Whether the central can neither list zones nor read whole ones. */
  byName = false;
  /** Whether the centrals of engines that start from now on take expectations. */
  conditional = false;
  /** Whether engines can read the serials of zones at both sides. */
  showsSerials = false;
  readonly #panelSerials = new SimSerials(this.panel.zones, 1_000_000);
  /** The mode in the settings file; engines have it from their start. {@link World.setMode} changes it. */
  mode: EngineSettings['mode'] = 'strict';
  /** Resolves once no engine is being replaced. Hook calls wait for this. */
  #handedOver: Promise<void> = Promise.resolve();
  readonly #calls = new Set<Promise<unknown>>();
  /** Zones of each hook call that an agent is answering. */
  readonly #callZones = new Map<Promise<unknown>, readonly DnsName[]>();
  /** Whether the engines in force only observe, and whether any engine ever observed. */
  observes = false;
  everObserved = false;
  centralDown = false;
  panelFailing = false;
  chooseFault: (call: string) => CentralFault | null = () => null;
  /** Faults of reads and of name servers. A call is identified by the name of its random draws. */
  centralTroubles: CentralTroubles = noTroubles;
  panelBreaksOff: (call: string) => boolean = () => false;
  /** Chooses the fault of a journal call; null: no fault. `name`: the name of the call's random draws. */
  chooseJournalFault: (call: JournalCall, name: string) => JournalFault | PowerCut | null = () => null;
  /** Errors in the engine's log that only a defect of the engine can cause. */
  readonly defects: string[] = [];
  /** Wraps the central that the next engine gets. `number`: 1 for the first central. */
  wrap: (central: Central, number: number) => Central = (central) => central;

  /** @param image content of another host's disk; this world's host then begins as a copy of that host */
  constructor(
    journal: MemoryJournal,
    chances: Chances,
    settings: Partial<EngineSettings> = {},
    image: HostImage | null = null,
  ) {
    this.#settings = settings;
    this.clock = image?.of.clock ?? new VirtualClock();
    this.log = image?.of.log ?? [];
    this.#host = image === null ? '' : 'copy: ';
    this.pauses = new Pauses(this.clock);
    this.sides = [this.#sideWith(journal, image)];
    this.#observePanel();
    this.#chances = chances;
  }

  /** Adds another central for the same panel. Call this before the start. */
  addCentral(journal: MemoryJournal): Side {
    const side = this.#sideWith(journal);
    this.sides.push(side);
    return side;
  }

  #sideWith(journal: MemoryJournal, image: HostImage | null = null): Side {
    const disk = new JournalDisk(journal, image?.journal);
    const store = new CentralStore(image?.of.central);
    const witness = new JournalWitness();
    const judgement = new Judgement();
    const now = (): number => this.clock.now();
    disk.onLanded = (batch) => {
      store.journalled(batch.operations ?? []);
      witness.committed(batch, now());
    };
    const sides = { panel: this.panel.provenance, central: store.provenance };
    const approvals = new Approvals(sides, witness, judgement);
    observeForeign(store.provenance, witness, judgement, { showsByName: () => this.byName, approvals });
    const observing = new ObservingLaws(judgement);
    const doubts = new DoubtLaws(judgement);
    const echoes = new Set<string>();
    const answering = (): ReadonlySet<DnsName> => new Set([...this.#callZones.values()].flat());
    const pausing = new PausingLaws({ pauses: this.pauses, witness, answering }, judgement);
    const side = {
      store,
      disk,
      witness,
      judgement,
      observing,
      doubts,
      pausing,
      limited: new Set<DnsName>(),
      runs: [],
      hints: [],
      approvals,
      excluded: new Exclusions(judgement),
      exclusions: [],
      questions: [],
      echoes,
      outages: [],
      down: false,
      chooseFault: null,
      serials: new SimSerials(store.zones, 1),
    };
    this.#observeApprovals(side);
    this.#observeProofs(side);
    observeMoments(side, {
      panel: this.panel,
      saved: this.saved,
      hints: side.hints,
      now,
      wall: () => this.clock.wall(),
      goingIn: (zone) => this.#goingIn(store, zone),
    });
    const { provenance, unanswered } = store;
    observeExpectations({ provenance, unanswered, witness, judgement });
    return side;
  }

  #observeApprovals({ store, witness, approvals, excluded }: Side): void {
    const { onCommit } = witness;
    witness.onCommit = (batch) => {
      this.panel.provenance.look(this.clock.now());
      approvals.committed(batch);
      excluded.committed(batch);
      onCommit(batch);
    };
    const { onSent } = store.provenance;
    store.provenance.onSent = (request) => {
      approvals.sent(request);
      excluded.sent(request);
      onSent(request);
    };
    const { onLanded } = this.panel.provenance;
    this.panel.provenance.onLanded = (request, effects) => {
      onLanded(request, effects);
      approvals.written(request, effects);
    };
  }

  #observeProofs(side: Side): void {
    const { store, witness, judgement, approvals, observing, doubts, pausing } = side;
    const proofs = new Proofs(() => {
      const { panel, saved } = this;
      const settings = { ...defaultEngineSettings, ...this.#settings };
      const times = { startedAt: this.#startedAt, steppedAt: this.#steppedAt };
      const reader = `panel ${this.sides.indexOf(side) + 1}`;
      const isAlone = this.sides.length === 1;
      const { questions } = side;
      return { panel, saved, store, witness, reader, settings, times, isAlone, approvals, questions };
    }, judgement);
    const commits = new Commits(
      {
        panel: this.panel.provenance,
        central: store.provenance,
        approvals,
        now: () => this.clock.now(),
        isAsked: (zone) => this.panel.calls.some((call) => call.zone === zone && call.until === Infinity),
        isOwn: (fingerprint) => this.#echoing(fingerprint).every((one) => one === side),
        isShownLate: (zone, id) => showsLate(this.panel, zone, id, this.clock.now()),
      },
      witness,
      judgement,
    );
    const claims = new Claims(this.panel, witness, judgement, () => this.active.includes(side));
    const { onCommit } = witness;
    witness.onCommit = (batch) => {
      onCommit(batch);
      this.panel.provenance.look(this.clock.now());
      commits.committed(batch);
      observing.committed(batch);
      doubts.committed(batch);
      pausing.committed(batch);
      proofs.committed(batch);
    };
    const { onSent } = store.provenance;
    store.provenance.onSent = (request) => {
      onSent(request);
      commits.sent(request);
      observing.sentToCentral(request);
      doubts.sent(request);
      pausing.sent(request);
      proofs.sent(request);
      claims.sent(request);
    };
    const { onLanded } = this.panel.provenance;
    this.panel.provenance.onLanded = (request, effects) => {
      onLanded(request, effects);
      claims.restored(request, effects);
    };
  }

  /** Centrals whose engine is writing an edit with this fingerprint into the panel; `[null]`: none is. */
  #echoing(fingerprint: string): readonly (Side | null)[] {
    const echoing = this.sides.filter(({ echoes }) => echoes.has(fingerprint));
    return echoing.length === 0 ? [null] : echoing;
  }

  /** The request that an engine is making in the zone at this central, in words; null: none. */
  #goingIn(store: CentralStore, zone: DnsName): string | null {
    const own = this.#connected.filter(({ side }) => side.store === store);
    return own.map(({ central }) => central.wire.goingIn(zone)).find((what) => what !== null) ?? null;
  }

  #observePanel(): void {
    this.panel.provenance.onSent = (request) => {
      const { panel, saved, sides } = this;
      const witnesses = sides.map(({ witness }) => witness);
      checkPanelDelete(request, { panel, witnesses, saved }, this.#first.judgement);
      for (const { observing } of sides) observing.sent(request);
      // With several centrals, this function does not know which engine sends the request.
      if (sides.length === 1) {
        this.#first.doubts.sent(request);
        this.#first.pausing.sent(request);
      }
    };
  }

  /** Steps the wall clock, like an administrator or NTP. */
  stepClock(ms: number): void {
    this.clock.stepWall(ms);
    this.clockStepped(ms);
  }

  /** Records a step of the wall clock. */
  clockStepped(ms: number): void {
    const now = this.clock.now();
    const steps = this.#steps.filter(({ at }) => now - at < defaultEngineSettings.grace);
    steps.push({ at: now, by: ms, before: this.#steppedAt });
    this.#steps = steps;
    const { clockStep } = defaultEngineSettings;
    // The newest steps may cancel each other out. Then the engine need not notice any of them.
    const unnoticed = steps.find(
      (_, first) => Math.abs(steps.slice(first).reduce((sum, { by }) => sum + by, 0)) < clockStep,
    );
    this.#steppedAt = unnoticed === undefined ? now : unnoticed.before;
  }

  /** Records a write that somebody else has just made at a central. */
  otherWrote(): void {
    for (const { store } of this.sides) store.look(this.clock.now());
  }

  /** The first central. */
  get central(): CentralStore {
    return this.#first.store;
  }

  /** The engine of the first central; null: the agent does not run. */
  get engine(): Engine | null {
    return this.engines[0] ?? null;
  }

  /** The engines of the running agent; empty while none runs. */
  get engines(): readonly Engine[] {
    return this.#run?.engines ?? [];
  }

  /** The journals, in the order of `engines`. */
  get journals(): readonly Journal[] {
    return this.#run?.journals ?? [];
  }

  /** The centrals of the settings in force, in the order of `engines`. */
  get active(): readonly Side[] {
    return this.#active ?? this.sides;
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
    this.log.push(`${String(this.clock.now()).padStart(8)} ${this.#host}${text}`);
  }

  /**
   * Starts the agent, unless it runs. Resolves once it runs, or when it is killed before that. While a
   * journal cannot be used, tries again, as the agent does.
   */
  start(): Promise<void> {
    if (this.#starting !== null) return this.#starting;
    if (this.#run !== null || this.isRetired) return Promise.resolve();
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
      for (const [at, { store, disk, witness, doubts }] of this.sides.entries()) {
        store.provenance.start(this.clock.now());
        doubts.opened(await disk.recover(this.clock));
        await witness.load(disk.file, this.clock.now());
        const found = witness.operations.values().map(({ operation }) => operation);
        this.tally.opened(at + 1, found);
      }
      this.#active = this.#named;
      const run = this.#assemble();
      this.#run = run;
      this.#noteMode();
      this.applyOutages();
      this.note('engine starts');
      this.#startedAt = this.clock.now();
      const started = startAll(run.engines);
      const how = await Promise.race([started, run.killed]);
      // An engine whose journal belongs to another host does no work, so its start does not count.
      if (how === 'started') this.#runsFrom(this.active.filter(({ doubts }) => !doubts.isOthers));
      if (how === 'started') run.pausing?.begin();
      if (how !== 'journal') return;
      // The journal of an engine has failed. Everything that the engines were doing stops.
      run.life.dead = true;
      this.#run = null;
      this.note('the journal cannot be used');
      await this.clock.sleep(startAgain);
    }
  }

  /** Records the mode of the engines that replace the present ones. */
  #noteMode(): void {
    const observes = this.mode === 'observe';
    const { panel } = this;
    const zones = new Set([...panel.zones.keys(), ...panel.stale.keys()]);
    const shown = new Map(
      [...zones].flatMap((zone) => {
        const records = panel.visible(zone);
        return records === null ? [] : [[zone, records] as const];
      }),
    );
    if (observes !== this.observes)
      for (const { observing, witness, store } of this.sides)
        observing.changed(observes, {
          witness,
          panel: panel.provenance,
          central: store.provenance,
          shown,
        });
    this.observes = observes;
    this.everObserved ||= observes;
  }

  #assemble(): Run {
    const life: Life = { dead: false };
    this.#lives.add(life);
    const pausing = this.#pausing(life);
    const parts = this.active.map((side) => this.#parts(side, life, pausing));
    const engines = parts.map(({ engine }) => engine);
    const members = engines.map((engine, at) => ({ number: at + 1, engine }));
    const several = new Several(members, () => this.#draining.values().map(({ engine }) => engine));
    // An engine of earlier settings also writes into the panel. The hook calls for its writes go to the
    // engines in force.
    const inForce = (): Several => (life.dead ? several : (this.#run?.several ?? several));
    const isAlone = (): boolean => parts.length === 1 && inForce() === several;
    for (const { panel, echoes } of parts) hearOwnWrites(panel, inForce, isAlone, echoes);
    const { promise: killed, resolve: end } = Promise.withResolvers<'killed'>();
    const journals = parts.map(({ journal }) => journal);
    return { life, engines, journals, several, pausing, killed, end: () => end('killed') };
  }

  /** Makes the agent's part that handles pauses; null: the history has no pauses. */
  #pausing(life: Life): PausingAgent | null {
    if (!this.pauses.isOn) return null;
    return new PausingAgent(this.pauses, {
      clock: mortalClock(this.clock, life),
      engines: () => this.engines,
      journals: () => this.journals,
      note: (text) => this.note(text),
    });
  }

  #parts(
    side: Side,
    life: Life,
    pausing: PausingAgent | null,
  ): { engine: Engine; journal: Journal; panel: SimPanel; echoes: Set<string> } {
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
    central.troubles = {
      breaksOff: (call) => this.centralTroubles.breaksOff(call),
      isNotLive: (call) => this.centralTroubles.isNotLive(call),
    };
    panel.breaksOff = (call) => this.panelBreaksOff(call);
    side.disk.cutPower = () => this.kill();
    side.disk.nextFault = (call, name) => this.#journalFault(side, call, `journal ${number} ${name}`);
    central.onCreate = (zone, create) =>
      watchCreate({ panel: this.panel, store: side.store }, zone, create, (name) => {
        this.note(`the new zone ${zone} takes away ${name}`);
        this.emptied.push(name);
      });
    central.wire.onRequest = (operation, what) => {
      if (life.dead || operation === '-' || this.tally.hasSeen(number, operation)) return;
      side.judgement.violate('journal.before-write', what);
    };
    central.wire.onOverlap = (text) => {
      if (!life.dead) side.judgement.violate('locks.overlap', text);
    };
    panel.onOverlap = (zone) => {
      // The first comparison runs beside everything else, so its reads may overlap with others.
      const isOver = side.witness.baselineAt !== null;
      // A request of an operator may read the zone at the same time as background work.
      if (!life.dead && isOver && !isAsked(side.questions, zone))
        side.judgement.violate('turns.overlap', `${zone} is read twice at once`);
    };
    for (const one of [central, panel]) one.onFault = (kind) => this.tally.fault(kind);
    side.disk.onFault = (kind) => this.tally.fault(`journal ${kind}`);
    // A central that cannot list zones stands for a plain name server, which adds no default records.
    const made = (zone: DnsName): ResourceRecord[] => (this.byName ? [] : defaultRecords(zone, 'central'));
    central.defaults = (zone) => made(zone).map((record) => [recordId(record), this.timed(record)]);
    const mortal = mortalJournal(side.disk, side.disk.file, life, clock);
    const journal = countedJournal(mortal, number, this.tally);
    if (this.showsSerials) central.showSerials(side.serials);
    if (this.conditional) {
      const parts = { central, clock: this.clock, chances: this.#chances, life, name: `central ${number}` };
      central.conditional = new SimConditional(parts);
    }
    const engine = new Engine({
      panel,
      ...(this.showsSerials && { serials: this.#panelReader() }),
      central: this.wrap(central, number),
      journal,
      clock,
      log: (level, event, fields) => {
        const at = this.sides.length > 1 ? `${number} ` : '';
        if (level <= 5 && !life.dead) this.note(`  ${at}${event} ${JSON.stringify(fields ?? {})}`);
        if (event === 'follow.limited' && this.pauses.isOn)
          side.limited.add(parseName(String(fields?.['zone'])));
        if (event === 'zone.unchanged' && !life.dead) this.#leftOut(side, String(fields?.['zone']));
        if (level === 1 && !life.dead && isDefect(event)) this.defects.push(String(fields?.['error']));
      },
      random: () => this.#chances.next(`engine ${number} random`),
      ...(pausing && { isPaused: () => pausing.isHolding() }),
      settings: { ...defaultEngineSettings, ...this.#settings, mode: this.mode },
    });
    this.#connected.push({ side, central, panel });
    return { engine, journal, panel, echoes: side.echoes };
  }

  #panelReader(): SerialReader {
    return {
      serials: async (zones) => {
        const found = zones.map((zone) => [zone, this.#panelSerials.serial(zone)] as const);
        return await Promise.resolve(
          new Map(found.flatMap(([zone, one]) => (one === null ? [] : [[zone, one]]))),
        );
      },
      close: () => undefined,
    };
  }

  /** Checks a zone that a comparison of this central has skipped because of its serials. */
  #leftOut({ serials, witness, judgement }: Side, name: string): void {
    this.tally.fault('comparison by serials');
    const zone = parseName(name);
    const held = { panel: this.#panelSerials.held(zone), central: serials.held(zone) };
    checkLeftOut(zone, held, witness, judgement);
  }

  #journalFault(side: Side, call: JournalCall, name: string): JournalFault | PowerCut | null {
    const cut = this.powerCut;
    if (cut === null || call === 'read' || (cut.commits -= 1) > 0) {
      side.disk.cutPower = () => this.kill();
      return this.chooseJournalFault(call, name);
    }
    this.powerCut = null;
    side.disk.cutPower = () => {
      this.kill();
      cut.onCut();
    };
    return cut.kind;
  }

  /**
   * Changes the settings to name only this central. Like the agent, starts an engine for it, and lets the
   * earlier engine finish its open operations. If the new journal cannot be used, the earlier settings stay
   * in force.
   */
  async use(side: Side): Promise<void> {
    this.#named = [side];
    this.#switching = this.#switching.then(() => this.#switchTo(side));
    await this.#switching;
  }

  async #switchTo(side: Side): Promise<void> {
    const boot = this.#boot;
    await this.#starting;
    const former = this.#run;
    await Promise.race([this.#draining.get(side)?.stopped, former?.killed]);
    // After a kill, the next start uses the new settings in any case.
    if (boot !== this.#boot || former === null || this.active[0] === side) return;
    const before = this.active;
    this.#active = [side];
    const run = this.#assemble();
    this.note(`the settings name central ${this.sides.indexOf(side) + 1}`);
    const started = await Promise.race([startAll(run.engines), former.killed]);
    if (started === 'started') {
      this.#run = { ...run, killed: former.killed, end: former.end };
      for (const engine of run.engines) engine.compare('all', 'new-central', 'limited');
      this.#runsUntilNow(before);
      this.#runsFrom([side]);
      this.applyOutages();
      for (const [at, one] of before.entries()) this.#drain(one, former, at);
      return;
    }
    run.life.dead = true;
    if (boot === this.#boot) this.#active = before;
  }

  /**
   * Changes the mode in the settings. Like the agent, lets the calls in progress end, stops the engines, and
   * starts new ones on their journals. Calls that come meanwhile wait.
   */
  async setMode(mode: EngineSettings['mode']): Promise<void> {
    this.mode = mode;
    this.#switching = this.#switching.then(() => {
      this.#handedOver = this.#handOver();
      return this.#handedOver;
    });
    await this.#switching;
  }

  async #handOver(): Promise<void> {
    const boot = this.#boot;
    await this.#starting;
    const former = this.#run;
    // After a kill, the next start uses the new mode in any case.
    if (boot !== this.#boot || former === null) return;
    this.note(`the settings say mode ${this.mode}`);
    await Promise.race([Promise.all(this.#calls), former.killed]);
    await Promise.race([Promise.all(former.engines.map((engine) => engine.stop())), former.killed]);
    if (boot !== this.#boot) return;
    former.life.dead = true;
    this.#connected = [];
    this.#run = null;
    this.#runsUntilNow(this.active);
    // Opening the journals takes a moment.
    await this.clock.sleep(1);
    await this.start();
  }

  #runsFrom(sides: readonly Side[]): void {
    for (const { runs } of sides) runs.push({ from: this.clock.now(), until: Infinity });
  }

  #runsUntilNow(sides: readonly Side[]): void {
    for (const { runs } of sides) {
      const last = runs.pop();
      if (last !== undefined) runs.push({ ...last, until: Math.min(last.until, this.clock.now()) });
    }
  }

  #drain(side: Side, { engines, journals, life }: Run, at: number): void {
    const [engine, journal] = [engines[at], journals[at]];
    if (engine === undefined || journal === undefined) return;
    const clock = mortalClock(this.clock, life);
    const finish = async (): Promise<void> => {
      while ((await openAt(journal, clock.wall())) > 0) await clock.sleep(1_000);
      await engine.stop();
      this.#draining.delete(side);
    };
    this.#draining.set(side, { engine, stopped: finish() });
  }

  applyOutages(): void {
    const now = this.clock.now();
    noteOutage(this.panel.outages, this.panelFailing, now);
    for (const side of this.sides) noteOutage(side.outages, this.centralDown || side.down, now);
    for (const { side, central, panel } of this.#connected) {
      central.down = this.centralDown || side.down;
      panel.failing = this.panelFailing;
    }
  }

  /** Kills the agent. All its work stops. The hook script refuses the calls that the agent was answering. */
  kill(): void {
    this.#boot += 1;
    this.#starting = null;
    for (const life of this.#lives) life.dead = true;
    this.#lives.clear();
    this.#connected = [];
    this.#draining.clear();
    this.#calls.clear();
    this.#callZones.clear();
    this.stops.push(this.clock.now());
    // The next agent does not wait for these calls, so its reads do not count as overlapping with them.
    for (const call of this.panel.calls) call.until = Math.min(call.until, this.clock.now());
    if (this.#run === null) return;
    this.#run.end();
    this.#run = null;
    this.#runsUntilNow(this.sides);
    this.tally.fault('agent killed');
    this.note('engine killed');
  }

  /**
   * Plays one save in the panel: `before`, the panel's own part, `after`.
   * @param items records that the edit removes and adds, for the laws; empty for the create or delete of a
   * zone
   */
  async edit(
    event: ClickedEdit['event'],
    carryOut: ClickedEdit['carryOut'],
    local: LocalPart,
    items: readonly EditItem[] = [],
  ): Promise<Played> {
    return await this.click([{ event, carryOut, items }], local);
  }

  /**
   * Plays a click that makes several edits: one `before` for all of them, and one `after` for those that the
   * panel carried out.
   * @returns as `edit` does
   */
  async click(edits: readonly ClickedEdit[], local: LocalPart): Promise<Played> {
    const saved = new Map<ClickedEdit, SavedEdit>();
    for (const edit of edits)
      saved.set(edit, {
        event: edit.event('before'),
        items: edit.items ?? [],
        askedAt: this.clock.now(),
        answers: [],
        keptAt: null,
      });
    this.saved.push(...saved.values());
    const played = await this.#play(saved, local);
    // All edits of a click have the same answers.
    const [one] = saved.values();
    const answers = one?.answers ?? [];
    return {
      ...played,
      elsewhere: answers.some(({ numbers, paused }) => numbers[0] === 0 && paused !== true),
      paused: answers.some(({ paused }) => paused === true),
    };
  }

  async #play(
    saved: ReadonlyMap<ClickedEdit, SavedEdit>,
    local: LocalPart,
  ): Promise<Omit<Played, 'elsewhere' | 'paused'>> {
    const what = [...saved.values()].map(({ event }) => describeEvent(event)).join(' and ');
    const verdict = await this.#ask('before', saved);
    this.note(`before ${what}: ${describeVerdict(verdict)}`);
    if (verdict.kind === 'refuse') return { verdict, lostAfter: false };
    if (local.takes >= longPart) this.tally.fault('panel takes long');
    await this.clock.sleep(local.takes);
    if (local.refuses) {
      this.tally.fault('panel refuses its part');
      this.note(`panel refuses its part of ${what}`);
      if (local.afterAnyway === true) {
        this.tally.fault('after without the edit');
        await this.#after(saved, what);
      }
      return { verdict, lostAfter: false };
    }
    const done = new Map([...saved].filter(([edit]) => this.#carryOut(edit, local)));
    for (const edit of done.values()) edit.keptAt = this.clock.now();
    if (done.size === 0 || local.afterLost) {
      if (done.size > 0) this.tally.fault('after lost');
      return { verdict, lostAfter: done.size > 0 };
    }
    if (local.afterLate !== undefined) {
      this.tally.fault('after late');
      await this.clock.sleep(local.afterLate);
    }
    const after = await this.#after(done, what);
    if (local.afterTwice === true) {
      this.tally.fault('after twice');
      await this.#after(done, what);
    }
    const isUnheard = after.kind === 'refuse' && after.changed === 'panel-unknown';
    return { verdict, lostAfter: after === unanswered || isUnheard };
  }

  #carryOut({ event, carryOut }: ClickedEdit, { visibleAfter }: LocalPart): boolean {
    const before = event('before');
    this.#hide(before.zone, visibleAfter);
    const done = carryOut();
    this.panel.provenance.look(this.clock.now());
    this.note(`panel ${done ? 'keeps' : 'refuses'} ${describeEvent(before)}`);
    return done;
  }

  async #after(saved: ReadonlyMap<ClickedEdit, SavedEdit>, what: string): Promise<Verdict> {
    const verdict = await this.#ask('after', saved);
    if (verdict.kind === 'refuse') this.note(`after ${what}: ${describeVerdict(verdict)}`);
    return verdict;
  }

  /** Makes one hook call for some edits, checks the answer by the laws, and stores it with each edit. */
  async #ask(stage: 'before' | 'after', saved: ReadonlyMap<ClickedEdit, SavedEdit>): Promise<Verdict> {
    const askedAt = this.clock.now();
    const edits = [...saved.keys()].map(({ event }) => event(stage));
    const calls = edits.map(({ zone, actor: { rank } }) => {
      return { zone, from: askedAt, until: Infinity, counts: rank === 'administrator' };
    });
    this.panel.calls.push(...calls);
    // When the answer comes, the settings may name another central. So the centrals that are asked now are
    // kept here.
    const { active } = this;
    const synced = active.map(({ witness }) => syncedZones(witness));
    const judges = active.map(({ doubts }) => doubts.asked());
    const answered = await this.#hook({ kind: 'edits', edits });
    const { verdict, paused = false } = answered;
    // In mode `observe` and during a pause, the engines do not decide about the edits of a call.
    const observed = answered.observed || paused;
    if (answered.observed && stage === 'before' && verdict.kind === 'refuse')
      this.#first.judgement.violate('observe.refused', describeVerdict(verdict));
    if (!observed && stage === 'before') for (const judge of judges) judge(verdict);
    // An edit that is only observed concerns no central, as if the settings named none.
    const numbers = this.sides.map((side) => (observed ? 0 : active.indexOf(side) + 1));
    if (!observed) this.#check(active, synced, { edits, askedAt }, verdict);
    for (const call of calls) call.until = Math.min(call.until, this.clock.now());
    const effects = this.sides.map(({ store }) => store.provenance.effects.length);
    const inPause = paused ? ({ paused } as const) : {};
    const answer = { stage, askedAt, at: this.clock.now(), verdict, effects, numbers, ...inPause };
    for (const { answers } of saved.values()) answers.push(answer);
    return verdict;
  }

  /**
   * Checks the answer to a call by the laws. @param synced for each central, its synced zones before the call
   */
  #check(
    active: readonly Side[],
    synced: readonly ReadonlySet<DnsName>[],
    { edits, askedAt }: { readonly edits: readonly EditEvent[]; readonly askedAt: number },
    verdict: Verdict,
  ): void {
    // A function, because a list for every answer would take quadratic time when many calls come at once.
    const allCalls = (): readonly HookCallTimes[] => this.saved.flatMap(callsOf);
    for (const [at, { witness, judgement, store, outages }] of active.entries()) {
      const asked = { edits, synced: synced[at] ?? new Set<DnsName>(), askedAt };
      checkAccepted(witness, { ...asked, calls: allCalls }, verdict, judgement);
      checkCreated(witness, store.provenance, asked, verdict, judgement);
      checkPutBack(witness, asked, verdict, at + 1, judgement);
      checkQuoted(
        { provenance: store.provenance, witness, judgement },
        { edits, askedAt, verdict, number: at + 1 },
      );
      const isUp = (outages.at(-1)?.until ?? -Infinity) < askedAt;
      const signed = isUp ? store.signed : new Set<DnsName>();
      checkAsked({ ...asked, signed, saved: this.saved }, verdict, judgement);
    }
  }

  /**
   * Asks the running engine of a central something about a zone.
   * @returns `killed`: no engine runs there, or it was killed before it answered
   */
  async askEngine<T>(side: Side, zone: DnsName, work: (engine: Engine) => Promise<T>): Promise<T | 'killed'> {
    const run = this.#run;
    const engine = run?.engines[this.active.indexOf(side)];
    if (run === null || engine === undefined || this.#starting !== null) return 'killed';
    const question: Question = { zone, from: this.clock.now(), until: Infinity };
    side.questions.push(question);
    try {
      return await Promise.race([work(engine), run.killed]);
    } finally {
      question.until = this.clock.now();
    }
  }

  /**
   * Accepts the journal on this host, as an operator would.
   * @returns false: no agent runs, or it is killed before it has finished
   * @throws {JournalError}
   */
  async acceptJournal(): Promise<boolean> {
    const run = this.#run;
    if (run === null || this.#starting !== null) return false;
    const accepted = Promise.all(run.engines.map((engine) => engine.acceptJournal()));
    if ((await Promise.race([accepted, run.killed])) === 'killed') return false;
    for (const { doubts } of this.active) doubts.accepted();
    this.#runsFrom(this.active.filter(({ runs }) => runs.at(-1)?.until !== Infinity));
    return true;
  }

  async hint(zone: DnsName | 'all'): Promise<void> {
    if (zone !== 'all' && !this.pauses.isPaused)
      for (const { hints } of this.active) hints.push({ zone, at: this.clock.now(), what: 'a hint' });
    await this.hintOf(zone === 'all' ? 'all' : [zone], administrator);
  }

  async hintOf(zones: readonly DnsName[] | 'all', actor: Actor): Promise<void> {
    await this.#hook({ kind: 'hint', zones, source: 'wwwdomain.edit', fingerprint: '', actor });
  }

  /**
   * Makes a hook call within the hook script's deadline. If the agent is dead or hangs, the call counts as
   * refused.
   */
  async #hook(event: PanelEvent): Promise<HookAnswer> {
    await this.#handedOver;
    const run = this.#run;
    // During a pause the hook script accepts even if no agent runs.
    const isPaused = run?.pausing?.hears(event) ?? this.pauses.isPaused;
    if (isPaused) return { verdict: { kind: 'accept' }, observed: false, paused: true };
    // If the last agent only observed, the hook script accepts every call while no agent answers.
    const { observes: observed } = this;
    if (run === null)
      return observed
        ? { verdict: { kind: 'accept' }, observed: true }
        : { verdict: unanswered, observed: false };
    this.answering += 1;
    const deadline = new AbortController();
    const timer = new AbortController();
    const late = this.clock.sleep(timeToWrite(10_000, this.active.length), timer.signal).then(
      () => deadline.abort(new Error('deadline')),
      () => undefined,
    );
    const given = this.clock.sleep(14_000, timer.signal).then(
      () => unanswered,
      () => unanswered,
    );
    const call = run.several.answer(event, deadline.signal);
    this.#calls.add(call);
    this.#callZones.set(call, event.kind === 'edits' ? event.edits.map(({ zone }) => zone) : []);
    const ended = call.finally(() => {
      this.#calls.delete(call);
      this.#callZones.delete(call);
    });
    const verdict = await Promise.race([ended, given]);
    timer.abort(answered);
    await late;
    this.answering -= 1;
    // The agent was killed during the call. In mode `observe` the hook script then accepts.
    return verdict === unanswered && observed
      ? { verdict: { kind: 'accept' }, observed }
      : { verdict, observed };
  }

  /** For this many milliseconds, reads continue to return the present state of the zone. */
  #hide(zone: DnsName, ms: number): void {
    if (ms <= 0) return;
    this.tally.fault(ms > longLag ? 'panel reads lag long' : 'panel reads lag');
    this.#lateReads.hide(zone, this.clock.now());
    void this.clock.sleep(ms).then(() => this.#lateReads.show(zone, this.clock.now()));
  }
}

/** Remembers that an outage begins, continues or ends now (monotonic milliseconds). */
function noteOutage(outages: { readonly from: number; until: number }[], isDown: boolean, now: number): void {
  const last = outages.at(-1);
  if (isDown && last?.until !== Infinity) outages.push({ from: now, until: Infinity });
  if (!isDown && last?.until === Infinity) last.until = now;
}

/** The answer to a hook call. */
interface HookAnswer {
  readonly verdict: Verdict;
  /** Whether the agent only observes. */
  readonly observed: boolean;
  /** Whether the call came during a pause. */
  readonly paused?: true;
}

function isAsked(questions: readonly Question[], zone: DnsName): boolean {
  return questions.some((one) => one.zone === zone && one.until === Infinity);
}

function syncedZones({ zones }: JournalWitness): ReadonlySet<DnsName> {
  return new Set([...zones.values()].filter(({ state }) => state === 'synced').map(({ zone }) => zone));
}

function callsOf({ event: { fingerprint }, askedAt, answers }: SavedEdit): readonly HookCallTimes[] {
  if (answers.length === 0) return [{ fingerprint, askedAt, at: null }];
  return answers.map((answer) => ({ fingerprint, askedAt: answer.askedAt, at: answer.at }));
}

/**
 * If the panel's own part takes this long (ms) or longer, it takes longer than an engine waits for `after`.
 */
const longPart = 20_000;

/**
 * The reason with which all answered calls abort. They share one error, because making an error takes time.
 */
const answered = new Error('answered');

const unanswered: Verdict = {
  kind: 'refuse',
  problems: [{ code: 'shim.no-answer', params: {} }],
  changed: 'unknown',
};
