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

/** One successful read of a zone by an engine. Times are monotonic milliseconds. */
export interface PanelRead {
  /** Which engine has read, as a label such as `panel 1`. Random draws of its reads are named after it. */
  readonly reader: string;
  readonly zone: DnsName;
  readonly began: number;
  readonly ended: number;
  /** Ids of the records that the read showed; null: the panel did not have the zone. */
  readonly ids: ReadonlySet<string> | null;
  /** The time whose state the read showed (monotonic milliseconds). An old state is older than the read. */
  readonly asOf: number;
  /** Whether a hook call about the zone was being answered during the read. */
  readonly disturbed: boolean;
}

/** The zones of a simulated panel. They outlive every engine. */
export class PanelStore {
  readonly zones = new Map<DnsName, Map<string, ResourceRecord>>();
  /** Who added, and who removed, each record and zone of the panel. */
  readonly provenance = new Provenance(this.zones);
  /** Rows of the zone list whose name cannot be read. */
  readonly unreadable = new Set<string>();
  /** Zones whose records cannot be read, each with the error of the read. */
  readonly refusing = new Map<DnsName, PanelErrorCode>();
  /**
   * Old states of zones (null: no zone), which reads show until a change becomes visible. Reads show other
   * zones as they are.
   */
  readonly stale = new Map<DnsName, Map<string, ResourceRecord> | null>();
  /** For each zone in `stale`, the time of its old state (monotonic milliseconds). */
  readonly staleSince = new Map<DnsName, number>();
  /** Records of edits that reads did not show for longer than the engine trusts `after`, as `zone id`. */
  readonly shownLate = new Set<string>();
  /** Every read by every engine, in order: the name of the zone, or `list` for the list of zones. */
  readonly reads: (DnsName | 'list')[] = [];
  readonly looks: PanelRead[] = [];
  /** Every read of a zone that an engine began, with the time of its start (monotonic milliseconds). */
  readonly asked: { readonly reader: string; readonly zone: DnsName; readonly at: number }[] = [];
  /**
   * Hook calls that edit a zone. Each was being answered from `from` to `until` (monotonic milliseconds;
   * `Infinity`: it is not answered yet).
   */
  readonly calls: {
    readonly zone: DnsName;
    readonly from: number;
    until: number;
    /**
     * Whether the caller is an administrator. Calls of other users do not disturb a read, because such a user
     * may name any zone.
     */
    readonly counts: boolean;
  }[] = [];
  /**
   * Periods in which engines could not reach the panel (monotonic milliseconds). `until` is `Infinity` during
   * an outage.
   */
  readonly outages: { readonly from: number; until: number }[] = [];
  /** Zones that a filter hides from the zone list. */
  readonly hidden = new Set<DnsName>();
  /** When a filter last stopped hiding the zone (monotonic milliseconds). */
  readonly hiddenUntil = new Map<DnsName, number>();
  /**
   * For each zone, the users who may change it, besides administrators; null: the panel does not report them.
   * Zones without an entry belong to `alice`.
   */
  readonly owners = new Map<DnsName, readonly string[] | null>();

  visible(zone: DnsName): ReadonlyMap<string, ResourceRecord> | null {
    const old = this.stale.get(zone);
    return old === undefined ? (this.zones.get(zone) ?? null) : old;
  }
}

/** The panel as an engine sees it. Reads take time, may fail, and may show an old state for a while. */
export class SimPanel implements Panel {
  readonly id = 'simulated';
  readonly traits: PanelTraits = {
    readDuringHandler: false,
    carriesTtl: false,
  };
  readonly store: PanelStore;
  readonly #clock: Clock;
  readonly #chances: Chances;
  readonly #life: Life;
  readonly #name: string;
  failing = false;
  /** Whether a read is cut off in the middle. `call`: the name of its random draws. */
  breaksOff: (call: string) => boolean = () => false;
  /** Called with the name of every fault that occurs. */
  onFault: (kind: string) => void = () => undefined;
  /** Called when the engine begins to read a zone that it is reading already. */
  onOverlap: (zone: DnsName) => void = () => undefined;
  readonly #reading = new Set<DnsName>();
  /**
   * Called before the engine writes into the panel. The simulator can then make the hook call for that edit.
   */
  onWrite: (change: Change, echo: string) => Promise<void> = () => Promise.resolve();
  /**
   * Called before and after the engine deletes a zone in the panel. The simulator can then make the hook
   * calls for that delete.
   */
  onDelete: (zone: DnsName, echo: string, stage: 'before' | 'after') => Promise<void> = () =>
    Promise.resolve();
  /** Called after the engine has written into the panel; null: nobody listens. */
  onWritten: ((change: Change, echo: string) => Promise<void>) | null = null;

  /** @param name the beginning of the names of its random draws */
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

  /** Does nothing, because `decode` does not use the zones. */
  remember(): void {}

  /** Takes no time and makes no random draw, so that recorded seeds still replay the same history. */
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
    const asOf = this.store.staleSince.get(zone) ?? ended;
    this.store.looks.push({ reader: this.#name, zone, began, ended, ids, asOf, disturbed });
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

  /** Carries out a change or delete that the engine makes in the panel. */
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
