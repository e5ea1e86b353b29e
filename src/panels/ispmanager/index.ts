import { DnsDataError, shortened } from '../../dns/problem.ts';
import { zoneName, type DnsName } from '../../dns/name.ts';
import type { CallContext } from '../../core/central.ts';
import type { Log } from '../../core/log.ts';
import { PanelError, type Panel, type PanelRecord, type ZoneList } from '../../core/panel.ts';
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
  const known = new KnownZones();
  const passedOver = new PassedOver(settings.log ?? (() => undefined));
  return {
    id: `ispmanager ${settings.root}`,
    traits: {
      guarantee: 'veto',
      readDuringHandler: false,
      afterMeansVisible: false,
      carriesTtl: dialect.records.carriesTtl,
    },
    decode: (call) => decode(call, dialect, known.names),
    language,
    isAdmin: (call) => actor(call).rank === 'administrator',
    encode: (verdict, text) => encode(verdict, text, dialect),
    listZones: async (ctx) => {
      const list = await listZones(tool, ctx);
      known.listed(list.zones);
      return list;
    },
    remember: (zones) => known.remember(zones),
    readOwners: (ctx) => readOwners(tool, ctx),
    readZone: async (zone, ctx) => {
      const found = await readZone(tool, dialect.records, { zone, known: known.names }, ctx);
      known.read(zone, found !== null);
      if (found !== null) passedOver.tell(zone, found.unreadable);
      return found?.records ?? null;
    },
    write: (change, present, mark, ctx) => writer.write(change, present, mark, ctx),
    deleteZone: (zone, mark, ctx) => writer.deleteZone(zone, mark, ctx),
  };
}

/** The zones that the panel is known to have. */
class KnownZones {
  #names = new Set<DnsName>();
  #isListed = false;

  get names(): ReadonlySet<DnsName> {
    return this.#names;
  }

  listed(zones: readonly DnsName[]): void {
    this.#names = new Set(zones);
    this.#isListed = true;
  }

  /** What the panel said since the start counts, once it said all. */
  remember(zones: readonly DnsName[]): void {
    if (!this.#isListed) for (const zone of zones) this.#names.add(zone);
  }

  read(zone: DnsName, isThere: boolean): void {
    if (isThere) this.#names.add(zone);
    else this.#names.delete(zone);
  }
}

/** Tells of records that are passed over, once for the same ones of a zone. */
class PassedOver {
  readonly #log: Log;
  readonly #last = new Map<DnsName, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  tell(zone: DnsName, keys: readonly string[]): void {
    const records = keys.slice(0, mostNamed).join('; ');
    if (records === (this.#last.get(zone) ?? '')) return;
    this.#last.set(zone, records);
    if (records !== '') this.#log(2, 'panel.no-names', { zone, count: keys.length, records });
  }
}

/** Most records in one line. */
const mostNamed = 5;

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
interface Origin {
  readonly zone: DnsName;
  readonly known: ReadonlySet<DnsName>;
}

async function readZone(
  tool: LocalTool,
  records: RecordDialect,
  { zone, known }: Origin,
  ctx: CallContext,
): Promise<ZoneContent | null> {
  const answer = await callPanel(tool, { func: records.recordList, elid: zoneId(zone) }, ctx);
  if (answer.kind === 'refused') {
    // Some builds answer a missing zone with another code: the list of zones has the last word.
    if (answer.refusal.kind === 'missing' || (await lists(tool, zone, ctx)) === 'without') return null;
    throw new PanelError('panel.refused', { text: answer.refusal.text });
  }
  refuseCut(answer.document);
  const rows = childrenNamed(answer.document, 'elem').filter((row) => row.children.length > 0);
  const origin = { zone, known: new Set([...known, zone]) };
  const unreadable: string[] = [];
  const shown = await mapInSlices(rows, (row) => panelRecord(row, records, origin, unreadable));
  const found = shown.filter((record) => record !== null).filter(({ type }) => !records.ownTypes.has(type));
  return { records: found, unreadable };
}

interface ZoneContent {
  readonly records: readonly PanelRecord[];
  /** Keys of rows with a name that no name server could serve, shortened. */
  readonly unreadable: readonly string[];
}

/** Problems of names that cannot be in any zone, however they are spelled. */
const impossible: ReadonlySet<string> = new Set([
  'name.empty-label',
  'name.label-too-long',
  'name.too-long',
  'name.bad-escape',
]);

/**
 * What cannot be understood is kept as it is, so that it is seen and never touched; null, and told in `unreadable`, where the name
 * is impossible.
 */
function panelRecord(
  row: XmlElement,
  records: RecordDialect,
  origin: Origin,
  unreadable: string[],
): PanelRecord | null {
  const cells = Object.fromEntries(row.children.map((cell) => [cell.name, cell.text]));
  const key = records.keyOf(cells);
  if (key === '') throw new PanelError('panel.garbled', { text: 'a record without a key' });
  try {
    return { ...records.record(cells, origin), key };
  } catch (error) {
    if (!(error instanceof DnsDataError)) throw error;
    if (error.problems.some(({ code }) => impossible.has(code))) {
      unreadable.push(shortened(key));
      return null;
    }
    throw new PanelError('panel.garbled', { text: `the record "${shortened(key)}"` }, error);
  }
}
