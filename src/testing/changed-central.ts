import { passedConditional, passedSerials, type Central } from '../core/central.ts';

/**
 * Makes a central that passes each call on to another one, except for the members in `changes`.
 * @param changes members that are used instead of the central's own
 */
export function changedCentral(central: Central, changes: Partial<Central>): Central {
  return {
    id: central.id,
    traits: central.traits,
    audit: (change) => central.audit(change),
    check: async (ctx) => await central.check(ctx),
    listZones: async (zones, ctx) => await central.listZones(zones, ctx),
    readZone: async (zone, known, ctx) => await central.readZone(zone, known, ctx),
    readNames: async (...call) => await central.readNames(...call),
    apply: async (change, present, ctx) => await central.apply(change, present, ctx),
    mayCreateZone: async (zone, seed, ctx) => await central.mayCreateZone(zone, seed, ctx),
    createZone: async (...call) => await central.createZone(...call),
    deleteZone: async (zone, ctx) => await central.deleteZone(zone, ctx),
    concerns: async (zones, ctx) => await central.concerns(zones, ctx),
    signing: async (zone, ctx) => await central.signing(zone, ctx),
    ...passedSerials(central, async (_ctx, read) => await read()),
    ...passedConditional(central, (inner) => inner),
    close: async () => await central.close(),
    ...changes,
  };
}
