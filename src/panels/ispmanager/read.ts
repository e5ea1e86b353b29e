import type { CallContext } from '../../core/central.ts';
import { PanelError, type PanelRecord, type ZoneList } from '../../core/panel.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { DnsDataError, shortened } from '../../dns/problem.ts';
import { hasImpossibleName, type RecordDialect } from '../../net/ispmanager/record-dialect.ts';
import { mapInSlices } from '../../net/slices.ts';
import { childrenNamed, childText, type XmlElement } from '../../net/xml.ts';
import { acceptedDocument, callPanel, type LocalTool } from './api.ts';
import { zoneParameter } from '../../net/ispmanager/names.ts';
import { refuseCut } from './lists.ts';

/** The list; `passedOver`: those of its unreadable names that no server could serve, as they are. */
export async function listZones(
  tool: LocalTool,
  ctx: CallContext,
): Promise<ZoneList & { readonly passedOver: readonly string[] }> {
  const document = acceptedDocument(await callPanel(tool, { func: 'domain' }, ctx));
  refuseCut(document);
  // A list without rows may be shown as one empty row; a slave zone has no records of its own
  // (docs/protocol.md#documents, #dnsmanager).
  const rows = childrenNamed(document, 'elem').filter(
    (row) => row.children.length > 0 && ['', 'master'].includes(childText(row, 'dtype')?.trim() ?? ''),
  );
  const unreadable: string[] = [];
  const passedOver: string[] = [];
  const zones = await mapInSlices(rows, (row) => {
    const name = childText(row, 'name')?.trim() ?? '';
    // Not a domain with a bad name but a list of another form.
    if (name === '') throw new PanelError('panel.garbled', { text: 'a domain without a name' });
    try {
      return zoneName(name);
    } catch (error) {
      if (!(error instanceof DnsDataError)) throw error;
      unreadable.push(shortened(name));
      if (hasImpossibleName(error)) passedOver.push(name);
      return null;
    }
  });
  return { zones: zones.filter((zone) => zone !== null), unreadable, passedOver };
}

/** Whether the list has the zone; a list with rows that cannot be read may have it in one of them. */
async function lists(
  tool: LocalTool,
  zone: DnsName,
  ctx: CallContext,
): Promise<'with' | 'without' | 'unclear'> {
  const { zones, unreadable } = await listZones(tool, ctx);
  if (zones.includes(zone)) return 'with';
  return unreadable.length === 0 ? 'without' : 'unclear';
}

/** A zone, and zones that decide where a name in it can be read in two ways. */
export interface ReadOrigin {
  readonly zone: DnsName;
  readonly known: ReadonlySet<DnsName>;
}

export async function readZone(
  tool: LocalTool,
  records: RecordDialect,
  { zone, known }: ReadOrigin,
  ctx: CallContext,
): Promise<ZoneContent | null> {
  const answer = await callPanel(tool, { func: records.recordList, elid: zoneParameter(zone) }, ctx);
  if (answer.kind === 'refused') {
    // Some builds answer a missing zone with another code: the list of zones has the last word.
    if (answer.refusal.kind === 'missing' || (await lists(tool, zone, ctx)) === 'without') return null;
    throw new PanelError('panel.refused', { text: answer.refusal.text });
  }
  refuseCut(answer.document);
  const rows = childrenNamed(answer.document, 'elem').filter((row) => row.children.length > 0);
  const origin = { zone, known: new Set([...known, zone]) };
  const passedOver: string[] = [];
  const shown = await mapInSlices(rows, (row) => panelRecord(row, records, origin, passedOver));
  const found = shown.filter((record) => record !== null).filter(({ type }) => !records.ownTypes.has(type));
  return { records: found, passedOver };
}

export interface ZoneContent {
  readonly records: readonly PanelRecord[];
  /** Keys of rows with a name that no name server could serve. */
  readonly passedOver: readonly string[];
}

/**
 * What cannot be understood is kept as it is, so that it is listed and never touched. It is null, and
 * reported in `passedOver`, if the name is impossible.
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
  try {
    return { ...records.record(cells, origin), key };
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    if (hasImpossibleName(error)) {
      passedOver.push(key);
      return null;
    }
    throw new PanelError('panel.garbled', { text: `the record "${shortened(key)}"` }, error);
  }
}
