/** Plays one crash story with real processes, and checks the laws. */
import { Judgement, type Violation } from '../simulator/laws/judgement.ts';
import { until } from '../stage/stage.ts';
import { judgeStory, longestComparison, readSides } from './judge.ts';
import type { CrashPlan, KillTarget } from './plan.ts';
import { comeToRest, stopAgent } from './quiet.ts';
import { closeCrashScene, crashCustomer, logOf, openCrashScene, sharedZone, type Scene } from './scene.ts';
import { bring, plantYesMan, type Plant } from './troubles.ts';
import { CrashUser, type Knowledge } from './users.ts';
import { address, saveClick } from '../stage/panel-words.ts';

/** Result of one story. */
export interface CrashResult {
  readonly plan: CrashPlan;
  readonly violations: readonly Violation[];
  readonly kills: Readonly<Partial<Record<KillTarget, number>>>;
  /** Number of edits by the sort of their answer. */
  readonly answers: Readonly<Record<string, number>>;
  readonly excuses: Readonly<Record<string, number>>;
  /** How many clock steps the agents have noticed. */
  readonly clockSteps: number;
  readonly seconds: number;
  /** Everything that happened, one line each. */
  readonly told: readonly string[];
  /** Folder with the files of the story. It is kept if a law was broken. */
  readonly directory: string;
}

/**
 * Plays a story.
 * @param plant a bug to plant; the story then ends as soon as a law is broken. Null: no bug
 */
export async function playCrash(plan: CrashPlan, plant: Plant | null = null): Promise<CrashResult> {
  const began = performance.now();
  const scene = await openCrashScene(plan);
  const judgement = new Judgement();
  const knowledge: Knowledge = { slots: [], zones: [] };
  let clockSteps = 0;
  try {
    await play(scene, knowledge, judgement, plant);
  } catch (error) {
    scene.tell(String(error));
    judgement.violate('stage.restless', String(error));
  } finally {
    await stopAgent(scene);
    clockSteps = logOf(scene).split(' clock.step ').length - 1;
    await closeCrashScene(scene, judgement.violations.length > 0 && plant === null);
  }
  return {
    plan,
    violations: judgement.violations,
    kills: Object.fromEntries(scene.kills),
    answers: Object.fromEntries(scene.heard),
    excuses: Object.fromEntries(judgement.excuses),
    clockSteps,
    seconds: Math.round((performance.now() - began) / 1_000),
    told: scene.told,
    directory: scene.directory,
  };
}

/**
 * How long (ms) both sides may take to agree in a story with a planted bug. Without the bug, they need a
 * second.
 */
const waitsPlanted = 8_000;

async function play(
  scene: Scene,
  knowledge: Knowledge,
  judgement: Judgement,
  plant: Plant | null,
): Promise<void> {
  const start = await readSides(scene);
  await firstComparison(scene);
  if (plant === 'yes-man') plantYesMan(scene);
  let isOver = false;
  const isFound = (): boolean => plant !== null && judgement.violations.length > 0;
  const users = Array.from({ length: scene.plan.users }, (_, at) => {
    return new CrashUser(scene, at, knowledge, judgement).edit(() => !isOver && !isFound());
  });
  try {
    for (const trouble of scene.plan.troubles) if (!isFound()) await bring(scene, trouble, plant);
  } finally {
    isOver = true;
  }
  await Promise.all(users);
  if (isFound()) return;
  await comeToRest(scene);
  const waits = plant === null ? longestComparison[scene.plan.waits] : waitsPlanted;
  await judgeStory(scene, start, knowledge, { judgement, waits });
}

/**
 * Repeats an edit until it is accepted. The first edit starts the agent, and edits are refused until the
 * first comparison has ended.
 */
async function firstComparison({ panel, tell }: Scene): Promise<void> {
  const { func, params } = saveClick(panel.words, sharedZone, address('first', '192.0.2.100'));
  await until('the first edit', async () => (await panel.call(func, params, crashCustomer)).ok);
  tell('the first edit was accepted');
}
