/**
 * Measures the gateway: `npm run -s bench -- gateway [--only edit,line,load,two,lists] [--backend NAME]
 * [--json]`. Each part starts its own PowerDNS and its own gateway, so the parts can be measured one by one.
 */
import { missingFor } from '../src/testing/stage/server-registry.ts';
import { benchGatewayEdits, benchGatewayLine, type EditPlan } from './gateway-edit.ts';
import { benchGatewayLists, type ListsPlan } from './gateway-lists.ts';
import { benchGatewayLoad, type GatewayLoadPlan } from './gateway-load.ts';
import { benchTwoGateways } from './gateway-two.ts';
import { atEachOf } from './name-servers.ts';

const measures = {
  edit: benchGatewayEdits,
  line: benchGatewayLine,
  load: benchGatewayLoad,
  two: benchTwoGateways,
  lists: benchGatewayLists,
} as const;

type GatewayPart = keyof typeof measures;
export const gatewayParts = [
  'edit',
  'line',
  'load',
  'two',
  'lists',
] as const satisfies readonly GatewayPart[];

/** What is measured, and how often. */
export interface GatewayBenchPlan extends EditPlan, GatewayLoadPlan, ListsPlan {
  readonly parts: readonly GatewayPart[];
}

const whole: GatewayBenchPlan = {
  parts: gatewayParts,
  backend: 'lmdb',
  edits: 200,
  lineEdits: 50,
  lineDelay: 30,
  customers: 200,
  writes: 20,
  serverDelay: 20,
  zones: 100_000,
  auditRows: 1_000_000,
  repetitions: 100,
};

/** Measures the parts of the plan. @returns figures; each name begins with that of its part */
export async function benchGateway(changes: Partial<GatewayBenchPlan> = {}): Promise<Record<string, number>> {
  const plan = { ...whole, ...changes };
  return await atEachOf(
    plan.parts,
    () => missingFor('gateway'),
    async (part) => await measures[part](plan),
  );
}
