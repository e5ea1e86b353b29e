import {
  CentralError,
  type CallContext,
  type Central,
  type CentralErrorCode,
  type CentralId,
  type CentralTraits,
  type ZoneSeed,
} from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { changeNames } from '../../dns/zone.ts';
import type { IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import { childText, type XmlElement } from '../../net/xml.ts';
import { hasCode, look, noEffect, outage, centralRefusal, restated, withState } from '../errors.ts';
import { applyStepwise } from '../stepwise.ts';
import { otherSecret, Secrets } from '../secrets.ts';
import { PanelApi } from './api.ts';
import { auditChange } from './audit.ts';
import { readRows } from './lists.ts';
import { zoneOf, zoneParameter } from '../../net/ispmanager/names.ts';
import { listRecords, type PanelZone } from './read.ts';
import { waitForPanel } from './wait.ts';
import { ZoneWriter } from './write.ts';
import { ispmanager5 } from './ispmanager5.ts';
import type { CentralDialect } from './dialect.ts';
import type { CentralPorts } from '../module.ts';
import { findingCentral } from './finding.ts';
import { placesOf } from './places.ts';
import type { Found } from './probe.ts';
import type { CentralSettings } from './settings.ts';
import { ispmanager4 } from './ispmanager4.ts';

export { readIspmanagerSettings, type CentralSettings } from './settings.ts';
export type { FoundMemory } from './finding.ts';
export type { Found } from './probe.ts';

/**
 * Makes the central for an account of an ISPmanager or DNSmanager. If the settings do not name the panel's
 * kind or exact address, the first call searches for them. Without `memory`, this search is repeated after
 * every start.
 * @throws {RangeError} if the address is not `https:`
 */
export function createIspmanagerCentral(
  settings: CentralSettings,
  ports: Pick<CentralPorts, 'clock'> & Partial<CentralPorts>,
): Central {
  const { clock, secretChanged, memory = { get: () => null, put: () => undefined } } = ports;
  const passwords = new Secrets(settings.password, otherSecret(settings), secretChanged);
  const [place, ...others] = placesOf(settings);
  const make = (found: Found): Central =>
    new IspmanagerCentral(
      { api: new PanelApi({ ...settings, ...found }, passwords), kind: found.kind },
      idOf(settings),
      clock,
      found.kind === 'ispmanager4' ? ispmanager4 : ispmanager5,
    );
  const open = place === undefined || place.kind === null || others.length > 0;
  return open
    ? findingCentral(settings, { id: idOf(settings), clock, memory, passwords, make })
    : make({ address: place.address, kind: place.kind });
}

/**
 * Identifies the central by the address in the settings, not by the panel that is found there. So an upgrade
 * of the panel does not start a new ledger.
 */
function idOf({ address, username }: Pick<CentralSettings, 'address' | 'username'>): CentralId {
  return { kind: 'ispmanager', address, account: username };
}

/** A name that cannot exist as a zone (RFC 2606). */
const noZone = zoneName('domainsync-check.invalid');

/**
 * Words in the column `status` of a zone whose delete or create is not finished. The values are not
 * documented (docs/protocol.md#signed-zones).
 */
const leaving = /delet|remov/iu;
const coming = /creat|pend|progress|process|wait|queue/iu;

/**
 * The unfinished work on a zone that `status` shows: the panel is creating it (`coming`) or deleting it
 * (`leaving`); null: none.
 */
function underWay(status: string): 'coming' | 'leaving' | null {
  if (leaving.test(status)) return 'leaving';
  return coming.test(status) ? 'coming' : null;
}

class IspmanagerCentral implements Central {
  readonly id: CentralId;
  readonly traits: CentralTraits;
  readonly #api: PanelApi;
  readonly #clock: Clock;
  readonly #dialect: CentralDialect;
  readonly #kind: IspmanagerKind;

  constructor(
    { api, kind }: { readonly api: PanelApi; readonly kind: IspmanagerKind },
    id: CentralId,
    clock: Clock,
    dialect: CentralDialect,
  ) {
    this.#api = api;
    this.#clock = clock;
    this.#dialect = dialect;
    this.#kind = kind;
    this.id = id;
    this.traits = {
      atomic: 'record',
      // A record's identifier is made of its content. So if the record has changed since the read, a write
      // that names the record finds nothing (docs/protocol.md#record-keys-4, #record-form-4).
      guard: 'per-record',
      managesZones: true,
      // The form of a new zone has fields for name, address and servers only; records are added one by one
      // (docs/protocol.md#zone-form-4).
      createsWithContent: false,
      listsZones: true,
      wholeZones: true,
      carriesTtl: dialect.carriesTtl,
      recordTypes: dialect.recordTypes,
    };
  }

  readonly audit: Central['audit'] = (change) => auditChange(change, this.#dialect);

  /**
   * Lists the zones, then the records of one zone. Every version of the panel lists zones. Only the error for
   * a refused list of records shows which version answers (docs/protocol.md#generations).
   * @throws {CentralError} `central.wrong-kind` if the panel has another version than expected
   */
  readonly check: Central['check'] = async (ctx) => {
    const [zone = noZone] = await this.listZones([], ctx);
    try {
      await listRecords(this.#at(zone), ctx);
    } catch (error) {
      if (!(error instanceof CentralError) || error.params['spelling'] === undefined) throw error;
      const { spelling } = error.params;
      if (spelling === 'none' || spelling === this.#dialect.errorSpelling) return;
      throw centralRefusal('central.wrong-kind', { kind: this.#kind }, error);
    }
  };

  readonly listZones: Central['listZones'] = async (_asked, ctx) => {
    const { rows } = await this.#list(ctx);
    return rows.filter((row) => row.underWay !== 'leaving' && !row.isCopy).map(({ zone }) => zone);
  };

  async #list(ctx: CallContext) {
    const elements = await readRows(await this.#api.read('domain', {}, ctx), (row) => row['name'] ?? '');
    const rows = elements.flatMap((row) => {
      const zone = zoneOf(row['name'] ?? '');
      if (zone === null) return [];
      // A slave zone has no records of its own here (docs/protocol.md#dnsmanager).
      const isCopy = !['', 'master'].includes(row['dtype'] ?? '');
      return [{ zone, isCopy, underWay: underWay(row['status'] ?? '') }];
    });
    /**
     * `isWhole`: false if the list has names that cannot be read (`a..b`), which are left out. Such a list
     * does not prove that a zone is absent.
     */
    return { rows, isWhole: rows.length === elements.length };
  }

  #at(zone: DnsName): PanelZone {
    return { api: this.#api, dialect: this.#dialect, zone };
  }

  async #row(zone: DnsName, ctx: CallContext) {
    return (await this.#list(ctx)).rows.find((row) => row.zone === zone);
  }

  readonly readZone: Central['readZone'] = async (zone, _known, ctx) => {
    try {
      return await listRecords(this.#at(zone), ctx);
    } catch (error) {
      if (await this.#provesAbsence(error, zone, ctx)) return null;
      throw error;
    }
  };

  readonly readNames: Central['readNames'] = async (zone, names, ctx) => {
    const wanted = new Set(names);
    return (await this.readZone(zone, [], ctx))?.filter(({ name }) => wanted.has(name)) ?? null;
  };

  readonly apply: Central['apply'] = async (change, present, ctx) => {
    const writer = new ZoneWriter(this.#at(change.zone), changeNames(change), this.#clock);
    return await applyStepwise(change, present, writer, ctx);
  };

  /**
   * Checks only that the zone does not exist and that the form can be opened. Limits, forbidden names and
   * foreign zones show only when the panel creates the zone.
   */
  readonly mayCreateZone: Central['mayCreateZone'] = async (zone, _seed, ctx) => {
    if (await this.#isListed(zone, ctx)) return 'exists';
    await this.#api.read('domain.edit', {}, ctx);
    return 'free';
  };

  readonly createZone: Central['createZone'] = async (zone, seed, ctx) => {
    if (await this.#isListed(zone, ctx)) return 'exists';
    const form = this.#newZoneForm(zone, await this.#api.read('domain.edit', {}, ctx), seed);
    try {
      await this.#api.write('domain.edit', form, ctx);
    } catch (error) {
      if (!hasCode(error, 'central.exists')) throw await this.#judged(error, zone, 'absent', ctx);
      // The list may be filtered, or the zone may be new. Only a direct read of the zone shows whether our
      // account has it.
      if ((await this.readZone(zone, [], ctx)) !== null) return 'exists';
      throw centralRefusal('zone.foreign', { zone: zoneParameter(zone) }, error);
    }
    await this.#demand(zone, 'present', ctx);
    return 'created';
  };

  /**
   * Deletes the zone, but not the account's WWW and mail domains of that name, because it does not send
   * `webdomain` and `maildomain`.
   */
  readonly deleteZone: Central['deleteZone'] = async (zone, ctx) => {
    // DNSmanager answers OK for a zone that it does not have (docs/protocol.md#errors-5).
    if ((await this.readZone(zone, [], ctx)) === null) return 'missing';
    try {
      await this.#api.write('domain.delete', { elid: zoneParameter(zone), sok: 'ok' }, ctx);
    } catch (error) {
      const mayBeGone = hasCode(error, 'central.missing') || hasCode(error, 'central.access-denied');
      if (mayBeGone && (await this.readZone(zone, [], ctx)) === null) return 'missing';
      throw await this.#judged(error, zone, 'present', ctx);
    }
    await this.#demand(zone, 'absent', ctx);
    return 'deleted';
  };

  /**
   * Always empty. No documented column or function of these panels shows such problems
   * (docs/protocol.md#record-form-5, #accounts).
   */
  readonly concerns: Central['concerns'] = () => Promise.resolve([]);

  readonly signing: Central['signing'] = async (zone, ctx) => {
    return (await this.readZone(zone, [], ctx)) === null ? null : { signed: null, ds: [], cds: [] };
  };

  readonly close: Central['close'] = async () => {
    this.#api.close();
    await Promise.resolve();
  };

  /**
   * Whether a failed read proves that the account has no such zone. Either the panel says so
   * (`central.missing`), or it refuses the read for another reason and its list lacks the zone.
   * @throws {CentralError} `zone.copy` for a slave zone
   */
  async #provesAbsence(error: unknown, zone: DnsName, ctx: CallContext): Promise<boolean> {
    if (!(error instanceof CentralError)) return false;
    if (error.code === 'central.missing') return true;
    const refusals: readonly CentralErrorCode[] = [
      'central.access-denied',
      'central.invalid-value',
      'central.refused',
    ];
    if (!refusals.includes(error.code)) return false;
    const { rows, isWhole } = await this.#list(ctx);
    const row = rows.find((one) => one.zone === zone);
    if (row?.isCopy === true) throw copyOf(zone);
    return row === undefined ? isWhole : row.underWay === 'leaving';
  }

  /**
   * The fields for a new zone (docs/protocol.md#zone-form-4, #zone-form-5, #dnsmanager). Name servers and
   * mail servers are those that the central's form proposes; if it proposes none, those that the user
   * entered. Only the first of several addresses is sent, because the form may not accept more. The others
   * follow with the zone's records.
   */
  #newZoneForm(zone: DnsName, form: XmlElement, seed: ZoneSeed): Readonly<Record<string, string>> {
    const proposed = (field: string): string | undefined => childText(form, field)?.trim();
    return { elid: '', ...this.#dialect.newZone({ name: zoneParameter(zone), seed, proposed }), sok: 'ok' };
  }

  /**
   * Waits until a read shows that the zone is present or absent, as `wanted`. A panel may answer before it
   * has finished, and shows this in the `status` of its list (docs/protocol.md#delays). While `status` shows
   * unfinished work, waits until the deadline.
   * @throws {CentralError} `central.no-effect`
   */
  async #demand(zone: DnsName, wanted: 'present' | 'absent', ctx: CallContext): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const row = await withState('unknown', async () => await this.#row(zone, ctx));
      const isUnderWay = row !== undefined && row.underWay !== null;
      if (!isUnderWay && (await this.#seen(zone, ctx)) === wanted) return;
      if (!(await waitForPanel(this.#clock, attempt, ctx, isUnderWay))) break;
    }
    throw noEffect();
  }

  /**
   * Whether the panel's list has the zone. If the panel is still deleting the zone, waits until it has
   * finished.
   * @throws {CentralError} `central.exists` if the delete takes too long, `zone.copy` for a slave zone
   */
  async #isListed(zone: DnsName, ctx: CallContext): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      const row = await this.#row(zone, ctx);
      if (row?.isCopy === true) throw copyOf(zone);
      if (row?.underWay !== 'leaving') return row !== undefined;
      if (await waitForPanel(this.#clock, attempt, ctx, true)) continue;
      throw outage('central.exists', { text: zoneParameter(zone) });
    }
  }

  /** Reads the zone after a write. If this read fails, the outcome of the write is unknown. */
  async #seen(zone: DnsName, ctx: CallContext): Promise<'present' | 'absent'> {
    const records = await withState('unknown', async () => await this.readZone(zone, [], ctx));
    return records === null ? 'absent' : 'present';
  }

  /**
   * Finds out whether a write that failed with `central.refused` had an effect: the panel may have written
   * before it refused.
   * @returns the error, with the state that a read shows
   */
  async #judged(
    error: unknown,
    zone: DnsName,
    before: 'present' | 'absent',
    ctx: CallContext,
  ): Promise<unknown> {
    if (!hasCode(error, 'central.refused')) return error;
    const now = await look(async () => await this.#seen(zone, ctx));
    return now === 'unread' ? error : restated(error, now === before ? 'untouched' : 'partial');
  }
}

function copyOf(zone: DnsName): CentralError {
  return centralRefusal('zone.copy', { zone: zoneParameter(zone) });
}
