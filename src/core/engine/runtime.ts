import type { DnsName } from '../../dns/name.ts';
import type { CallContext, Central } from '../central.ts';
import type { AlarmClock } from '../clock.ts';
import { DailyNotice } from '../daily-notice.ts';
import type { Journal, JournalReader } from '../journal.ts';
import type { Log } from '../log.ts';
import type { Operation } from '../operation.ts';
import type { Panel } from '../panel.ts';
import type { SerialReader } from '../serials.ts';
import { isForgotten, withoutForgotten } from './knowledge/forgotten.ts';
import { Agenda, type CompareRequest } from './parts/agenda.ts';
import { Gate } from './parts/gate.ts';
import { Grace } from './parts/grace.ts';
import { NameLocks } from './parts/locks.ts';
import { Patience } from './parts/patience.ts';
import { ReadProofs } from './parts/read-proofs.ts';
import { RecentDeletes } from './parts/recent-deletes.ts';
import { Rounds } from './parts/rounds.ts';
import { SerialProofs } from './parts/serial-proofs.ts';
import { SilentChanges } from './parts/silent-changes.ts';
import type { EngineSettings } from './settings.ts';
import { Promises } from './observe/promises.ts';
import { withoutWrites } from './observe/write-gate.ts';
import { Store } from './parts/store.ts';
import { Timers } from './parts/timers.ts';

export interface Ports {
  readonly panel: Panel;
  readonly central: Central;
  readonly journal: Journal;
  readonly clock: AlarmClock;
  readonly log: Log;
  /** A random number from 0 up to but not including 1. */
  readonly random: () => number;
  readonly settings: EngineSettings;
  /** Reads the serials of the panel's zones; absent: they are not read. */
  readonly serials?: SerialReader;
  /**
   * Whether an administrator has paused the synchronisation. Stays true after the pause until the comparison
   * that follows it was requested. During a pause no hook call reaches the engine. Absent: there are no
   * pauses.
   */
  readonly isPaused?: () => boolean;
}

/**
 * The parts of a running engine, each with one job. Their state is lost when the agent stops; everything
 * durable is in the journal.
 */
export class Runtime {
  readonly ports: Omit<Ports, 'journal'> & { readonly journal: JournalReader };
  readonly #journal: Journal;
  /**
   * The zones in which an engine in mode `observe` may still write. Null: the engine may write everywhere.
   */
  readonly promises: Promises | null;
  readonly timers: Timers;
  readonly store: Store;
  readonly locks = new NameLocks();
  readonly gate: Gate;
  readonly grace: Grace;
  readonly patience: Patience;
  readonly readProofs: ReadProofs;
  readonly agenda: Agenda;
  /** Zones for which the administrator was told that edits stay in the panel. */
  readonly panelOnly = new DailyNotice<DnsName>();
  readonly rounds: Rounds;
  readonly silent: SilentChanges;
  readonly recentDeletes: RecentDeletes;
  readonly serialProofs: SerialProofs;
  /** Ids of operations that a call or a comparison is working on now. Background steps leave them alone. */
  readonly inFlight = new Set<string>();
  /**
   * Echo tokens of running writes into the panel. `putOff`: the write was refused only because another
   * central is out of reach.
   */
  readonly echoTokens = new Map<string, { putOff: boolean }>();
  /**
   * Ids of operations with a request that may still take effect at the central. The journal failed to store
   * the request.
   */
  readonly unsaid = new Set<string>();
  /**
   * Schedules a comparison of a zone that is not in the ledger, once the panel's list shows it. `NamedZones`
   * sets this function.
   */
  askForZone: (zone: DnsName, request: CompareRequest) => void = () => undefined;

  constructor(given: Ports) {
    const ports = { ...given, journal: withoutForgotten(given.journal) };
    const now = (): number => ports.clock.now();
    this.promises = ports.settings.mode === 'observe' ? new Promises(ports) : null;
    this.ports = this.promises === null ? ports : { ...ports, ...withoutWrites(ports, this.promises) };
    this.#journal = given.journal;
    this.timers = new Timers(ports);
    this.gate = new Gate(this.timers, ports.panel.traits.readDuringHandler);
    this.grace = new Grace(ports);
    this.patience = new Patience(now);
    this.readProofs = new ReadProofs(now);
    this.agenda = new Agenda(this.timers, ports.settings, now);
    this.rounds = new Rounds(ports.clock);
    this.silent = new SilentChanges(ports, this.rounds);
    this.recentDeletes = new RecentDeletes(now, ports.settings.readLag);
    this.serialProofs = new SerialProofs(now, ports.settings.readLag);
    this.store = new Store(
      { ...ports, newestId: () => this.timers.newestId },
      {
        begun: (operation) => this.readProofs.begin(operation),
        heard: (operation) => this.patience.heard(operation),
        ended: (operation) => {
          this.patience.forget(operation);
          this.readProofs.forget(operation);
          this.unsaid.delete(operation);
        },
        touched: (zone) => this.serialProofs.touched(zone),
        inStep: (zone, began) => {
          this.serialProofs.inStep(zone, began);
        },
        wake: (zone, delay) => this.agenda.wake(zone, delay),
      },
    );
  }

  /**
   * Operations that were open when the ledger was forgotten, and are `stuck` since then
   * (`knowledge/forgotten.ts`). `ports.journal` leaves them out of the open operations.
   * @throws {JournalError}
   */
  async forgotten(zone?: DnsName): Promise<readonly Operation[]> {
    const filter = { openAt: this.ports.clock.wall(), ...(zone === undefined ? {} : { zone }) };
    return (await this.#journal.operations(filter)).filter(isForgotten);
  }

  /**
   * Whether the synchronisation is paused, so that no new work may begin. Edits that are under way are
   * completed.
   */
  get isPaused(): boolean {
    return this.ports.isPaused?.() ?? false;
  }

  /** The present monotonic time of the engine's clock, milliseconds. */
  get now(): number {
    return this.ports.clock.now();
  }

  /**
   * Runs `body` by {@link Timers.step} while these names of the zone are locked.
   * @param names owner names; null: the whole zone
   */
  async lockedStep<T>(
    operation: string,
    zone: DnsName,
    names: readonly DnsName[] | null,
    body: (ctx: CallContext) => Promise<T>,
    ms?: number,
  ): Promise<T> {
    return await this.timers.step(
      operation,
      (ctx) => this.locks.during(zone, names, ctx.signal, () => body(ctx)),
      ms,
    );
  }
}
