import { randomUUID } from 'node:crypto';
import type { CallContext, CentralRecord } from '../../core/central.ts';
import type { Clock } from '../../core/clock.ts';
import type { DnsName } from '../../dns/name.ts';
import { validOrElse } from '../../dns/problem.ts';
import { rdataFromFields } from '../../dns/rdata/rdata.ts';
import { formatRecord, sameData, type ResourceRecord } from '../../dns/record.ts';
import { hasCode, noEffect, refusal, restated, withState } from '../errors.ts';
import type { RecordWriter } from '../stepwise.ts';
import type { PanelApi } from './api.ts';
import type { CentralDialect } from './dialect.ts';
import { zoneParameter } from '../../net/ispmanager/names.ts';
import { listRecords } from './read.ts';
import { waitForPanel } from './wait.ts';

/** Separator of the identifiers in a list (docs/protocol.md#parameters). */
const separator = ', ';

/**
 * The identifier of a record for a write.
 * @throws {CentralError} `central.ambiguous-key` if it has none of its own, because the write could hit
 *   another record
 */
function ownHandle(record: CentralRecord): string {
  if (record.handle !== '') return record.handle;
  throw refusal('central.ambiguous-key', { text: formatRecord(record) });
}

/**
 * Writes single records of one zone, by the record form and its delete function
 * (docs/protocol.md#record-form-4).
 */
export class ZoneWriter implements RecordWriter {
  readonly #api: PanelApi;
  readonly #dialect: CentralDialect;
  readonly #zone: DnsName;
  readonly #names: readonly DnsName[];
  readonly #clock: Clock;

  constructor(
    api: PanelApi,
    dialect: CentralDialect,
    clock: Clock,
    zone: DnsName,
    names: readonly DnsName[],
  ) {
    this.#api = api;
    this.#dialect = dialect;
    this.#clock = clock;
    this.#zone = zone;
    this.#names = names;
  }

  get carriesTtl(): boolean {
    return this.#dialect.carriesTtl;
  }

  async read(ctx: CallContext): Promise<readonly CentralRecord[] | null> {
    const records = await this.#list(ctx);
    return records?.filter(({ name }) => this.#names.includes(name)) ?? null;
  }

  async add(record: ResourceRecord, ctx: CallContext): Promise<'done' | 'exists'> {
    const outcome = await this.#save('', record, ctx);
    if (outcome === 'missing') throw refusal('central.missing', { text: this.#zone });
    return outcome;
  }

  async replace(
    old: CentralRecord,
    record: ResourceRecord,
    ctx: CallContext,
  ): Promise<'done' | 'missing' | 'exists'> {
    // An edit without a TTL may reset it (docs/protocol.md#record-form-5), so the old TTL is sent.
    return await this.#save(ownHandle(old), { ...record, ttl: record.ttl ?? old.ttl }, ctx);
  }

  async remove(old: CentralRecord, ctx: CallContext): Promise<'done' | 'missing'> {
    if (!ownHandle(old).includes(separator)) return await this.#delete(old.handle, ctx);
    const records = (await this.#list(ctx)) ?? [];
    if (!records.some(({ handle }) => handle === old.handle)) return 'missing';
    const others = new Set(records.map(({ handle }) => handle));
    if (listsAnother(old.handle, others)) return await this.#removeRenamed(old, ctx);
    if ((await this.#delete(old.handle, ctx)) === 'done') return 'done';
    return await this.#removeRenamed(old, ctx);
  }

  async waitBeforeRead(attempt: number, ctx: CallContext): Promise<boolean> {
    return await waitForPanel(this.#clock, attempt, ctx);
  }

  /** Reads all records of the zone; `null` if there is no such zone. */
  async #list(ctx: CallContext): Promise<readonly CentralRecord[] | null> {
    try {
      return await listRecords(this.#api, this.#dialect, this.#zone, ctx);
    } catch (error) {
      if (hasCode(error, 'central.missing')) return null;
      throw error;
    }
  }

  async #save(
    handle: string,
    record: ResourceRecord,
    ctx: CallContext,
  ): Promise<'done' | 'missing' | 'exists'> {
    const place = { plid: zoneParameter(this.#zone), elid: handle, sok: 'ok' };
    const form = this.#form(record);
    return await outcomeOf(this.#api.write(this.#dialect.recordEdit, { ...place, ...form }, ctx));
  }

  async #delete(handle: string, ctx: CallContext): Promise<'done' | 'missing'> {
    const place = { plid: zoneParameter(this.#zone), elid: handle };
    const outcome = await outcomeOf(
      this.#api.write(this.#dialect.recordDelete, { ...place, sok: 'ok' }, ctx),
    );
    if (outcome !== 'exists') return outcome;
    throw restated(refusal('central.refused', { text: handle }), 'unknown');
  }

  /**
   * Removes a TXT record whose identifier the panel may read as a list of identifiers, so that a delete
   * could hit other records. The record form takes a single identifier. It first gives the record a text
   * without a comma.
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

  #form(record: ResourceRecord): Readonly<Record<string, string>> {
    return validOrElse(
      () => this.#dialect.form(record),
      (cause) => {
        throw refusal('central.invalid-value', { text: cause.message }, cause);
      },
    );
  }
}

/** Waits for a write. The caller verifies `exists` and `missing` by a read. */
async function outcomeOf(call: Promise<void>): Promise<'done' | 'missing' | 'exists'> {
  try {
    await call;
    return 'done';
  } catch (error) {
    if (hasCode(error, 'central.exists')) return 'exists';
    if (hasCode(error, 'central.missing')) return 'missing';
    throw error;
  }
}

/**
 * Whether the panel could read another record's identifier out of this one by cutting it at the separators.
 */
function listsAnother(handle: string, others: ReadonlySet<string>): boolean {
  const list = `${separator}${handle}${separator}`;
  return [...others].some(
    (other) => other !== '' && other !== handle && list.includes(`${separator}${other}${separator}`),
  );
}
