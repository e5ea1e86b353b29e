import type { GatewayMode } from '../runs/modes.ts';
import { Random } from '../simulator/random.ts';
import { PrefixedChances } from '../simulator/chances.ts';
import { GatewayClients } from './clients.ts';
import { firstZones, freshZones, GatewayWorld, requestTime, tokenNames } from './gateway-world.ts';
import { GatewayMishaps } from './mishaps.ts';
import { judgeWorld, type GatewayViolation } from './laws/index.ts';
import { keyIn, zoneIn } from './requests.ts';

export interface GatewayHistory {
  readonly violations: readonly GatewayViolation[];
  readonly log: readonly string[];
  readonly faults: Readonly<Record<string, number>>;
  /** Number of changes of records that a gateway has accepted. */
  readonly changes: number;
}

/**
 * Plays the history of a seed: clients, an operator and others act, and faults happen. Then all faults end,
 * and the laws are checked.
 * @throws {Error} when the history does not reach its end
 */
export async function playGatewayHistory(seed: number, mode: GatewayMode): Promise<GatewayHistory> {
  const random = new Random(seed);
  const world = new GatewayWorld(random, mode === 'gateway' ? 1 : 2);
  await world.setUp();
  for (const host of world.hosts) world.start(host);
  const clients = new GatewayClients(world, new PrefixedChances('client ', random));
  const mishaps = new GatewayMishaps(world, new PrefixedChances('mishap ', random), clients);
  await world.clock.runUntilSettled(tell(world, random, clients, mishaps), 3_600_000);
  const violations = await world.clock.runUntilSettled(judgeWorld(world), 600_000);
  const changes = world.witness.commits.flatMap(({ entries }) => entries);
  return {
    violations,
    log: world.log,
    faults: world.faults,
    changes: changes.filter(({ what }) => what === 'change.accepted').length,
  };
}

async function tell(
  world: GatewayWorld,
  random: Random,
  clients: GatewayClients,
  mishaps: GatewayMishaps,
): Promise<void> {
  const { clock, server } = world;
  await clock.sleep(1_000);
  server.troubles = random.pick('troubles of the server', [0, 0.1, 0.25]);
  world.databaseTroubles = random.pick('troubles of the database', [0, 0, 0.02, 0.06]);
  const mishap = random.pick('troubles of all', [0.03, 0.1, 0.25]);
  const events = random.between('events', 20, 70);
  const busy = random.pick('busy', [30, 200, 1_500]);
  for (let count = 0; count < events; count += 1) {
    const isBurst = random.chance('burst', 0.5);
    await clock.sleep(isBurst ? random.between('burst gap', 0, 30) : random.between('gap', 1, busy * 2));
    if (random.chance('mishap', mishap)) mishaps.happen();
    else clients.act();
  }
  await calm(world, clients, mishaps);
}

/** Ends all faults, starts all gateways, and waits until everything under way has ended. */
async function calm(world: GatewayWorld, clients: GatewayClients, mishaps: GatewayMishaps): Promise<void> {
  const { clock, server } = world;
  server.troubles = 0;
  world.databaseTroubles = 0;
  await Promise.all(mishaps.jobs);
  server.state = 'up';
  await Promise.all(clients.jobs);
  world.note('calm');
  // This is longer than a lease, and longer than the delay of any late write.
  await clock.sleep(5 * requestTime + 20_000);
  // With SQLite only a start settles what was left.
  for (const host of world.hosts) {
    world.kill(host.name);
    world.start(host);
  }
  await clock.sleep(60_000);
  await askAll(world);
  await compareAll(world);
}

/** Compares all zones with what the gateways left there, once no write can arrive any more. */
async function compareAll(world: GatewayWorld): Promise<void> {
  await world.clock.sleep(120_000);
  for (const zone of [...firstZones.map(([one]) => one), ...freshZones])
    await world.checkDrift(world.hosts[0]?.name ?? 'g1', zone);
}

/** How many keys that no gateway has accepted are asked for in the end. */
const mostUnused = 4;

/** Asks once more for the keys of accepted changes, so that the laws see whether the answer is the same. */
async function askAll(world: GatewayWorld): Promise<void> {
  const accepted = world.witness.commits.at(-1)?.outcomes;
  const asked = new Set<string>();
  let unused = 0;
  for (const { asked: request, token, tokenId } of world.requests.slice()) {
    const [key, zone, name] = [keyIn(request), zoneIn(request), tokenNames.find((one) => one === token)];
    if (key === null || zone === null || name === undefined || asked.has(`${tokenId} ${key}`)) continue;
    if (world.tokens.get(name)?.id !== tokenId) continue;
    if (accepted?.has(`${tokenId} ${key}`) !== true && (unused += 1) > mostUnused) continue;
    asked.add(`${tokenId} ${key}`);
    await world.ask(world.hosts[0]?.name ?? 'g1', name, { kind: 'withdraw', zone, key })?.answered;
  }
}
