import type { Chances } from '../simulator/chances.ts';
import { Random } from '../simulator/random.ts';
import { crashPairs, isServer, type PairName } from './pairs.ts';
import type { AnswerKind } from './truth.ts';
import { proxyModes, type ProxyMode } from './proxy-protocol.ts';

export const killTargets = ['agent', 'handler', 'client', 'panel', 'central', 'proxy'] as const;
export type KillTarget = (typeof killTargets)[number];

/** Faults of the journal, or of the disk that holds it. Only `deleted` and `truncated` lose data. */
export const journalTroubles = ['disk-full', 'read-only', 'locked', 'deleted', 'truncated'] as const;
export type JournalTrouble = (typeof journalTroubles)[number];

/**
 * A sort of answer to an edit, for the counts of a story. A refusal by the panel itself is a sort of its own.
 */
export type Sort = AnswerKind | 'refused by the panel';

/**
 * One fault of a story: a kill, a network failure, a fault of the journal, or a clock step. Times are
 * milliseconds.
 */
export interface Trouble {
  readonly what:
    | { readonly kind: 'kill'; readonly target: KillTarget }
    | { readonly kind: 'network'; readonly mode: ProxyMode; readonly count: number }
    | { readonly kind: 'journal'; readonly trouble: JournalTrouble }
    /** From now on the agent's clock is so many seconds after the machine's clock. */
    | { readonly kind: 'clock'; readonly seconds: number };
  /** Wait between the end of the previous trouble and this one. */
  readonly after: number;
  /** The wait `after` begins only when the next answer of this sort has come. Absent: it begins at once. */
  readonly when?: Sort;
  /** How long the killed process stays down, or how long the fault of the journal lasts. */
  readonly lasts: number;
}

/** All random decisions of a story that are made before it begins. */
export interface CrashPlan {
  readonly seed: number;
  readonly pair: PairName;
  /** `default`: the waits of a new installation; `short`: about a second each. */
  readonly waits: 'short' | 'default';
  readonly users: number;
  /** Probability, from 0 to 1, that the panel is made to refuse its part of an edit. */
  readonly refusals: number;
  readonly journal: JournalTrouble | null;
  /** Whether the agent's clock is set in the story. */
  readonly clock: boolean;
  readonly troubles: readonly Trouble[];
}

/** The processes that a kill can hit. A process that is listed more often is killed more often. */
const targets: readonly KillTarget[] = [
  ...(['agent', 'agent', 'agent', 'agent', 'agent', 'handler', 'handler', 'handler'] as const),
  ...(['client', 'client', 'client', 'panel', 'panel', 'central', 'proxy'] as const),
];

/** Of so many troubles one is a network failure; the others are kills. */
const networkEvery = 6;

/** How many times a story sets the clock, if it sets it at all. */
const clockSteps = 3;

/**
 * How far the clock is set, in seconds. With TSIG a clock may be wrong by at most 300 s (RFC 8945, section
 * 10), so at BIND and Knot a story takes only the small steps.
 */
const smallSteps = [-250, -60, -4, 4, 60, 250] as const;
const largeSteps = [-3_600, 3_600, 100_000] as const;

/** Makes the plan of a story from a seed. @param kills how many processes the story kills */
export function planOf(seed: number, pair: PairName, kills: number, waits?: CrashPlan['waits']): CrashPlan {
  const random = new Random(seed);
  const journal = random.maybe('journal', 0.35, journalTroubles);
  const length = kills + Math.ceil(kills / (networkEvery - 1));
  const troubles = Array.from({ length }, (_, at) =>
    drawTrouble(random, pair, at % networkEvery === networkEvery - 1),
  );
  if (journal !== null) {
    const at = random.between('journal at', 1, troubles.length - 1);
    const what = { kind: 'journal', trouble: journal } as const;
    const lasts = random.between('journal lasts', 500, 3_000);
    troubles.splice(at, 0, { what, after: random.between('gap', 50, 500), lasts });
  }
  const clock = random.chance('clock', 0.35);
  for (let step = 0; step < (clock ? clockSteps : 0); step += 1) {
    const at = random.between('clock at', 0, troubles.length - 1);
    troubles.splice(at, 0, drawClockStep(random, pair));
  }
  return {
    seed,
    pair,
    clock,
    waits: waits ?? (random.chance('default waits', 0.08) ? 'default' : 'short'),
    users: random.between('users', 2, 4),
    refusals: 0.08,
    journal,
    troubles,
  };
}

function drawClockStep(random: Chances, pair: PairName): Trouble {
  const { central } = crashPairs[pair];
  const hasTsig = central === 'bind' || central === 'knot';
  const steps: readonly number[] = hasTsig ? smallSteps : [...smallSteps, ...largeSteps];
  const seconds = steps[random.between('clock step', 0, steps.length - 1)] ?? 0;
  return { what: { kind: 'clock', seconds }, after: random.between('gap', 50, 500), lasts: 0 };
}

function drawTrouble(random: Chances, pair: PairName, isNetwork: boolean): Trouble {
  // After a failed call the agent asks the central only every five seconds. Some longer gaps let edits
  // succeed.
  const isCalm = random.chance('calm', 0.15);
  const after = isCalm ? random.between('calm for', 2_000, 5_500) : random.between('gap', 20, 600);
  if (!isNetwork) {
    const target = targets[random.between('target', 0, targets.length - 1)] ?? 'agent';
    return { what: { kind: 'kill', target }, after, lasts: random.between('away', 0, 700) };
  }
  const { central } = crashPairs[pair];
  const isHttp = !isServer(central) || central === 'powerdns';
  const modes = proxyModes.filter((mode) => mode !== 'pass' && (isHttp || mode !== 'switch'));
  const mode = modes[random.between('mode', 0, modes.length - 1)] ?? 'cut-after';
  return { what: { kind: 'network', mode, count: random.between('requests', 1, 3) }, after, lasts: 0 };
}
