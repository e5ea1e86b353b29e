import type { CallContext } from '../../core/central.ts';
import { PanelError, type PanelRecord, type ZoneList } from '../../core/panel.ts';
import { zoneName, type DnsName, type KnownSpellings } from '../../dns/name.ts';
import { shortened, validOrElse } from '../../dns/problem.ts';
import { hasImpossibleName, type RecordDialect } from '../../net/ispmanager/record-dialect.ts';
import { mapInSlices } from '../../net/slices.ts';
import { childText, type XmlElement } from '../../net/xml.ts';
import { acceptedDocument, callPanel, type LocalTool } from './api.ts';
import { zoneParameter } from '../../net/ispmanager/names.ts';
import { rowsOf } from './lists.ts';

/**
 * Reads the panel's list of zones. `passedOver`: names that are not valid DNS names, in the panel's spelling.
 * @throws {PanelError}
 */
export async function listZones(
  tool: LocalTool,
  ctx: CallContext,
): Promise<ZoneList & { readonly passedOver: readonly string[] }> {
  const document = acceptedDocument(await callPanel(tool, { func: 'domain' }, ctx));
  // A slave zone has no records of its own (docs/protocol.md#dnsmanager).
  const rows = rowsOf(document).filter((row) =>
    ['', 'master'].includes(childText(row, 'dtype')?.trim() ?? ''),
  );
  const unreadable: string[] = [];
  const passedOver: string[] = [];
  const zones = await mapInSlices(rows, (row) => {
    const name = childText(row, 'name')?.trim() ?? '';
    // A row without a name cannot be a domain, so this is not the list of domains.
    if (name === '') throw new PanelError('panel.garbled', { text: 'a domain without a name' });
    return validOrElse(
      () => zoneName(name),
      (error) => {
        unreadable.push(shortened(name));
        if (hasImpossibleName(error)) passedOver.push(name);
        return null;
      },
    );
  });
  return { zones: zones.filter((zone) => zone !== null), unreadable, passedOver };
}

/**
 * Whether the list proves that the panel lacks the zone. A list with names that cannot be parsed proves
 * nothing, because one of them may be the zone.
 */
async function isUnlisted(tool: LocalTool, zone: DnsName, ctx: CallContext): Promise<boolean> {
  const { zones, unreadable } = await listZones(tool, ctx);
  return unreadable.length === 0 && !zones.includes(zone);
}

/**
 * A zone, and names that the panel has. IDNA 2003 turns `ß` in a name into `ss`, and IDNA 2008 keeps it. Of
 * the two names, the one that the panel has is meant.
 */
export type ReadOrigin = Required<KnownSpellings>;

/**
 * Reads a zone; null if the panel has none of this name.
 * @returns also `passedOver`: keys of rows whose name no name server could serve
 * @throws {PanelError}
 */
export async function readZone(
  tool: LocalTool,
  records: RecordDialect,
  { zone, known }: ReadOrigin,
  ctx: CallContext,
) {
  const answer = await callPanel(tool, { func: records.recordList, elid: zoneParameter(zone) }, ctx);
  if (answer.kind === 'refused') {
    // Some versions report a missing zone by another error, so the list of zones is read too.
    if (answer.refusal.kind === 'missing' || (await isUnlisted(tool, zone, ctx))) return null;
    throw new PanelError('panel.refused', { text: answer.refusal.text });
  }
  const rows = rowsOf(answer.document);
  const origin = { zone, known: new Set([...known, zone]) };
  const passedOver: string[] = [];
  const shown = await mapInSlices(rows, (row) => panelRecord(row, records, origin, passedOver));
  const found = shown.filter((record) => record !== null).filter(({ type }) => !records.ownTypes.has(type));
  return { records: found, passedOver };
}

/**
 * The record of a row. If its data cannot be understood, it becomes an opaque record, which is listed but
 * never changed. If its owner name is not a valid DNS name, returns null and adds the key to `passedOver`.
 * @throws {PanelError} `panel.garbled`
 */
function panelRecord(
  row: XmlElement,
  records: RecordDialect,
  origin: ReadOrigin,
  passedOver: string[],
): PanelRecord | null {
  const cells = Object.fromEntries(row.children.map((cell) => [cell.name, cell.text]));
  const key = records.keyOf(cells);
  if (key === '') throw new PanelError('panel.garbled', { text: 'a record without a key' });
  return validOrElse(
    () => ({ ...records.record(cells, origin), key }),
    (error) => {
      if (!hasImpossibleName(error))
        throw new PanelError('panel.garbled', { text: `the record "${shortened(key)}"` }, error);
      passedOver.push(key);
      return null;
    },
  );
}
