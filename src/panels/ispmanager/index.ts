import { DnsDataError } from '../../dns/problem.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import { recordId, type ResourceRecord } from '../../dns/record.ts';
import type { Change } from '../../dns/zone.ts';
import type { CallContext } from '../../core/central.ts';
import { PanelError, type Panel, type PanelRecord } from '../../core/panel.ts';
import { opaqueRecord } from '../../net/ispmanager/opaque.ts';
import { recordFromRow, type RowFields } from '../../net/ispmanager/rows.ts';
import { childrenNamed, childText, type XmlElement } from '../../net/xml.ts';
import {
  accepted,
  callPanel,
  formOf,
  localTool,
  zoneId,
  type IspmanagerPanelSettings,
  type LocalTool,
} from './api.ts';
import { decode, encode, isAdmin, language, markParameter } from './hook.ts';

/** An ISPmanager 4 on this host (reference 6, 10, 12). */
export function createIspmanagerPanel(settings: IspmanagerPanelSettings): Panel {
  const tool = localTool(settings);
  return {
    id: `ispmanager ${settings.root}`,
    traits: { guarantee: 'veto', readDuringHandler: false, afterMeansVisible: false, carriesTtl: false },
    decode: (call) => decode(call),
    language,
    isAdmin,
    encode,
    listZones: (ctx) => listZones(tool, ctx),
    readZone: (zone, ctx) => readZone(tool, zone, ctx),
    write: (change, present, mark, ctx) => write(tool, change, present, mark, ctx),
  };
}

async function listZones(tool: LocalTool, ctx: CallContext): Promise<readonly DnsName[]> {
  const document = accepted(await callPanel(tool, { func: 'domain' }, ctx));
  refuseCut(document);
  return childrenNamed(document, 'elem').map((row) => {
    const name = childText(row, 'name')?.trim() ?? '';
    try {
      return zoneName(name);
    } catch (error) {
      if (!(error instanceof DnsDataError)) throw error;
      throw new PanelError('panel.garbled', { text: `a domain called "${name}"` }, error);
    }
  });
}

/** A banner about a record limit means that rows are missing (reference 4.6). */
function refuseCut(document: XmlElement): void {
  const cut = childrenNamed(document, 'banner').some((banner) =>
    /limit/i.test(`${banner.attributes['id'] ?? ''} ${banner.attributes['infotype'] ?? ''} ${banner.text}`),
  );
  if (cut) throw new PanelError('panel.garbled', { text: 'the list is cut at the record limit' });
}

async function readZone(
  tool: LocalTool,
  zone: DnsName,
  ctx: CallContext,
): Promise<readonly PanelRecord[] | null> {
  const answer = await callPanel(tool, { func: 'domain.sublist', elid: zoneId(zone) }, ctx);
  if (answer.kind === 'refused') {
    // Some builds answer a missing zone with another code: the list of zones has the last word.
    const missing = answer.refusal.kind === 'missing' || !(await listZones(tool, ctx)).includes(zone);
    if (missing) return null;
    throw new PanelError('panel.refused', { text: answer.refusal.text });
  }
  refuseCut(answer.document);
  return childrenNamed(answer.document, 'elem')
    .filter((row) => row.children.length > 0)
    .map((row) => panelRecord(row, zone));
}

function panelRecord(row: XmlElement, zone: DnsName): PanelRecord {
  const key = childText(row, 'key');
  if (key === undefined || key === '')
    throw new PanelError('panel.garbled', { text: 'a record without a key' });
  const fields = Object.fromEntries(row.children.map((cell) => [cell.name, cell.text]));
  try {
    return { ...readable(fields, zone), key };
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    throw new PanelError('panel.garbled', { text: `the record "${key}"` }, error);
  }
}

/** What cannot be understood is kept as it is, so that it is seen and never touched. */
function readable(fields: RowFields, zone: DnsName): ResourceRecord {
  try {
    return recordFromRow(fields, zone);
  } catch (error) {
    if (error instanceof DnsDataError) return opaqueRecord(fields, zone);
    throw error;
  }
}

async function write(
  tool: LocalTool,
  change: Change,
  present: readonly PanelRecord[],
  mark: string,
  ctx: CallContext,
): Promise<void> {
  const keys = new Map(present.map((record) => [recordId(record), record.key]));
  const plid = zoneId(change.zone);
  for (const record of change.remove) {
    const elid = keys.get(recordId(record));
    if (elid === undefined) continue;
    await save(
      tool,
      { func: 'domain.sublist.delete', plid, elid, [markParameter]: mark, sok: 'ok' },
      'missing',
      ctx,
    );
  }
  for (const record of change.add) {
    if (keys.has(recordId(record))) continue;
    const form = formOf(record);
    await save(
      tool,
      { func: 'domain.sublist.edit', plid, elid: '', ...form, [markParameter]: mark, sok: 'ok' },
      'exists',
      ctx,
    );
  }
}

/** @param harmless the refusal that means it is already so (reference 5.1) */
async function save(
  tool: LocalTool,
  parameters: Readonly<Record<string, string>>,
  harmless: 'exists' | 'missing',
  ctx: CallContext,
): Promise<void> {
  const answer = await callPanel(tool, parameters, ctx);
  if (answer.kind === 'refused' && answer.refusal.kind !== harmless) {
    throw new PanelError('panel.refused', { text: answer.refusal.text });
  }
}
