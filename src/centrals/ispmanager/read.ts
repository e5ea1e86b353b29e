import type { CallContext, CentralRecord } from '../../core/central.ts';
import { displayName, type DnsName } from '../../dns/name.ts';
import { shortened, validOrElse } from '../../dns/problem.ts';
import { sameData, type ResourceRecord } from '../../dns/record.ts';
import { hasImpossibleName } from '../../net/ispmanager/record-dialect.ts';
import { mapInSlices } from '../../net/slices.ts';
import { childText, type XmlElement } from '../../net/xml.ts';
import { outage } from '../errors.ts';
import { garbled } from '../http-answer.ts';
import type { PanelApi } from './api.ts';
import type { CentralDialect } from './dialect.ts';
import { readRows, type ListedRow } from './lists.ts';
import { zoneOf, zoneParameter } from '../../net/ispmanager/names.ts';

/** One zone of an account at a panel. */
export interface PanelZone {
  readonly api: PanelApi;
  readonly dialect: CentralDialect;
  readonly zone: DnsName;
}

/**
 * Reads all records of a zone. Leaves out rows whose owner name is not a valid DNS name.
 * @throws {CentralError} the panel's refusal; `central.garbled` for the list of another zone;
 *   `central.zone-failing` if name or type of another row cannot be read
 */
export async function listRecords(place: PanelZone, ctx: CallContext): Promise<readonly CentralRecord[]> {
  const { api, dialect, zone } = place;
  const doc = await api.read(dialect.recordList, { elid: zoneParameter(zone) }, ctx);
  demandParent(doc, zone);
  const rows = await readRows(doc, dialect.keyOf);
  const shown = await mapInSlices(rows, (row) => {
    const record = recordOf(row, place);
    return record === null ? null : { ...record, handle: dialect.keyOf(row) };
  });
  const records = shown.filter((record) => record !== null);
  return withOwnHandles(records).filter(({ type }) => !dialect.ownTypes.has(type));
}

/** Replaces a handle by an empty text if several different records have it, so that no write uses it. */
function withOwnHandles(records: readonly CentralRecord[]): readonly CentralRecord[] {
  const seen = new Map<string, CentralRecord>();
  const shared = new Set<string>();
  for (const record of records) {
    const twin = seen.get(record.handle);
    if (twin === undefined) seen.set(record.handle, record);
    else if (!sameData(twin, record)) shared.add(record.handle);
  }
  return records.map((record) => (shared.has(record.handle) ? { ...record, handle: '' } : record));
}

/** The record of a row. @returns null if no name server could serve its name */
function recordOf(row: ListedRow, { dialect, zone }: PanelZone): ResourceRecord | null {
  const origin = { zone, known: new Set([zone]) };
  return validOrElse(
    () => dialect.record(row, origin),
    (cause) => {
      if (hasImpossibleName(cause)) return null;
      const text = `a row that cannot be read: ${shortened(dialect.keyOf(row))}`;
      throw outage('central.zone-failing', { name: displayName(zone), text }, cause);
    },
  );
}

/**
 * Checks that the list belongs to this zone: the panel repeats the zone's name in it
 * (docs/protocol.md#documents).
 * @throws {CentralError} `central.garbled`
 */
function demandParent(doc: XmlElement, zone: DnsName): void {
  const parent = childText(doc, 'plid') ?? '';
  if (parent !== '' && zoneOf(parent) !== zone) throw garbled(`a list of ${shortened(parent)}`, 'read');
}
