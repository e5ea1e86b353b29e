import { Random } from '../../simulator/random.ts';

/** What a trouble kills: the gateway, PowerDNS, or both at the same moment. */
export type GatewayKill = 'gateway' | 'server' | 'both';

/** One kill of a story. Times are milliseconds. */
export interface GatewayTrouble {
  readonly target: GatewayKill;
  /** How many writes the clients send before `after` begins. */
  readonly writes: number;
  readonly after: number;
  /** How long the killed process stays down. */
  readonly lasts: number;
}

/** All random decisions of a story that are made before it begins. */
export interface GatewayPlan {
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
export function gatewayPlan(seed: number, kills: number): GatewayPlan {
  const random = new Random(seed);
  const troubles = Array.from({ length: kills }, (): GatewayTrouble => {
    const target = targets[random.between('target', 0, targets.length - 1)] ?? 'gateway';
    // A write takes some ten milliseconds, so most kills come while the last of these writes is carried out.
    const writes = random.between('writes', 1, 24);
    const after = random.chance('in a write', 0.8) ? random.between('in it', 0, 25) : 200;
    return { target, writes, after, lasts: random.between('away', 0, 400) };
  });
  return { seed, clients: random.between('clients', 3, 6), troubles };
}
