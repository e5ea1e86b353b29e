/** Plays one story about the gateway with real processes, and checks the laws. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as after } from 'node:timers/promises';
import { loadStorageSettings } from '../../../gateway/settings.ts';
import { GatewayClient } from './client.ts';
import { judgeGateway } from './judge.ts';
import type { Knowledge } from './knowledge.ts';
import type { GatewayPlan, GatewayTrouble } from './plan.ts';
import { closeGatewayScene, openGatewayScene, type GatewayScene } from './scene.ts';
import { Violations, type GatewayViolation } from './violations.ts';

/** Result of one story. */
export interface GatewayStoryResult {
  readonly plan: GatewayPlan;
  readonly violations: readonly GatewayViolation[];
  readonly kills: Readonly<Record<string, number>>;
  /** Number of requests by the kind of their answer. */
  readonly answers: Readonly<Record<string, number>>;
  /** How many changes were sent, and how many of them a killed gateway left without an outcome. */
  readonly changes: number;
  readonly interrupted: number;
  /** How many zones have no SOA, because PowerDNS was killed while it made them. */
  readonly halfMade: number;
  readonly seconds: number;
  /** Everything that happened, one line each. */
  readonly told: readonly string[];
  /** Folder with the files of the story. It is kept if a law was broken. */
  readonly directory: string;
}

/**
 * A fault that a test plants, to see that the laws find it. `forgetful`: whenever the gateway is killed, its
 * database loses the changes without an outcome. `lost-record`: at the end the name server loses one record.
 */
export type GatewayPlant = 'forgetful' | 'lost-record';

/** Plays a story. @param plant null: no fault is planted */
export async function playGateway(
  plan: GatewayPlan,
  plant: GatewayPlant | null = null,
): Promise<GatewayStoryResult> {
  const began = performance.now();
  const scene = await openGatewayScene(plan);
  const violations = new Violations(scene.tell);
  const knowledge: Knowledge = { values: [], zones: [], attempts: [] };
  try {
    await play(scene, knowledge, violations, plant);
  } catch (error) {
    violations.add('stage.restless', error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await closeGatewayScene(scene, violations.all.length > 0 && plant === null);
  }
  const { kills, heard, told, server } = scene;
  return {
    plan,
    violations: violations.all,
    kills: Object.fromEntries(kills),
    answers: Object.fromEntries(heard),
    changes: knowledge.attempts.length,
    interrupted: scene.interrupted.size,
    halfMade: scene.halfMade.length,
    seconds: Math.round((performance.now() - began) / 1_000),
    told,
    directory: server.server.folder,
  };
}

async function play(
  scene: GatewayScene,
  knowledge: Knowledge,
  violations: Violations,
  plant: GatewayPlant | null,
): Promise<void> {
  const { plan, gateways, tell } = scene;
  let isOver = false;
  const clients = Array.from(
    { length: plan.clients },
    (_, at) => new GatewayClient(scene, at, knowledge, violations),
  );
  const working = clients.map((client) => client.work(() => !isOver));
  try {
    for (const trouble of plan.troubles) await bring(scene, trouble, plant);
  } finally {
    isOver = true;
  }
  await Promise.all(working);
  tell('the troubles are over');
  // Half of the clients do not repeat a create. The gateway has to end its claim when it starts.
  await Promise.all(clients.map((client, at) => client.finishZones(at % 2 === 0)));
  for (const gateway of gateways) await gateway.stop();
  for (const gateway of gateways) await gateway.start();
  await Promise.all(clients.map((client) => client.askEvery()));
  if (plant === 'lost-record') await loseRecord(scene, knowledge);
  await judgeGateway(scene, knowledge, violations);
}

/** Kills the processes of one trouble at its time, and starts them again. */
async function bring(
  scene: GatewayScene,
  { target, which, writes, after: wait, lasts }: GatewayTrouble,
  plant: GatewayPlant | null,
): Promise<void> {
  const { gateways, kills, tell } = scene;
  const { server } = scene.server;
  const gateway = gateways[which] ?? gateways[0];
  let left = writes;
  await new Promise<void>((resolve) => {
    scene.onWrite = () => {
      left -= 1;
      if (left === 0) resolve();
    };
  });
  await after(wait);
  const count = (what: 'gateway' | 'server'): void => {
    kills.set(what, (kills.get(what) ?? 0) + 1);
  };
  const ended: Promise<unknown>[] = [];
  if (target !== 'server') {
    ended.push(gateway.stop('SIGKILL'));
    count('gateway');
  }
  if (target !== 'gateway') {
    ended.push(server.stop('SIGKILL'));
    count('server');
  }
  tell(`kill -9: ${target}${gateways.length > 1 && target !== 'server' ? ` ${which + 1}` : ''}`);
  await Promise.all(ended);
  if (plant === 'forgetful' && target !== 'server') forget(scene);
  await after(lasts);
  if (target !== 'gateway') await server.start();
  if (target !== 'server') await gateway.start();
  tell(`${target}: started again`);
}

/** Deletes the changes without an outcome, as if they had not been stored before the write. */
function forget({ gateways }: GatewayScene): void {
  const database = new DatabaseSync(join(loadStorageSettings(gateways[0].config).state, 'gateway.db'));
  database.exec('DELETE FROM change WHERE outcome IS NULL');
  database.close();
}

/** Deletes one record that a change has made, at the name server itself. */
async function loseRecord({ server }: GatewayScene, { values }: Knowledge): Promise<void> {
  const value = values.find(({ may, type }) => type === 'A' && !may.has(null));
  if (value === undefined) throw new Error('no change was done in this story');
  const { zone, name, type } = value;
  await server.deleteRRset(zone, name, type);
}
