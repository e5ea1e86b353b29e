import { Random } from '../../simulator/random.ts';
import type { BackendKind } from '../../stage/gateway-account.ts';

/** What runs in a story: the name server, and one gateway or two that share a PostgreSQL. */
export interface GatewayForm {
  readonly backend: BackendKind;
  readonly gateways: 1 | 2;
}

export const usualForm: GatewayForm = { backend: 'powerdns', gateways: 1 };

/** What a trouble kills: a gateway, the name server, or both at the same moment. */
export type GatewayKill = 'gateway' | 'server' | 'both';

/** One kill of a story. Times are milliseconds. */
export interface GatewayTrouble {
  readonly target: GatewayKill;
  /** Which of two gateways is killed. */
  readonly which: 0 | 1;
  /** How many writes the clients send before `after` begins. */
  readonly writes: number;
  readonly after: number;
  /** How long the killed process stays down. */
  readonly lasts: number;
}

/** All random decisions of a story that are made before it begins. */
export interface GatewayPlan extends GatewayForm {
  readonly seed: number;
  /** Number of clients. Each has a token of its own; every second one belongs to the same customer. */
  readonly clients: number;
  readonly troubles: readonly GatewayTrouble[];
}

/** What is killed. A target that is listed more often is killed more often. */
const targets: readonly GatewayKill[] = [
  ...(['gateway', 'gateway', 'gateway', 'gateway', 'gateway', 'gateway', 'gateway'] as const),
  ...(['server', 'server', 'both'] as const),
];

/** Makes the plan of a story from a seed. @param kills how many troubles the story has */
export function gatewayPlan(seed: number, kills: number, form: GatewayForm = usualForm): GatewayPlan {
  const random = new Random(seed);
  const troubles = Array.from({ length: kills }, (): GatewayTrouble => {
    const target = targets[random.between('target', 0, targets.length - 1)] ?? 'gateway';
    // A write takes some ten milliseconds, so most kills come while the last of these writes is carried out.
    const writes = random.between('writes', 1, 24);
    const after = random.chance('in a write', 0.8) ? random.between('in it', 0, 25) : 200;
    const which = form.gateways === 2 && random.chance('which', 0.5) ? 1 : 0;
    return { target, which, writes, after, lasts: random.between('away', 0, 400) };
  });
  return { ...form, seed, clients: random.between('clients', 3, 6), troubles };
}
