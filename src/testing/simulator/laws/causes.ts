import type { DnsName } from '../../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { EditEvent, EditItem } from '../../../core/panel.ts';
import type { Traces } from '../perform.ts';
import type { Side } from '../world.ts';
import type { Effect, Provenance } from '../provenance.ts';
import type { CentralStore } from '../sim-central.ts';
import type { PanelStore } from '../sim-panel.ts';
import type { ExcuseId } from './excuses.ts';

/** What an edit that the panel carried out did to the records of a zone. */
export interface CarriedOut {
  readonly kind: EditEvent['kind'];
  readonly zone: DnsName;
  readonly items: readonly EditItem[];
  /** When the panel carried out the edit (monotonic milliseconds). */
  readonly at: number;
}

/** When the engine took its last baseline, and when it last forgot a ledger (monotonic ms); null: never. */
interface LedgerTimes {
  readonly baselineAt: number | null;
  readonly forgottenAt: number | null;
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
  | 'older-journal'
  | 'excluded'
  | 'limited'
>;

/** Finds out why a record may be on one side only, from who wrote the record and when. */
export class Causes {
  readonly #panel: Provenance;
  readonly #central: CentralStore;
  readonly #unheard: ReadonlySet<string>;
  readonly #shownLate: ReadonlySet<string>;
  readonly #edits: readonly CarriedOut[];
  readonly #ledger: LedgerTimes;
  readonly #exclusions: Side['exclusions'];
  readonly #limited: Side['limited'];

  constructor(
    panel: PanelStore,
    central: CentralStore,
    traces: Traces & Pick<Side, 'exclusions' | 'limited'>,
    edits: readonly CarriedOut[],
    ledger: LedgerTimes,
  ) {
    this.#ledger = ledger;
    this.#panel = panel.provenance;
    this.#central = central;
    this.#unheard = traces.unheard;
    this.#shownLate = panel.shownLate;
    this.#edits = edits;
    this.#exclusions = traces.exclusions;
    this.#limited = traces.limited;
  }

  /**
   * Looks first at the record's own history, then at that of related records. Records are related if an edit
   * turned one into the other, or if they compete with each other.
   * @returns the cause; null: nothing explains the difference
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
   * Whether somebody else wrote in the zone, or the panel changed it without an event that reached us.
   * @param names owner names to look at; absent: the whole zone
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

  /**
   * Whether an older journal explains that only one side has the record, or the zone itself (empty id).
   * Either the sides differed during the new baseline, or an earlier request landed after it.
   */
  isForgotten(zone: DnsName, id: string): boolean {
    const { forgottenAt, baselineAt } = this.#ledger;
    if (forgottenAt === null) return false;
    const { provenance } = this.#central;
    const until = baselineAt ?? Infinity;
    const effects = [...this.#panel.effects, ...provenance.effects].filter(
      (one) => isOf(one, zone, id) || isOf(one, zone, ''),
    );
    const times = effects.map(({ at }) => at).filter((at) => at >= forgottenAt && at <= until);
    const differs = (at: number): boolean =>
      ['', id].some((one) => this.#panel.had(zone, one, at) !== provenance.had(zone, one, at));
    if ([forgottenAt, ...times].some(differs)) return true;
    return effects.some(({ at, request }) => at > until && (request?.sentAt ?? at) <= forgottenAt);
  }

  /** Whether {@link isForgotten} holds for any record that the central got or lost. */
  isForgottenIn(zone: DnsName): boolean {
    return this.#central.provenance.effects.some(
      (one) => one.zone === zone && this.isForgotten(zone, one.id),
    );
  }

  /** Whether the panel carried out a user's delete of the zone after that time (monotonic milliseconds). */
  isDeletedSince(zone: DnsName, at: number): boolean {
    return this.#edits.some((edit) => edit.kind === 'zone-delete' && edit.zone === zone && edit.at > at);
  }

  /** The cause in the record's own history up to that time; null: none. */
  #alone(zone: DnsName, record: ResourceRecord, until: number): Cause | null {
    const id = recordId(record);
    const key = `${zone} ${id}`;
    if (this.#isOld(zone, id)) return 'old';
    if (this.isForgotten(zone, id)) return 'older-journal';
    const isWritten = this.#central.provenance.effects.some(
      (effect) =>
        effect.request === null &&
        effect.at <= until &&
        (isOf(effect, zone, id) || this.#wentWithZone(effect, zone, id)),
    );
    if (isWritten) return 'meddled';
    if (this.#unheard.has(key)) return 'unheard';
    if (this.#isExcluded(zone, record)) return 'excluded';
    if (this.#limited.has(zone)) return 'limited';
    if (this.#central.refused.has(key)) return 'refused-addition';
    if (this.#shownLate.has(key)) return 'shown-late';
    if (this.#central.reworded.has(key)) return 'reworded';
    const { late, unproven } = this.#central;
    return late.has(zone) || unproven.has(zone) ? 'late-create' : null;
  }

  /**
   * Whether the change is the end of the zone at the central, at a time when the panel had the record. An
   * edit that was on its way may have taken the record from the central. Its undo then finds no zone.
   */
  #wentWithZone(effect: Effect, zone: DnsName, id: string): boolean {
    return isOf(effect, zone, '') && !effect.present && this.#panel.had(zone, id, effect.at);
  }

  /** Whether an operator ever excluded the record's name or its zone. */
  #isExcluded(zone: DnsName, record: ResourceRecord): boolean {
    return this.#exclusions.some(
      (one) => one.zone === zone && (one.name === null || one.name === record.name),
    );
  }

  /** Whether only one side had the record at the start, although both sides had the zone. */
  #isOld(zone: DnsName, id: string): boolean {
    const [here, there] = [this.#panel.atStart.get(zone), this.#central.provenance.atStart.get(zone)];
    return here !== undefined && there !== undefined && here.has(id) !== there.has(id);
  }

  /**
   * Every record that was ever at the same name and competes with this one. It has the same type, or one of
   * the two is a CNAME.
   */
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
   * Records that an edit turned into this one, or into which an edit turned this one. If one of the two was
   * left alone, so was the other.
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

/** A record that is related to the record whose cause is sought. */
interface Near {
  readonly record: ResourceRecord;
  /** Only the record's history up to this time counts (monotonic milliseconds). */
  readonly until: number;
  readonly by: Cause;
}

function isOf(effect: Pick<Effect, 'zone' | 'id'>, zone: DnsName, id: string): boolean {
  return effect.zone === zone && effect.id === id;
}
