import { randomUUID } from 'node:crypto';
import type { CallContext, CentralRecord } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { DnsName } from '../../dns/name.ts';
import { validOrElse } from '../../dns/problem.ts';
import { rdataFromFields } from '../../dns/rdata/rdata.ts';
import { formatRecord, sameData, type ResourceRecord } from '../../dns/record.ts';
import { hasCode, noEffect, centralRefusal, restated, withState } from '../errors.ts';
import type { StepOutcome, RecordWriter } from '../stepwise.ts';
import type { Cells } from '../../net/ispmanager/record-dialect.ts';
import { zoneParameter } from '../../net/ispmanager/names.ts';
import { listRecords, type PanelZone } from './read.ts';
import { waitForPanel } from './wait.ts';

/** Separator between the identifiers in a list (docs/protocol.md#parameters). */
const separator = ', ';

/**
 * The identifier by which a write names a record.
 * @throws {CentralError} `central.ambiguous-key` if other records have the same identifier, because the write
 *   could hit one of them
 */
function ownHandle(record: CentralRecord): string {
  if (record.handle !== '') return record.handle;
  throw centralRefusal('central.ambiguous-key', { text: formatRecord(record) });
}

/**
 * Writes single records of one zone, by the record form and its delete function
 * (docs/protocol.md#record-form-4).
 */
export class ZoneWriter implements RecordWriter {
  readonly #place: PanelZone;
  readonly #names: readonly DnsName[];
  readonly #clock: Clock;

  constructor(place: PanelZone, names: readonly DnsName[], clock: Clock) {
    this.#place = place;
    this.#names = names;
    this.#clock = clock;
  }

  get carriesTtl(): boolean {
    return this.#place.dialect.carriesTtl;
  }

  readonly read: RecordWriter['read'] = async (ctx) => {
    const records = await this.#list(ctx);
    return records?.filter(({ name }) => this.#names.includes(name)) ?? null;
  };

  readonly add: RecordWriter['add'] = async (record, ctx) => {
    const outcome = await this.#save('', record, ctx);
    if (outcome === 'missing') throw centralRefusal('central.missing', { text: this.#place.zone });
    return outcome;
  };

  /**
   * An edit without a TTL may reset the record's TTL (docs/protocol.md#record-form-5), so the old TTL is
   * sent.
   */
  readonly replace: RecordWriter['replace'] = (old, record, ctx) =>
    this.#save(ownHandle(old), { ...record, ttl: record.ttl ?? old.ttl }, ctx);

  readonly remove: RecordWriter['remove'] = async (old, ctx) => {
    if (!ownHandle(old).includes(separator)) return await this.#delete(old.handle, ctx);
    const records = (await this.#list(ctx)) ?? [];
    if (!records.some(({ handle }) => handle === old.handle)) return 'missing';
    const others = new Set(records.map(({ handle }) => handle));
    if (listsAnother(old.handle, others)) return await this.#removeRenamed(old, ctx);
    if ((await this.#delete(old.handle, ctx)) === 'done') return 'done';
    return await this.#removeRenamed(old, ctx);
  };

  readonly waitBeforeRead: RecordWriter['waitBeforeRead'] = (attempt, ctx) =>
    waitForPanel(this.#clock, attempt, ctx);

  /** Reads all records of the zone; `null`: the account has no such zone. */
  async #list(ctx: CallContext): Promise<readonly CentralRecord[] | null> {
    try {
      return await listRecords(this.#place, ctx);
    } catch (error) {
      if (hasCode(error, 'central.missing')) return null;
      throw error;
    }
  }

  async #save(handle: string, record: ResourceRecord, ctx: CallContext): Promise<StepOutcome> {
    return await this.#write('recordEdit', handle, this.#form(record), ctx);
  }

  async #write(
    func: 'recordEdit' | 'recordDelete',
    elid: string,
    form: Cells,
    ctx: CallContext,
  ): Promise<StepOutcome> {
    const { api, dialect, zone } = this.#place;
    const parameters = { plid: zoneParameter(zone), elid, sok: 'ok', ...form };
    return await outcomeOf(api.write(dialect[func], parameters, ctx));
  }

  async #delete(handle: string, ctx: CallContext): Promise<'done' | 'missing'> {
    const outcome = await this.#write('recordDelete', handle, {}, ctx);
    if (outcome !== 'exists') return outcome;
    throw restated(centralRefusal('central.refused', { text: handle }), 'unknown');
  }

  /**
   * Removes a TXT record whose identifier contains commas, which the panel may read as a list of identifiers.
   * A delete could then hit other records. So the record form, which takes one identifier, first gives the
   * record a text without a comma.
   */
  async #removeRenamed(old: CentralRecord, ctx: CallContext): Promise<'done' | 'missing'> {
    const rdata = rdataFromFields('TXT', [`domainsync removes this record ${randomUUID()}`]);
    const interim: ResourceRecord = { name: old.name, type: 'TXT', ttl: null, rdata };
    const renamed = await this.#save(old.handle, interim, ctx);
    if (renamed === 'missing') return 'missing';
    return await withState('unknown', async () => {
      const now = (await this.#list(ctx))?.find((record) => sameData(record, interim));
      if (now === undefined) throw noEffect();
      return await this.#delete(ownHandle(now), ctx);
    });
  }

  #form(record: ResourceRecord): Cells {
    return validOrElse(
      () => this.#place.dialect.form(record),
      (cause) => {
        throw centralRefusal('central.invalid-value', { text: cause.message }, cause);
      },
    );
  }
}

/** Waits for a write. The caller verifies `exists` and `missing` by a read. */
async function outcomeOf(call: Promise<void>): Promise<StepOutcome> {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (hasCode(error, 'central.exists')) return 'exists';
    if (hasCode(error, 'central.missing')) return 'missing';
    throw error;
  }
}

/** Whether the panel could find another record's identifier in this one by splitting it at the separators. */
function listsAnother(handle: string, others: ReadonlySet<string>): boolean {
  const list = `${separator}${handle}${separator}`;
  return [...others].some(
    (other) => other !== '' && other !== handle && list.includes(`${separator}${other}${separator}`),
  );
}
