import { CentralError, type Altered, type CallContext } from '../../core/central.ts';
import type { DnsName } from '../../dns/name.ts';
import { formatRecord, recordId } from '../../dns/record.ts';
import { changeNames, rrsetId, type Change } from '../../dns/zone.ts';
import { hasCode, look, noEffect, centralRefusal, withState } from '../errors.ts';
import { alteredBy, planRRsets, type RRsetEdit } from '../rrsets.ts';
import { Slots } from '../slots.ts';
import { hasEnded } from './answer.ts';
import { persistently, WithoutEffect } from './persistently.ts';
import { zonePath } from './api.ts';
import type { CacheFlusher } from './caches.ts';
import { HiddenRecords } from './hidden.ts';
import { mostBodyOctets, patchBody } from './patch.ts';
import { abilitiesOf, type Abilities } from './abilities.ts';
import { isZoneFailing, type ZoneRead, type ZoneReader } from './read.ts';
import type { DisabledRecords, HeldRecords } from './records.ts';
import { searchNames } from './search.ts';

/** A zone with fewer records than this can be read in about 10 ms. */
const mostQuickRecords = 1_000;
/**
 * Maximum number of times that a big zone is read before a write. If others change the zone after each read,
 * the last read is used.
 */
const mostWholeReads = 3;

/** Writes changes in the zones of one account. */
export class ZoneWriter {
  readonly #reader: ZoneReader;
  readonly #caches: CacheFlusher;
  readonly #zones = new Slots();
  readonly #hidden = new HiddenRecords();
  /** Signed zones that still have to be rectified after a write. */
  readonly #unrectified = new Set<DnsName>();
  #abilities: Abilities | null = null;

  constructor(reader: ZoneReader, caches: CacheFlusher) {
    this.#reader = reader;
    this.#caches = caches;
  }

  /** Stores the abilities of this version of the server. */
  learn(version: string): void {
    this.#abilities = abilitiesOf(version);
  }

  /** Stores the disabled records that a read of the whole zone shows. */
  saw(zone: DnsName, read: ZoneRead | null): void {
    this.#hidden.saw(zone, read);
  }

  /**
   * Carries out a change in one PATCH, with a read before and after it. Nothing protects against another
   * writer of the same RRset in the milliseconds between the first read and the PATCH
   * (docs/decisions/006-powerdns.md). Changes of one zone run one after another, because simultaneous PATCHes
   * can double records. When this resolves, the server's caches no longer contain the replaced data.
   * @throws {CentralError}
   */
  async apply(change: Change, ctx: CallContext): Promise<Altered> {
    return await this.#zones.take(change.zone, ctx.signal, async () => {
      try {
        return await persistently(async () => {
          await this.#knowHidden(change.zone, ctx);
          return await this.#reader.api.edit(ctx, async () => await this.#once(change, ctx));
        });
      } catch (error) {
        if (error instanceof CentralError && error.state !== 'untouched') this.#caches.later(change.zone);
        throw error;
      }
    });
  }

  async #once(change: Change, ctx: CallContext): Promise<Altered> {
    const { zone } = change;
    const before = await this.#readForWrite(change, ctx);
    if (before === null) throw centralRefusal('central.missing', { text: zone });
    const edits = planRRsets(change, before.records);
    const isWritten = edits.length > 0;
    const isSeen = isWritten && (await this.#patch(change, edits, before, ctx)) === 'seen';
    const readBack = async (): Promise<void> => {
      if (isWritten && !isSeen) await this.#readBack(change, before, ctx);
    };
    const owed = isWritten && before.facts?.signed === true && !before.facts.rectifiesItself;
    if (owed || this.#unrectified.has(zone)) {
      await readBack();
      await this.#rectify(zone, ctx);
      await this.#caches.flush(zone, ctx);
    } else if (isWritten) await Promise.all([readBack(), this.#caches.flush(zone, ctx)]);
    return isWritten ? alteredBy(change, edits) : { removed: [], added: [] };
  }

  /**
   * Reads the whole zone if its disabled records are not known. Done before an edit takes its place among
   * those that have begun, because a large zone takes seconds.
   */
  async #knowHidden(zone: DnsName, ctx: CallContext): Promise<void> {
    const { showsDisabled } = await this.#server(ctx);
    if (showsDisabled || !this.#hidden.isToLearn(zone)) return;
    try {
      this.#hidden.saw(zone, await this.#reader.whole(zone, ctx));
    } catch (error) {
      if (!isZoneFailing(error)) throw error;
      // The read before the write finds another way, or throws this error.
      this.#hidden.failed(zone);
    }
  }

  /**
   * Reads the records at the names of the change right before the write, disabled ones included. If this
   * needs a read of a big zone, the names are read once more after it.
   * @returns `null` if the account has no such zone
   */
  async #readForWrite(change: Change, ctx: CallContext): Promise<ZoneRead | null> {
    const { zone } = change;
    const { showsDisabled } = await this.#server(ctx);
    for (let attempt = 1; ; attempt += 1) {
      if (showsDisabled || this.#hidden.has(zone)) {
        const read = await this.#reader.names(zone, changeNames(change), ctx);
        if (read === null || (showsDisabled && read.facts !== null)) return read;
        const disabled = this.#hidden.known(zone, read.facts);
        if (disabled !== null) return { ...read, disabled };
      }
      let whole: ZoneRead | null;
      try {
        whole = await this.#reader.whole(zone, ctx);
      } catch (error) {
        if (!isZoneFailing(error)) throw error;
        return await this.#readInFailing(change, error, ctx);
      }
      this.#hidden.saw(zone, whole);
      const isQuick = whole === null || whole.records.length < mostQuickRecords;
      if (isQuick || !this.#hidden.has(zone) || attempt === mostWholeReads) return whole;
    }
  }

  /**
   * Like `#readForWrite`, for a zone that the server cannot read as a whole. Reads the names, and searches
   * for the disabled records.
   * @param failing error to throw if the search proves nothing, because a write could then delete disabled
   *   records
   */
  async #readInFailing(change: Change, failing: CentralError, ctx: CallContext): Promise<ZoneRead | null> {
    const { zone } = change;
    const names = changeNames(change);
    const read = await this.#reader.names(zone, names, ctx);
    if (read === null) return null;
    const found = await searchNames(this.#reader, zone, names, ctx);
    if (typeof found === 'string') throw failingToo(failing, found);
    if (!sameIds(read, found)) throw failingToo(failing, 'search-data: other records');
    return { ...read, disabled: found.disabled };
  }

  /** @returns `seen`: the outcome was not known, and a read has shown the change since */
  async #patch(
    change: Change,
    edits: readonly RRsetEdit[],
    before: ZoneRead,
    ctx: CallContext,
  ): Promise<'sent' | 'seen'> {
    demandEnabled(edits, before.disabled);
    try {
      await this.#send(change.zone, edits, before.disabled, ctx);
      return 'sent';
    } catch (error) {
      if (!(error instanceof CentralError) || error.state !== 'unknown') throw error;
      await this.#judge(error, change, before, ctx);
      return 'seen';
    }
  }

  /** @throws {CentralError} `central.no-effect` if the server does not show the change */
  async #readBack(change: Change, before: ZoneRead, ctx: CallContext): Promise<void> {
    const { zone } = change;
    const after = await withState(
      'unknown',
      async () => await this.#reader.names(zone, changeNames(change), ctx),
    );
    if (after === null || planRRsets(change, after.records).length > 0) throw noEffect();
    this.#hidden.wrote(zone, before.facts, after.facts);
  }

  async #send(
    zone: DnsName,
    edits: readonly RRsetEdit[],
    disabled: DisabledRecords,
    ctx: CallContext,
  ): Promise<void> {
    const { takesSingle } = await this.#server(ctx);
    const body = patchBody(edits, disabled, takesSingle);
    // The server would refuse a larger body (400) or cut the connection. The body is not split, because a
    // change is written as a whole or not at all.
    if (Buffer.byteLength(body) > mostBodyOctets)
      throw centralRefusal('central.limit', { text: `more than ${mostBodyOctets} octets in one change` });
    try {
      await this.#reader.api.write({ method: 'PATCH', path: zonePath(zone), body }, ctx);
    } catch (error) {
      const mayBeOlder = takesSingle && hasCode(error, 'central.invalid-value');
      if (!mayBeOlder || !/changetype/iu.test(error.params['text'] ?? '')) throw error;
      this.#abilities = { ...(await this.#server(ctx)), takesSingle: false };
      await this.#send(zone, edits, disabled, ctx);
    }
  }

  /**
   * Reads back after a write of unknown outcome. Returns if the change is done. If nothing has changed and
   * the server has ended the request, the write had no effect. Otherwise the server may still carry it out.
   * @throws {WithoutEffect} if the write had no effect
   * @throws {CentralError} `error` itself if the outcome stays unknown
   */
  async #judge(error: CentralError, change: Change, before: ZoneRead, ctx: CallContext): Promise<void> {
    this.#hidden.saw(change.zone, null);
    const after = await look(async () => await this.#reader.names(change.zone, changeNames(change), ctx));
    if (after === 'unread' || after === null) throw error;
    if (planRRsets(change, after.records).length === 0) return;
    if (hasEnded(error) && sameRecords(change, before, after)) throw new WithoutEffect(error);
    throw error;
  }

  /**
   * Rectifies a signed zone after a write. The server then puts the new records into the zone's order and
   * renews the proofs of non-existence.
   * @throws {CentralError} with the state `partial`, because the records are written
   */
  async #rectify(zone: DnsName, ctx: CallContext): Promise<void> {
    this.#unrectified.add(zone);
    await withState(
      'partial',
      async () => await this.#reader.api.write({ method: 'PUT', path: `${zonePath(zone)}/rectify` }, ctx),
    );
    this.#unrectified.delete(zone);
  }

  async #server(ctx: CallContext): Promise<Abilities> {
    this.#abilities ??= abilitiesOf(await this.#reader.version(ctx));
    return this.#abilities;
  }
}

/**
 * Throws if the change adds a record that exists but is disabled. Whoever disabled the record has to enable
 * it.
 * @throws {CentralError} `central.exists`
 */
function demandEnabled(edits: readonly RRsetEdit[], disabled: DisabledRecords): void {
  for (const edit of edits) {
    const off = new Set(disabled.get(rrsetId(edit))?.map(recordId));
    const record = edit.after.find((one) => off.has(recordId(one)));
    if (record !== undefined)
      throw centralRefusal('central.exists', { text: `${formatRecord(record)} (disabled)` });
  }
}

/**
 * Makes the error for a zone that cannot be read. It includes the reason why the search did not help either.
 */
function failingToo(failing: CentralError, why: string): CentralError {
  const params = { ...failing.params, text: `${failing.params['text'] ?? ''}; ${why}` };
  return new CentralError(failing.code, { state: 'untouched', retry: failing.retry, params, cause: failing });
}

function sameIds(one: HeldRecords, other: HeldRecords): boolean {
  const ids = new Set(one.records.map(recordId));
  return ids.size === other.records.length && other.records.every((record) => ids.has(recordId(record)));
}

function sameRecords(change: Change, before: ZoneRead, after: ZoneRead): boolean {
  const names = new Set(changeNames(change));
  const texts = ({ records }: ZoneRead): string =>
    records
      .filter(({ name }) => names.has(name))
      .map((record) => `${recordId(record)} ${record.ttl}`)
      .sort()
      .join('\n');
  return texts(before) === texts(after);
}
