import { Runtime, type Ports } from '../core/engine/runtime.ts';
import { defaultEngineSettings, type EngineSettings } from '../core/engine/settings.ts';
import type { PanelView } from '../core/engine/knowledge/panel-view.ts';
import type { CentralTraits } from '../core/central.ts';
import type { Clock } from '../core/clock.ts';
import type { Batch, Journal } from '../core/journal.ts';
import type { Operation } from '../core/operation.ts';
import { PanelError, type OwnerList, type Panel, type PanelEvent, type PanelRecord } from '../core/panel.ts';
import type { ZoneEntry } from '../core/ledger.ts';
import type { DnsName } from '../dns/name.ts';
import { recordId, type ResourceRecord } from '../dns/record.ts';
import { MemoryCentral } from './memory-central/index.ts';
import { MemoryJournal } from './memory-journal.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A panel in memory. */
export class MemoryPanel implements Panel {
  readonly id = 'memory';
  readonly traits = {
    readDuringHandler: false,
    carriesTtl: true,
  } as const;
  readonly zones = new Map<DnsName, readonly ResourceRecord[]>();
  readonly unreadable: string[] = [];
  /** The result of `readOwners`; null: `readOwners` fails. */
  owners: OwnerList | null = { way: 'column', zones: new Map() };
  /** The panel waits for this before each call, so that no call ends at once. */
  pass: () => Promise<void> = async () => await Promise.resolve();
  /** Called before each read. */
  onRead: (what: DnsName | 'list' | 'owners') => Promise<void> | void = () => undefined;

  decode(): PanelEvent {
    return { kind: 'ignore' };
  }

  language(): 'en' {
    return 'en';
  }

  isAdmin(): boolean {
    return true;
  }

  encode(): { readonly output: string } {
    return { output: '' };
  }

  async listZones(): ReturnType<Panel['listZones']> {
    await this.pass();
    await this.onRead('list');
    return { zones: [...this.zones.keys()], unreadable: this.unreadable };
  }

  remember(): void {}

  async readOwners(): Promise<OwnerList> {
    await this.pass();
    await this.onRead('owners');
    if (this.owners === null) throw new PanelError('panel.unreachable');
    return this.owners;
  }

  async readZone(zone: DnsName): Promise<readonly PanelRecord[] | null> {
    await this.pass();
    await this.onRead(zone);
    return this.zones.get(zone)?.map((record) => ({ ...record, key: recordId(record) })) ?? null;
  }

  async write(..._what: Parameters<Panel['write']>): Promise<void> {
    await this.pass();
  }

  async deleteZone(..._what: Parameters<Panel['deleteZone']>): Promise<void> {
    await this.pass();
  }
}

/** A journal in memory whose commits can take time. */
export class SlowJournal extends MemoryJournal {
  /** Milliseconds that a commit takes. */
  takes = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  override async commit(batch: Batch): Promise<void> {
    if (this.takes > 0) await this.#clock.sleep(this.takes);
    await super.commit(batch);
  }
}

/** Wraps the journal for the engine. Each call ends only when the clock is moved. */
function journalOfEngine(journal: SlowJournal, clock: Clock): Journal {
  const late = async <T>(call: () => Promise<T>): Promise<T> => {
    await clock.sleep(0);
    return await call();
  };
  return {
    commit: async (batch) => await late(async () => await journal.commit(batch)),
    operation: async (id) => await late(async () => await journal.operation(id)),
    operations: async (filter) => await late(async () => await journal.operations(filter)),
    zones: async () => await late(async () => await journal.zones()),
    zone: async (zone) => await late(async () => await journal.zone(zone)),
    rows: async (zone, names) => await late(async () => await journal.rows(zone, names)),
    counts: async () => await late(async () => await journal.counts()),
    zoneCounts: async () => await late(async () => await journal.zoneCounts()),
    owners: async () => await late(async () => await journal.owners()),
    fact: async (name) => await late(async () => await journal.fact(name)),
    close: async () => await journal.close(),
  };
}

/**
 * The parts of an engine without the engine itself. Tests call single steps and check which calls and
 * schedules these make. Panel, central and journal answer only while the clock moves (`run`, `wait`). If a
 * step does not wait for an answer, it ends too early, and a test of its result fails.
 */
export interface Bench {
  readonly runtime: Runtime;
  readonly ports: Ports;
  readonly clock: VirtualClock;
  readonly journal: SlowJournal;
  readonly central: MemoryCentral;
  readonly panel: MemoryPanel;
  /** Events that were logged, in order. */
  readonly logged: string[];
  /** The same events with their levels and fields: `2 zone.later zone=example.org. ...`. */
  readonly lines: string[];
  /**
   * The zones' wakings in order, with their reasons. Each entry has the milliseconds since the start, and
   * `operations` or `comparison`. A comparison has its reason and what it may remove.
   */
  readonly woken: readonly string[];
  /**
   * Moves the clock just until `work` has settled. Calls that `work` does not wait for are left unfinished.
   */
  readonly run: <T>(work: Promise<T>) => Promise<T>;
  /** Lets this many milliseconds pass. */
  readonly wait: (ms: number) => Promise<void>;
  /** An operation as the journal has it now. */
  readonly stored: (operation: Pick<Operation, 'id'>) => Promise<Operation | null>;
}

export interface BenchOptions {
  readonly traits?: Partial<CentralTraits>;
  /** Whether the central takes expectations. Default: no. */
  readonly conditional?: boolean;
  readonly settings?: Partial<EngineSettings>;
  readonly isPaused?: () => boolean;
}

export function engineBench({
  traits = {},
  conditional = false,
  settings = {},
  isPaused = () => false,
}: BenchOptions = {}): Bench {
  const clock = new VirtualClock();
  const journal = new SlowJournal(clock);
  const central = new MemoryCentral({ traits, conditional, pass: async () => await clock.sleep(0) });
  const panel = new MemoryPanel();
  panel.pass = async () => await clock.sleep(0);
  const logged: string[] = [];
  const lines: string[] = [];
  const woken: string[] = [];
  const ports: Ports = {
    panel,
    central,
    journal: journalOfEngine(journal, clock),
    clock,
    log: (level, event, fields = {}) => {
      logged.push(event);
      lines.push([level, event, ...Object.entries(fields).map((field) => field.join('='))].join(' '));
    },
    random: () => 0,
    settings: { ...defaultEngineSettings, ...settings },
    isPaused,
  };
  const runtime = new Runtime(ports);
  const note = async (what: string): Promise<void> => {
    woken.push(`${clock.now()} ${what}`);
    await Promise.resolve();
  };
  runtime.agenda.begin({
    operations: async () => await note('operations'),
    comparison: async (zone) => {
      const request = runtime.agenda.takeRequest(zone);
      await note(`comparison ${request?.reason ?? '-'} ${request?.follow ?? '-'}`);
    },
  });
  return {
    runtime,
    ports,
    clock,
    journal,
    central,
    panel,
    logged,
    lines,
    woken,
    run: async (work) => await clock.runJustUntilSettled(work),
    wait: async (ms) => await clock.runUntil(clock.now() + ms),
    stored: async ({ id }) => await journal.operation(id),
  };
}

/** Makes the result of a quiet read of the panel; null: the panel has no such zone. */
export function viewOf(records: readonly ResourceRecord[] | null, parts: Partial<PanelView> = {}): PanelView {
  const ttls = new Map((records ?? []).map((record) => [recordId(record), record.ttl]));
  const rows = records?.map((record) => ({ ...record, key: recordId(record) })) ?? null;
  return { records: rows, ids: new Set(ttls.keys()), ttls, quiet: true, readAt: 0, ...parts };
}

export function entryOf(zone: DnsName, parts: Partial<ZoneEntry> = {}): ZoneEntry {
  return { zone, state: 'synced', incarnation: 1, baselineAt: 1, note: null, ...parts };
}
