import type { Panel } from '../../core/panel.ts';
import { dialectOf, localTool, type IspmanagerPanelSettings } from './api.ts';
import { decode, encode } from './hook.ts';
import { KnownOfPanel } from './known.ts';
import { readOwners } from './owners.ts';
import { listZones, readZone } from './read.ts';
import { PanelWriter } from './write.ts';

/** Makes the adapter of an ISPmanager or DNSmanager on this host. */
export function createIspmanagerPanel(settings: IspmanagerPanelSettings): Panel {
  const tool = localTool(settings);
  const dialect = dialectOf(settings);
  const { language, actor } = dialect.calls;
  const writer = new PanelWriter(tool, dialect);
  const known = new KnownOfPanel(settings.log ?? (() => undefined));
  return {
    id: `ispmanager ${settings.root}`,
    traits: {
      readDuringHandler: false,
      carriesTtl: dialect.records.carriesTtl,
    },
    decode: (call) => decode(call, dialect, known),
    language,
    isAdmin: (call) => actor(call).rank === 'administrator',
    encode: (verdict, text) => encode(verdict, text, dialect),
    listZones: async (ctx) => {
      const { passedOver, ...list } = await listZones(tool, ctx);
      known.listed(list.zones, passedOver);
      return list;
    },
    remember: (zones) => known.remember(zones),
    readOwners: (ctx) => readOwners(tool, ctx),
    readZone: async (zone, ctx) => {
      const found = await readZone(tool, dialect.records, { zone, known: known.zones }, ctx);
      known.read(zone, found?.passedOver ?? null);
      return found?.records ?? null;
    },
    write: (change, present, echo, ctx) => writer.write(change, present, echo, ctx),
    deleteZone: (zone, echo, ctx) => writer.deleteZone(zone, echo, ctx),
  };
}
