import type { DnsName } from '../../dns/name.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { CallContext } from '../../core/central.ts';
import type { HookCall } from '../../core/panel.ts';
import type { CallFacts, PanelHand } from '../../core/panel-hand.ts';
import type { Cells } from '../../net/ispmanager/record-dialect.ts';
import { childText } from '../../net/xml.ts';
import {
  acceptedDocument,
  callPanel,
  dialectOf,
  formOf,
  localTool,
  type IspmanagerPanelSettings,
} from './api.ts';
import { zoneParameter } from '../../net/ispmanager/names.ts';
import type { CallDialect } from './dialect.ts';
import { echoParameter } from './hook.ts';
import { foreignAccountTo } from './owners.ts';
import { readRegistered } from './registered.ts';

/**
 * Makes the object that edits records in the panel on this host as a user would. It uses the command-line
 * tool without an echo token (docs/protocol.md#functions-4, #functions-5, #mgrctl).
 */
export function createIspmanagerHand(settings: IspmanagerPanelSettings): PanelHand {
  const tool = localTool(settings);
  const { records, calls, functions, listsEvents } = dialectOf(settings);
  const call = async (parameters: Cells, ctx: CallContext): Promise<void> => {
    acceptedDocument(await callPanel(tool, parameters, ctx));
  };
  const recordForm = (zone: DnsName, elid: string, record: ResourceRecord): Cells => ({
    func: records.recordEdit,
    plid: zoneParameter(zone),
    elid,
    ...formOf(record, records),
    sok: 'ok',
  });
  const save = async (zone: DnsName, elid: string, record: ResourceRecord, ctx: CallContext): Promise<void> =>
    await call(recordForm(zone, elid, record), ctx);
  return {
    facts: (hook) => facts(hook, calls),
    knowsPlugin: async (ctx) => (await callPanel(tool, { func: 'domainsync' }, ctx)).kind === 'document',
    registered: async (ctx) => {
      if (!listsEvents) return null;
      const answer = await callPanel(tool, { func: 'eventlist' }, ctx);
      return answer.kind === 'refused' ? null : readRegistered(answer.document, functions);
    },
    createZone: async (zone, ctx) => {
      const form = acceptedDocument(await callPanel(tool, { func: 'domain.edit' }, ctx));
      const names = ['ip', 'ns', 'mx', 'owner', 'dtype', 'email'];
      const offered = names
        .map((name) => [name, childText(form, name) ?? ''])
        .filter(([, value]) => value !== '');
      const fields: Cells = Object.fromEntries(offered);
      await call({ func: 'domain.edit', name: zoneParameter(zone), ...fields, sok: 'ok' }, ctx);
    },
    deleteZone: (zone, ctx) => call({ func: 'domain.delete', elid: zoneParameter(zone), sok: 'ok' }, ctx),
    addRecord: (zone, record, ctx) => save(zone, '', record, ctx),
    changeRecord: (zone, key, record, ctx) => save(zone, key, record, ctx),
    deleteRecord: (zone, key, ctx) =>
      call({ func: records.recordDelete, plid: zoneParameter(zone), elid: key, sok: 'ok' }, ctx),
    stranger: (zone, ctx) => foreignAccountTo(tool, records.recordEdit, zone, ctx),
    tryAs: async (su, zone, record, ctx) => {
      const answer = await callPanel(tool, { ...recordForm(zone, '', record), su }, ctx);
      if (answer.kind === 'document') return 'done';
      // Some panels report a zone of another account as missing (docs/protocol.md#accounts).
      return ['access', 'missing'].includes(answer.refusal.kind) ? 'no-right' : 'refused';
    },
  };
}

function facts(call: HookCall, calls: CallDialect): CallFacts {
  const { parameters } = calls.readings(call);
  return {
    func: parameters.get('func') ?? '',
    stage: calls.stage(call),
    key: parameters.get('elid') ?? null,
    parameters: [...parameters.keys()].filter((name) => name !== 'func'),
    marked: parameters.has(echoParameter),
  };
}
