import type { DnsName } from '../../dns/name.ts';
import {
  CentralError,
  passedConditional,
  passedSerials,
  type CallContext,
  type Central,
} from '../../core/central.ts';
import type { Log } from '../../core/log.ts';
import { PanelError, type Panel, type ZoneList } from '../../core/panel.ts';

/** Runs one call, and logs its name, zone, outcome and duration, but not its data. */
type Logging = <T>(call: string, zone: DnsName | '-', ctx: CallContext, body: () => Promise<T>) => Promise<T>;

function logging(event: string, log: Log): Logging {
  return async (call, zone, { operation }, body) => {
    const started = performance.now();
    const tell = (outcome: string): void =>
      log(6, event, { call, zone, operation, outcome, ms: Math.round(performance.now() - started) });
    try {
      const value = await body();
      tell('ok');
      return value;
    } catch (error) {
      tell(error instanceof CentralError || error instanceof PanelError ? error.code : 'defect');
      throw error;
    }
  };
}

/** Wraps a central so that each call is logged at level 6. */
export function loggedCentral(central: Central, log: Log): Central {
  const tell = logging('central.call', log);
  return {
    id: central.id,
    get traits() {
      return central.traits;
    },
    audit: (change) => central.audit(change),
    check: (ctx) => tell('check', '-', ctx, () => central.check(ctx)),
    listZones: (asked, ctx) => tell('list', '-', ctx, () => central.listZones(asked, ctx)),
    readZone: (zone, known, ctx) => tell('read-zone', zone, ctx, () => central.readZone(zone, known, ctx)),
    readNames: (zone, names, ctx, types, likely) =>
      tell('read-names', zone, ctx, () => central.readNames(zone, names, ctx, types, likely)),
    apply: (change, present, ctx) =>
      tell('apply', change.zone, ctx, () => central.apply(change, present, ctx)),
    mayCreateZone: (zone, seed, ctx) =>
      tell('may-create-zone', zone, ctx, () => central.mayCreateZone(zone, seed, ctx)),
    createZone: (zone, seed, ctx, content) =>
      tell('create-zone', zone, ctx, () => central.createZone(zone, seed, ctx, content)),
    deleteZone: (zone, ctx) => tell('delete-zone', zone, ctx, () => central.deleteZone(zone, ctx)),
    concerns: (zones, ctx) => tell('concerns', '-', ctx, () => central.concerns(zones, ctx)),
    signing: (zone, ctx) => tell('signing', zone, ctx, () => central.signing(zone, ctx)),
    ...passedSerials(central, (ctx, read) => tell('serials', '-', ctx, read)),
    ...passedConditional(central, (inner) => ({
      apply: (change, condition, ctx) =>
        tell('apply-expecting', change.zone, ctx, () => inner.apply(change, condition, ctx)),
      outcome: (zone, key, ctx) => tell('outcome', zone, ctx, () => inner.outcome(zone, key, ctx)),
    })),
    close: () => central.close(),
  };
}

/** Most domain names that are written in one log line. */
const mostNamed = 20;

/**
 * Wraps a panel so that each read and write is logged at level 6. Domains with names that cannot be read are
 * logged at level 2, each time that their list changes.
 */
export function loggedPanel(panel: Panel, log: Log): Panel {
  const tell = logging('panel.call', log);
  let passedOver = '';
  const reportOnce = ({ unreadable }: ZoneList): void => {
    const domains = unreadable.slice(0, mostNamed).join(' ');
    if (domains !== passedOver && domains !== '')
      log(2, 'panel.no-names', { count: unreadable.length, domains });
    passedOver = domains;
  };
  return {
    id: panel.id,
    traits: panel.traits,
    decode: (call) => panel.decode(call),
    language: (call) => panel.language(call),
    isAdmin: (call) => panel.isAdmin(call),
    encode: (verdict, text) => panel.encode(verdict, text),
    listZones: async (ctx) => {
      const list = await tell('list', '-', ctx, () => panel.listZones(ctx));
      reportOnce(list);
      return list;
    },
    remember: (zones) => panel.remember(zones),
    readOwners: (ctx) => tell('read-owners', '-', ctx, () => panel.readOwners(ctx)),
    readZone: (zone, ctx) => tell('read-zone', zone, ctx, () => panel.readZone(zone, ctx)),
    write: (change, present, echo, ctx) =>
      tell('write', change.zone, ctx, () => panel.write(change, present, echo, ctx)),
    deleteZone: (zone, echo, ctx) => tell('delete-zone', zone, ctx, () => panel.deleteZone(zone, echo, ctx)),
  };
}
