import { DnsDataError, shortened } from '../../dns/problem.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import type { CallContext } from '../../core/central.ts';
import { PanelError, type Panel, type PanelRecord } from '../../core/panel.ts';
import type { RecordDialect } from '../../net/ispmanager/record-dialect.ts';
import { mapInSlices } from '../../net/slices.ts';
import { childrenNamed, childText, type XmlElement } from '../../net/xml.ts';
import {
  accepted,
  callPanel,
  dialectOf,
  localTool,
  zoneId,
  type IspmanagerPanelSettings,
  type LocalTool,
} from './api.ts';
import { decode, encode } from './hook.ts';
import { refuseCut } from './lists.ts';
import { readOwners } from './owners.ts';
import { PanelWriter } from './write.ts';

/** An ISPmanager or DNSmanager on this host (reference sections 6, 7, 10 to 12). */
export function createIspmanagerPanel(settings: IspmanagerPanelSettings): Panel {
  const tool = localTool(settings);
  const dialect = dialectOf(settings);
  const { language, actor } = dialect.calls;
  const writer = new PanelWriter(tool, dialect);
  const { passedOver = () => undefined } = settings;
  let known: ReadonlySet<DnsName> = new Set();
  return {
    id: `ispmanager ${settings.root}`,
    traits: {
      guarantee: 'veto',
      readDuringHandler: false,
      afterMeansVisible: false,
      carriesTtl: dialect.records.carriesTtl,
    },
    decode: (call) => decode(call, dialect, known),
    language,
    isAdmin: (call) => actor(call).rank === 'administrator',
    encode: (verdict, text) => encode(verdict, text, dialect),
    listZones: async (ctx) => {
      const { zones, unreadable } = await listZones(tool, ctx);
      known = new Set(zones);
      passedOver(unreadable);
      return zones;
    },
    readOwners: (ctx) => readOwners(tool, ctx),
    readZone: (zone, ctx) => readZone(tool, dialect.records, zone, ctx),
    write: (change, present, mark, ctx) => writer.write(change, present, mark, ctx),
    deleteZone: (zone, mark, ctx) => writer.deleteZone(zone, mark, ctx),
  };
}

interface ZoneList {
  readonly zones: readonly DnsName[];
  /** Domains whose names are none: no name server could serve them. */
  readonly unreadable: readonly string[];
}

async function listZones(tool: LocalTool, ctx: CallContext): Promise<ZoneList> {
  const document = accepted(await callPanel(tool, { func: 'domain' }, ctx));
  refuseCut(document);
  // A list without rows may be shown as one empty row; a slave zone has no records of its own (reference 4.2, 8.2).
  const rows = childrenNamed(document, 'elem').filter(
    (row) => row.children.length > 0 && ['', 'master'].includes(childText(row, 'dtype')?.trim() ?? ''),
  );
  const unreadable: string[] = [];
  const zones = await mapInSlices(rows, (row) => {
    const name = childText(row, 'name')?.trim() ?? '';
    // Not a domain with a bad name but a list of another form.
    if (name === '') throw new PanelError('panel.garbled', { text: 'a domain without a name' });
    try {
      return zoneName(name);
    } catch (error) {
      if (!(error instanceof DnsDataError)) throw error;
      unreadable.push(shortened(name));
      return null;
    }
  });
  return { zones: zones.filter((zone) => zone !== null), unreadable };
}

async function readZone(
  tool: LocalTool,
  records: RecordDialect,
  zone: DnsName,
  ctx: CallContext,
): Promise<readonly PanelRecord[] | null> {
  const answer = await callPanel(tool, { func: records.recordList, elid: zoneId(zone) }, ctx);
  if (answer.kind === 'refused') {
    // Some builds answer a missing zone with another code: the list of zones has the last word.
    const missing = answer.refusal.kind === 'missing' || !(await listZones(tool, ctx)).zones.includes(zone);
    if (missing) return null;
    throw new PanelError('panel.refused', { text: answer.refusal.text });
  }
  refuseCut(answer.document);
  const rows = childrenNamed(answer.document, 'elem').filter((row) => row.children.length > 0);
  const shown = await mapInSlices(rows, (row) => panelRecord(row, records, zone));
  return shown.filter(({ type }) => !records.ownTypes.has(type));
}

/** What cannot be understood is kept as it is, so that it is seen and never touched. */
function panelRecord(row: XmlElement, records: RecordDialect, zone: DnsName): PanelRecord {
  const cells = Object.fromEntries(row.children.map((cell) => [cell.name, cell.text]));
  const key = records.keyOf(cells);
  if (key === '') throw new PanelError('panel.garbled', { text: 'a record without a key' });
  try {
    return { ...records.record(cells, zone), key };
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    throw new PanelError('panel.garbled', { text: `the record "${shortened(key)}"` }, error);
  }
}
