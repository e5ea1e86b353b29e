import type { DnsName } from '../../dns/name.ts';
import type { EngineSettings } from '../../core/engine/settings.ts';
import { MemoryJournal } from '../memory-journal.ts';
import type { Accidents } from './accidents.ts';
import { RecordedChances, TapeChances, type Chances, type Drawn } from './chances.ts';
import type { HistoryEvent, HostedEvents } from './event.ts';
import { freshZone, setUpZones, main, alone, type HistoryOptions } from './set-up.ts';
import { HistoryGenerator } from './generator.ts';
import { HostSteps } from './host-steps.ts';
import { Hosts } from './hosts.ts';
import { checkWorld } from './laws/index.ts';
import type { Violation } from './laws/judgement.ts';
import { Random } from './random.ts';
import type { Story, TimedEvent } from './story.ts';
import type { Measures } from './tally.ts';
import { World } from './world.ts';

export interface Trouble {
  readonly at: number;
  readonly name: string;
  readonly drawn: Drawn;
}

export interface HistoryResult {
  readonly violations: readonly Violation[];
  /** The longest time (ms) for which a central had a record that was undone later. */
  readonly longestSeen: number;
  readonly log: readonly string[];
  /** Random draws that caused a fault, or said how long it lasts. `at`: milliseconds since the beginning. */
  readonly troubles: readonly Trouble[];
  /** For the name of each draw, the results that would mean a fault. */
  readonly possible: ReadonlyMap<string, readonly Drawn[]>;
  /** The events and draws of this history, which `playStory` can replay. */
  readonly story: Story;
  readonly measures: Measures;
}

/** A history did not reach its end: something threw an unexpected error, or it hung. */
export class BrokenOff extends Error {
  /** The result until then, without violations. */
  readonly played: Omit<HistoryResult, 'violations'>;

  constructor(played: Omit<HistoryResult, 'violations'>, cause: unknown) {
    super(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause), { cause });
    this.played = played;
  }
}

/**
 * Plays the history of a seed: users and others make edits, and faults occur, between a panel, an engine and
 * a central. Then lets time pass without faults, and checks the laws in `laws/`.
 * @throws {BrokenOff} when the history does not reach its end
 */
export async function playHistory(
  seed: number,
  settings: Partial<EngineSettings> = {},
  options: Partial<HistoryOptions> = {},
): Promise<HistoryResult> {
  const random = new Random(seed);
  const createsWithContent = options.above === true || seed % 2 === 1;
  const history = new History({ options, createsWithContent }, random, settings);
  const generator = new HistoryGenerator(
    history.world,
    random,
    options,
    history.fresh,
    history.hosts.original.performer.zonesInHand,
  );
  if (options.hosts !== true) return await history.play((accidents) => generator.events(accidents));
  const steps = new HostSteps(history.hosts, generator, random, options, history.fresh);
  return await history.play((accidents) => steps.events(accidents));
}

/**
 * Replays a story: makes each event at its time, and gives each draw its recorded value. Then does the same
 * as `playHistory`.
 */
export async function playStory(
  story: Story,
  settings: Partial<EngineSettings> = {},
): Promise<HistoryResult> {
  const history = new History(story, new TapeChances(story.draws), settings);
  return await history.play((accidents) => told(story, history.world, accidents));
}

function* told({ events, calmAt }: Story, world: World, accidents: Accidents): HostedEvents {
  accidents.begin();
  for (const { at, on, event } of events) {
    yield Math.max(0, at - world.clock.now());
    yield on === undefined ? event : { on, event };
  }
  yield Math.max(0, calmAt - world.clock.now());
}

class History {
  readonly world: World;
  readonly fresh: DnsName;
  readonly hosts: Hosts;
  readonly #setting: Pick<Story, 'options' | 'createsWithContent'>;
  readonly #chances: RecordedChances;
  readonly #events: TimedEvent[] = [];
  readonly #troubles: Trouble[] = [];
  #calmAt = 0;
  #longestSeen = 0;

  constructor(
    setting: Pick<Story, 'options' | 'createsWithContent'>,
    chances: Chances,
    given: Partial<EngineSettings>,
  ) {
    const { ttls, byName, signed, two, above, moves, serials, onetrip } = setting.options;
    const settings = serials === true ? { ...bySerials, ...given } : given;
    this.#setting = setting;
    this.#chances = new RecordedChances(chances);
    this.#chances.onDrawn = (name, drawn) => {
      if (typeof drawn === 'string' || drawn === true || isHowLong(name))
        this.#troubles.push({ at: this.world.clock.now(), name, drawn });
    };
    this.world = new World(new MemoryJournal(), this.#chances, settings);
    this.fresh = freshZone(above === true);
    this.world.pauses.isOn = setting.options.pauses === true;
    if (ttls === true) this.world.defaultTtl = 3_600;
    this.world.byName = byName === true;
    this.world.conditional = onetrip === true;
    this.world.showsSerials = serials === true;
    if (two === true || moves === true) this.world.addCentral(new MemoryJournal());
    const [first] = this.world.sides;
    if (moves === true && first !== undefined) void this.world.use(first);
    this.world.central.createsWithContent = setting.createsWithContent;
    if (signed === true) for (const zone of [main, alone, this.fresh]) this.world.central.signed.add(zone);
    setUpZones(this.world, setting.options);
    this.hosts = new Hosts(this.world, this.#chances, setting.options, settings);
  }

  async play(events: (accidents: Accidents) => HostedEvents): Promise<HistoryResult> {
    try {
      const violations = await this.#playAll(events);
      return { ...this.#played(), violations };
    } catch (cause) {
      throw new BrokenOff(this.#played(), cause);
    }
  }

  /** Plays the whole history and checks the laws. @returns the violations */
  async #playAll(events: (accidents: Accidents) => HostedEvents): Promise<HistoryResult['violations']> {
    const { clock } = this.world;
    await clock.runUntilSettled(
      this.#tell(events),
      this.#setting.options.hosts === true ? 400 * day : 3_600_000,
    );
    // Changes by others are found only by the hourly comparison, so the clock runs past the next one. Records
    // on watch are compared later, when their watch of ten minutes is over.
    await clock.runUntil(clock.now() + 3_600_000 + 660_000);
    await clock.runUntilSettled(this.#allRunning(), 60_000);
    const violations: Violation[] = [];
    for (const { world, performer } of this.hosts.all) {
      const judgement = await clock.runUntilSettled(checkWorld(world, performer.traces));
      for (const [id, times] of judgement.excuses) this.world.tally.excuse(id, times);
      // While a host is off nothing is undone, so the longest time says nothing where hosts are copied.
      if (this.#setting.options.hosts !== true)
        this.#longestSeen = Math.max(this.#longestSeen, judgement.longestSeen);
      const defects = world.defects.map((text) => ({ law: 'engine.defect', text }) as const);
      violations.push(...judgement.violations, ...defects);
    }
    return violations;
  }

  #played(): Omit<HistoryResult, 'violations'> {
    const { log, tally } = this.world;
    const course = { events: this.#events, calmAt: this.#calmAt, draws: this.#chances.tape() };
    return {
      log,
      troubles: this.#troubles,
      possible: this.#chances.troubles,
      story: { ...this.#setting, ...course },
      measures: tally.measures,
      longestSeen: this.#longestSeen,
    };
  }

  async #allRunning(): Promise<void> {
    for (const { performer } of this.hosts.all) await Promise.all(performer.running);
  }

  async #tell(events: (accidents: Accidents) => HostedEvents): Promise<void> {
    const {
      clock,
      sides: [first],
    } = this.world;
    const { accidents } = this.hosts.original;
    if (this.#setting.options.arrival !== true) {
      await this.world.start();
      await clock.sleep(5_000);
    }
    let waited = false;
    for (const next of events(accidents)) {
      if (typeof next === 'number') await clock.sleepAhead(next);
      else {
        // A replay waits before every event. So the recording must wait too, or the order could differ.
        if (!waited) await clock.sleepAhead(0);
        await ('on' in next ? this.#perform(next.event, next.on) : this.#perform(next));
      }
      waited = typeof next === 'number';
    }
    this.#calmAt = clock.now();
    for (const host of this.hosts.all) host.accidents.end();
    await this.#allRunning();
    await this.hosts.calm();
    if (this.#setting.options.pauses === true) this.world.pauses.end('command');
    if (first !== undefined && this.#setting.options.moves === true) await this.world.use(first);
    if (this.#setting.options.observe === true) await this.world.setMode('strict');
    this.world.note('calm');
  }

  async #perform(event: HistoryEvent, on?: 'copy'): Promise<void> {
    this.#events.push({ at: this.world.clock.now(), ...(on === undefined ? {} : { on }), event });
    await this.hosts.perform(event, on === 'copy');
  }
}

/** Compares all zones every two minutes, and turns the regular reads of serials off. */
const bySerials: Partial<EngineSettings> = { compareEvery: 120_000, serialsEvery: 1e9 };

const day = 24 * 3_600_000;

/** Whether a draw decides how late a write lands, or how slow a call is. */
function isHowLong(name: string): boolean {
  return name.endsWith(' lands') || name.endsWith(' is slow');
}
