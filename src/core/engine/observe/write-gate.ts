import type { DnsName } from '../../../dns/name.ts';
import { passedConditional, type Central } from '../../central.ts';
import type { Panel } from '../../panel.ts';
import type { Promises } from './promises.ts';

/** The central and the panel of one engine. */
interface BothSides {
  readonly central: Central;
  readonly panel: Panel;
}

/**
 * Thrown if a write is about to be sent although the engine only observes. Only a defect of domainsync can
 * cause this.
 */
export class WriteWhileObserving extends Error {
  override readonly name = 'WriteWhileObserving';

  constructor(what: string, zone: DnsName) {
    super(`${what} in ${zone} while only observing`);
  }
}

/**
 * Wraps both sides so that no write reaches them, except in zones whose edits were under way when the engine
 * began to observe. No other code has to guarantee this (docs/decisions/018-observe.md).
 */
export function withoutWrites({ central, panel }: BothSides, promises: Promises): BothSides {
  const check = async (what: string, zone: DnsName): Promise<void> => {
    if (!(await promises.holdIn(zone))) throw new WriteWhileObserving(what, zone);
  };
  return { central: readableCentral(central, check), panel: readablePanel(panel, check) };
}

/** Throws {@link WriteWhileObserving} unless the engine may write in the zone. */
type Check = (what: string, zone: DnsName) => Promise<void>;

function readableCentral(central: Central, check: Check): Central {
  return {
    id: central.id,
    get traits() {
      return central.traits;
    },
    audit: (change) => central.audit(change),
    check: async (ctx) => await central.check(ctx),
    listZones: async (asked, ctx) => await central.listZones(asked, ctx),
    readZone: async (zone, known, ctx) => await central.readZone(zone, known, ctx),
    readNames: async (zone, names, ctx, types, likely) =>
      await central.readNames(zone, names, ctx, types, likely),
    apply: async (change, present, ctx) => {
      await check('apply', change.zone);
      return await central.apply(change, present, ctx);
    },
    mayCreateZone: async (zone, seed, ctx) => await central.mayCreateZone(zone, seed, ctx),
    createZone: async (zone, seed, ctx, content) => {
      await check('createZone', zone);
      return await central.createZone(zone, seed, ctx, content);
    },
    deleteZone: async (zone, ctx) => {
      await check('deleteZone', zone);
      return await central.deleteZone(zone, ctx);
    },
    signing: async (zone, ctx) => await central.signing(zone, ctx),
    concerns: async (zones, ctx) => await central.concerns(zones, ctx),
    ...passedConditional(central, (inner) => ({
      apply: async (change, condition, ctx) => {
        await check('apply', change.zone);
        return await inner.apply(change, condition, ctx);
      },
      outcome: async (zone, key, ctx) => await inner.outcome(zone, key, ctx),
    })),
    close: async () => await central.close(),
  };
}

function readablePanel(panel: Panel, check: Check): Panel {
  return {
    id: panel.id,
    traits: panel.traits,
    decode: (call) => panel.decode(call),
    language: (call) => panel.language(call),
    isAdmin: (call) => panel.isAdmin(call),
    encode: (verdict, text) => panel.encode(verdict, text),
    listZones: async (ctx) => await panel.listZones(ctx),
    remember: (zones) => panel.remember(zones),
    readOwners: async (ctx) => await panel.readOwners(ctx),
    readZone: async (zone, ctx) => await panel.readZone(zone, ctx),
    write: async (change, present, echo, ctx) => {
      await check('write', change.zone);
      await panel.write(change, present, echo, ctx);
    },
    deleteZone: async (zone, echo, ctx) => {
      await check('deleteZone', zone);
      await panel.deleteZone(zone, echo, ctx);
    },
  };
}
