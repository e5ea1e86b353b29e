import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { EditEvent, EditItem } from '../../../core/panel.ts';
import type { Traces } from '../perform.ts';
import type { Effect, Provenance } from '../provenance.ts';
import type { CentralStore } from '../sim-central.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { ExcuseId } from './excuses.ts';

/** What an edit of the panel did to the records of a zone. */
export interface CarriedOut {
  readonly kind: EditEvent['kind'];
  readonly zone: DnsName;
  readonly items: readonly EditItem[];
  /** When the panel did it. */
  readonly at: number;
}

type Cause = Extract<
  ExcuseId,
  | 'old'
  | 'meddled'
  | 'unheard'
  | 'rival'
  | 'refused-addition'
  | 'part-of-edit'
  | 'late-create'
  | 'shown-late'
  | 'reworded'
>;

/** Why a record may be on one side only, told of each record by who wrote it, and when. */
export class Causes {
  readonly #panel: Provenance;
  readonly #central: CentralStore;
  readonly #unheard: ReadonlySet<string>;
  readonly #shownLate: ReadonlySet<string>;
  readonly #edits: readonly CarriedOut[];

  constructor(panel: PanelStore, central: CentralStore, traces: Traces, edits: readonly CarriedOut[]) {
    this.#panel = panel.provenance;
    this.#central = central;
    this.#unheard = traces.unheard;
    this.#shownLate = panel.shownLate;
    this.#edits = edits;
  }

  /**
   * Searched at the record itself, then at related ones: what it was changed into or out of, and what
   * competes with it.
   * @returns null: nothing that could explain a difference ever happened
   */
  of(zone: DnsName, record: ResourceRecord): Cause | null {
    const own = this.#alone(zone, record, Infinity);
    if (own !== null) return own;
    const seen = new Set([recordId(record)]);
    const near = (one: ResourceRecord, until: number, by: Cause | null): Near[] =>
      [
        ...this.#rivals(zone, one).map((rival) => ({ record: rival, until, by: by ?? 'rival' }) as const),
        ...this.#partners(zone, one, until).map((part) => ({ ...part, by: by ?? 'part-of-edit' }) as const),
      ].filter((next) => !seen.has(recordId(next.record)));
    const waiting = near(record, Infinity, null);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (this.#alone(zone, next.record, next.until) !== null) return next.by;
      seen.add(recordId(next.record));
      waiting.push(...near(next.record, next.until, next.by));
    }
    return null;
  }

  /**
   * Whether somebody wrote in the zone, or the panel changed it without telling us. @param names at these
   * owners only; absent: any
   */
  isDisturbed(zone: DnsName, names?: ReadonlySet<DnsName>): boolean {
    const isNear = (record: ResourceRecord | null): boolean =>
      names === undefined || record === null || names.has(record.name);
    const wrote = this.#central.provenance.effects.some(
      (effect) => effect.request === null && effect.zone === zone && isNear(effect.record),
    );
    return (
      wrote ||
      [...this.#unheard].some((key) => {
        const [of, name] = key.split(' ');
        return of === zone && (names === undefined || [...names].some((one) => one === name));
      })
    );
  }

  /** Whether a user's delete of the zone was kept by the panel since. */
  isDeletedSince(zone: DnsName, at: number): boolean {
    return this.#edits.some((edit) => edit.kind === 'zone-delete' && edit.zone === zone && edit.at > at);
  }

  /** What happened to the record itself until then. */
  #alone(zone: DnsName, record: ResourceRecord, until: number): Cause | null {
    const id = recordId(record);
    const key = `${zone} ${id}`;
    if (this.#isOld(zone, id)) return 'old';
    const isWritten = this.#central.provenance.effects.some(
      (effect) => effect.request === null && effect.at <= until && isOf(effect, zone, id),
    );
    if (isWritten) return 'meddled';
    if (this.#unheard.has(key)) return 'unheard';
    if (this.#central.refused.has(key)) return 'refused-addition';
    if (this.#shownLate.has(key)) return 'shown-late';
    if (this.#central.reworded.has(key)) return 'reworded';
    const { late, unproven } = this.#central;
    return late.has(zone) || unproven.has(zone) ? 'late-create' : null;
  }

  /** It stood on one side only when we came, in a zone that both had. */
  #isOld(zone: DnsName, id: string): boolean {
    const [here, there] = [this.#panel.atStart.get(zone), this.#central.provenance.atStart.get(zone)];
    return here !== undefined && there !== undefined && here.has(id) !== there.has(id);
  }

  /** Everything that ever stood at the name and cannot stand beside it, or competes with it for its place. */
  #rivals(zone: DnsName, { name, type, rdata }: ResourceRecord): ResourceRecord[] {
    const known = [this.#panel, this.#central.provenance].flatMap((side) => side.known(zone));
    return known.filter(
      (other) =>
        other.name === name &&
        (other.type !== type || other.rdata !== rdata) &&
        (other.type === type || other.type === 'CNAME' || type === 'CNAME'),
    );
  }

  /**
   * An edit is all or nothing: what becomes of a record that is left alone is left alone too, and the other
   * way round.
   */
  #partners(zone: DnsName, record: ResourceRecord, until: number): Omit<Near, 'by'>[] {
    const id = recordId(record);
    const edits = this.#edits.filter((edit) => edit.zone === zone && edit.at <= until);
    return edits.flatMap(({ items, at }) =>
      items.flatMap(({ remove, add }) => {
        if (remove === null || add === null) return [];
        if (recordId(remove) === id) return [{ record: add, until: at }];
        return recordId(add) === id ? [{ record: remove, until: at }] : [];
      }),
    );
  }
}

/** A record that another hangs together with. */
interface Near {
  readonly record: ResourceRecord;
  /** What happened to it later does not count. */
  readonly until: number;
  readonly by: Cause;
}

function isOf(effect: Pick<Effect, 'zone' | 'id'>, zone: DnsName, id: string): boolean {
  return effect.zone === zone && effect.id === id;
}
