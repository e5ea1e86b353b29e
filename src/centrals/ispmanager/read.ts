import { CentralError, type CallContext, type CentralRecord } from '../../core/central.ts';
import { displayName, type DnsName } from '../../dns/name.ts';
import { DnsDataError, shortened } from '../../dns/problem.ts';
import { sameData, type ResourceRecord } from '../../dns/record.ts';
import { hasImpossibleName } from '../../net/ispmanager/record-dialect.ts';
import { mapInSlices } from '../../net/slices.ts';
import { childText, type XmlElement } from '../../net/xml.ts';
import { garbled } from '../http-answer.ts';
import type { PanelApi } from './api.ts';
import type { CentralDialect } from './dialect.ts';
import { readRows, type ListedRow } from './lists.ts';
import { zoneOf, zoneParameter } from '../../net/ispmanager/names.ts';

/**
 * All records of a zone. Rows with a name that no server could serve are passed over.
 * @throws {CentralError} `central.missing` and so on in the panel's words; `central.garbled` for a list of
 *   another zone. `central.zone-failing` for one with another row without a readable name or type
 */
export async function listRecords(
  api: PanelApi,
  dialect: CentralDialect,
  zone: DnsName,
  ctx: CallContext,
): Promise<readonly CentralRecord[]> {
  const doc = await api.read(dialect.recordList, { elid: zoneParameter(zone) }, ctx);
  demandParent(doc, zone);
  const rows = await readRows(doc, dialect.keyOf);
  const shown = await mapInSlices(rows, (row) => {
    const record = recordOf(row, dialect, zone);
    return record === null ? null : { ...record, handle: dialect.keyOf(row) };
  });
  const records = shown.filter((record) => record !== null);
  return withOwnHandles(records).filter(({ type }) => !dialect.ownTypes.has(type));
}

/**
 * An identifier that stands for different records names none of them: their handles are empty, and nothing is
 * written by those.
 */
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

/** @returns null for a row that stands for no record */
function recordOf(row: ListedRow, dialect: CentralDialect, zone: DnsName): ResourceRecord | null {
  try {
    return dialect.record(row, { zone, known: new Set([zone]) });
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    if (hasImpossibleName(error)) return null;
    const text = `a row that cannot be read: ${shortened(dialect.keyOf(row))}`;
    const params = { name: displayName(zone), text };
    throw new CentralError('central.zone-failing', {
      state: 'untouched',
      retry: 'later',
      params,
      cause: error,
    });
  }
}

/** A sub-list echoes its parent (docs/protocol.md#documents); an answer to another question is no answer. */
function demandParent(doc: XmlElement, zone: DnsName): void {
  const parent = childText(doc, 'plid') ?? '';
  if (parent !== '' && zoneOf(parent) !== zone) throw garbled(`a list of ${shortened(parent)}`, 'read');
}
