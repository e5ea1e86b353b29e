import type { DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Change } from '../../dns/zone.ts';
import type { CallContext } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import {
  PanelError,
  type HookReply,
  type Language,
  type OwnerList,
  type Panel,
  type PanelErrorCode,
  type PanelEvent,
  type PanelRecord,
  type PanelTraits,
  type Verdict,
  type ZoneList,
} from '../../core/panel.ts';
import { never, type Life } from './life.ts';
import { Provenance, type WriteRequest } from './provenance.ts';
import type { Chances } from './chances.ts';

/** One read of a zone by an engine that succeeded. Times are monotonic milliseconds. */
export interface PanelRead {
  /** The reader's name, as its draws are named. */
  readonly reader: string;
  readonly zone: DnsName;
  readonly began: number;
  readonly ended: number;
  /** Ids of the records it showed; null: no such zone. */
  readonly ids: ReadonlySet<string> | null;
  /** Whether a call about the zone was being answered meanwhile. */
  readonly disturbed: boolean;
}

/** What the panel of a history holds; outlives every engine. */
export class PanelStore {
  readonly zones = new Map<DnsName, Map<string, ResourceRecord>>();
  /** What came and went in it. */
  readonly provenance = new Provenance(this.zones);
  /** Rows of the list that no name can be read from. */
  readonly unreadable = new Set<string>();
  /** Zones that cannot be read, with the reason. */
  readonly refusing = new Map<DnsName, PanelErrorCode>();
  /** What reads show until a change becomes visible; a zone not in here is shown as it is. */
  readonly stale = new Map<DnsName, Map<string, ResourceRecord> | null>();
  /**
   * Zone and id (`zone id`) of records of edits that reads did not show for longer than an engine believes
   * `after`.
   */
  readonly shownLate = new Set<string>();
  /** Every read by every engine, in order: the zone, or the list of zones. */
  readonly reads: (DnsName | 'list')[] = [];
  readonly looks: PanelRead[] = [];
  /** Every read of a zone that an engine began, by its reader, with the time (monotonic milliseconds). */
  readonly asked: { readonly reader: string; readonly zone: DnsName; readonly at: number }[] = [];
  /**
   * Calls that edit a zone, and from when to when (monotonic milliseconds) they were answered; `Infinity`:
   * not yet.
   */
  readonly calls: {
    readonly zone: DnsName;
    readonly from: number;
    until: number;
    /** Whether it is of somebody whose calls an engine has to mind: anybody may name any zone. */
    readonly counts: boolean;
  }[] = [];
  /** When it was out of reach for engines (monotonic milliseconds); `until` is `Infinity` while it is. */
  readonly outages: { readonly from: number; until: number }[] = [];
  /** Zones that a filter somebody has set hides from the list. */
  readonly hidden = new Set<DnsName>();
  /** Until when (monotonic milliseconds) it hid one last. */
  readonly hiddenUntil = new Map<DnsName, number>();
  /**
   * Who may change a zone besides administrators; null: the panel does not report it. Others are `alice`'s.
   */
  readonly owners = new Map<DnsName, readonly string[] | null>();

  visible(zone: DnsName): ReadonlyMap<string, ResourceRecord> | null {
    const old = this.stale.get(zone);
    return old === undefined ? (this.zones.get(zone) ?? null) : old;
  }
}

/**
 * The panel as the engine of a history sees it: reads take time, may fail, and may show an old state for a
 * while.
 */
export class SimPanel implements Panel {
  readonly id = 'simulated';
  readonly traits: PanelTraits = {
    guarantee: 'veto',
    readDuringHandler: false,
    afterMeansVisible: false,
    carriesTtl: false,
  };
  readonly store: PanelStore;
  readonly #clock: Clock;
  readonly #chances: Chances;
  readonly #life: Life;
  readonly #name: string;
  failing = false;
  /** Whether a read breaks off in the middle. Calls are told as their draws are named. */
  breaksOff: (call: string) => boolean = () => false;
  /** Called with every fault that was met. */
  onFault: (kind: string) => void = () => undefined;
  /** Called when a zone is read that is being read already, by the same engine. */
  onOverlap: (zone: DnsName) => void = () => undefined;
  readonly #reading = new Set<DnsName>();
  /** Called when the engine writes into the panel, so that the history's hooks see it like any edit. */
  onWrite: (change: Change, echo: string) => Promise<void> = () => Promise.resolve();
  /** Called when the engine deletes a zone in the panel, as `onWrite`. */
  onDelete: (zone: DnsName, echo: string, stage: 'before' | 'after') => Promise<void> = () =>
    Promise.resolve();
  /** Called once it is written. */
  onWritten: ((change: Change, echo: string) => Promise<void>) | null = null;

  /** @param name what its draws are named by */
  constructor(store: PanelStore, clock: Clock, chances: Chances, life: Life, name = 'panel') {
    this.store = store;
    this.#life = life;
    this.#clock = clock;
    this.#chances = chances;
    this.#name = name;
  }

  decode(): PanelEvent {
    return { kind: 'ignore' };
  }

  language(): Language {
    return 'en';
  }

  isAdmin(): boolean {
    return true;
  }

  encode(verdict: Verdict): HookReply {
    return { output: verdict.kind === 'accept' ? '<doc/>' : '<doc><error/></doc>' };
  }

  async listZones(ctx: CallContext): Promise<ZoneList> {
    this.store.reads.push('list');
    await this.#travel(ctx, 'list');
    return { zones: this.#listed(), unreadable: [...this.store.unreadable] };
  }

  /** Nothing is decoded here. */
  remember(): void {}

  /** Without the delays of other reads, so that the histories of a seed stay what they are. */
  async readOwners(ctx: CallContext): Promise<OwnerList> {
    if (this.#life.dead) await never();
    ctx.signal.throwIfAborted();
    if (this.failing) throw new PanelError('panel.unreachable');
    const { owners } = this.store;
    const of = (zone: DnsName): readonly string[] | null =>
      owners.has(zone) ? (owners.get(zone) ?? null) : ['alice'];
    return { way: 'column', zones: new Map(this.#listed().map((zone) => [zone, of(zone)])) };
  }

  async readZone(zone: DnsName, ctx: CallContext): Promise<readonly PanelRecord[] | null> {
    this.store.reads.push(zone);
    const began = this.#clock.now();
    this.store.asked.push({ reader: this.#name, zone, at: began });
    if (this.#reading.has(zone)) this.onOverlap(zone);
    this.#reading.add(zone);
    await this.#travel(ctx, `read ${zone}`).finally(() => this.#reading.delete(zone));
    const refused = this.store.refusing.get(zone);
    if (refused !== undefined) throw new PanelError(refused);
    const records = this.store.visible(zone);
    this.#looked(zone, began, records);
    return records === null ? null : [...records].map(([key, record]) => ({ ...record, key }));
  }

  #looked(zone: DnsName, began: number, records: ReadonlyMap<string, ResourceRecord> | null): void {
    if (this.#life.dead) return;
    const ended = this.#clock.now();
    const disturbed = this.store.calls.some(
      (call) => call.counts && call.zone === zone && call.from < ended && call.until > began,
    );
    const ids = records === null ? null : new Set(records.keys());
    this.store.looks.push({ reader: this.#name, zone, began, ended, ids, disturbed });
  }

  async write(
    change: Change,
    _present: readonly PanelRecord[],
    echo: string,
    ctx: CallContext,
  ): Promise<void> {
    await this.#travel(ctx, `write ${change.zone}`);
    await this.onWrite(change, echo);
    const records = this.store.zones.get(change.zone);
    if (records === undefined) throw new PanelError('panel.refused', { text: 'no such zone' });
    this.#carryOut({ kind: 'change', zone: change.zone, content: change.add }, ctx, () => {
      for (const record of change.remove) records.delete(recordId(record));
      for (const record of change.add) records.set(recordId(record), record);
    });
    if (this.onWritten !== null) await this.onWritten(change, echo);
  }

  async deleteZone(zone: DnsName, echo: string, ctx: CallContext): Promise<void> {
    await this.#travel(ctx, `delete ${zone}`);
    await this.onDelete(zone, echo, 'before');
    if (!this.store.zones.has(zone)) return;
    this.#carryOut({ kind: 'delete', zone, content: [] }, ctx, () => this.store.zones.delete(zone));
    await this.onDelete(zone, echo, 'after');
  }

  #listed(): DnsName[] {
    const { zones, hidden } = this.store;
    const listed = [...zones.keys()].filter((zone) => !hidden.has(zone));
    if (listed.length < zones.size) this.onFault('panel list lacks a zone');
    return listed;
  }

  /** What we ourselves change in the panel. */
  #carryOut(
    facts: Pick<WriteRequest, 'kind' | 'zone' | 'content'>,
    { operation }: CallContext,
    change: () => void,
  ): void {
    const { provenance } = this.store;
    const now = this.#clock.now();
    provenance.land(provenance.sent({ ...facts, record: null, operation, sentAt: now }), now, change);
  }

  async #travel(ctx: CallContext, call: string): Promise<void> {
    if (this.#life.dead) await never();
    const ms = this.#chances.between(`${this.#name} ${call}`, 5, 200);
    await this.#clock.sleep(ms, ctx.signal).catch((cause: unknown) => {
      throw new PanelError('panel.unreachable', {}, cause);
    });
    if (this.failing) throw new PanelError('panel.unreachable');
    if (!this.breaksOff(`${this.#name} ${call}`)) return;
    this.onFault('panel read breaks off');
    throw new PanelError('panel.garbled');
  }
}
