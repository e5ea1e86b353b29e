/**
 * Measures the agent under the load of a busy server. Edits of many zones begin at a fixed rate, even if
 * earlier ones are not answered yet. Processes that were started in advance make the hook calls. The panel's
 * tool only prints files.
 */
import { address, saveClick, wordsOf } from '../src/testing/stage/panel-words.ts';
import { displayName, parseName, type DnsName } from '../src/dns/name.ts';
import { makeRecord } from '../src/dns/record.ts';
import { HeldHook } from './held-hooks.ts';
import { ratio, round, spread } from './measure.ts';
import { atEach, softwares, startSubject, type Filled, type Software } from './name-servers.ts';
import { hostIn, PanelWithAgent } from './panel-with-agent.ts';
import { memoryOf, processorOf } from './proc.ts';
import { handlerEnvironment } from './processes.ts';
import { print } from './print.ts';
import { StaticPanel } from './static-panel.ts';
import { Watcher } from './watcher.ts';

export interface LoadPlan {
  readonly softwares: readonly Software[];
  readonly zones: number;
  /** Number of names in each zone. */
  readonly names: number;
  /** For how many seconds new edits begin. */
  readonly seconds: number;
  /** Number of edits that begin per second. */
  readonly rate: number;
  /** Time (ms) by which `strace` delays each of the agent's syncs to disk; 0: `strace` is not used. */
  readonly syncDelay: number;
  /** Options of Node.js for the agent's process. */
  readonly flags: readonly string[];
}

const whole: LoadPlan = {
  softwares,
  zones: 20,
  names: 20,
  seconds: 60,
  rate: 100,
  syncDelay: 0,
  flags: [],
};

export async function benchLoad(changes: Partial<LoadPlan> = {}): Promise<Record<string, number>> {
  const plan = { ...whole, ...changes };
  return await atEach(plan.softwares, async (software) => loadAt(software, plan));
}

const words = wordsOf('v6');
/** Each edit changes a name from one of these addresses to the other. */
const addresses = ['192.0.2.1', '192.0.2.2'] as const;

async function loadAt(software: Software, plan: LoadPlan): Promise<Record<string, number>> {
  const zones = Array.from({ length: plan.zones }, (_, at) => zoneOf(`load${at}.example.`, plan.names));
  print(`${software}: ${plan.rate} edits a second for ${plan.seconds} s in ${plan.zones} zones`);
  const subject = await startSubject(software, zones);
  const panel = await PanelWithAgent.start(subject.settings, zones, plan.flags, tracer(plan));
  const watcher = await Watcher.at(subject.server.port);
  const load = new Load(panel, zones);
  try {
    await load.start();
    const figures = await load.run(plan);
    return { ...figures, ...(await load.compareWith(watcher)) };
  } finally {
    await load.stop();
    watcher.close();
    await panel.stop();
    await subject.stop();
  }
}

function zoneOf(text: string, count: number): Filled {
  const zone = parseName(text);
  const records = Array.from({ length: count }, (_, at) =>
    makeRecord({ name: `h${at}`, type: 'A', ttl: 3_600, rdata: addresses[0] }, zone),
  );
  return { zone, records };
}

/** The words of a `strace` command that starts a program and delays its syncs to disk by `syncDelay`. */
function tracer({ syncDelay }: LoadPlan): readonly string[] {
  if (syncDelay === 0) return [];
  const inject = `inject=fdatasync,fsync:delay_exit=${syncDelay * 1_000}`;
  return ['strace', '-f', '--seccomp-bpf', '-o', '/dev/null', '-e', 'trace=fdatasync,fsync', '-e', inject];
}

/** Before the processor time is read, open operations get this long (ms) to end. */
const settling = 5_000;

/** Longest wait for the undo of refused edits, milliseconds. */
const undoing = 60_000;

/** A name whose address the load changes. */
interface Target {
  readonly zone: DnsName;
  readonly host: string;
  /** For each of the two addresses, the process whose call replaces it by the other address. */
  readonly hooks: readonly [HeldHook, HeldHook];
  /** Which of the two addresses the panel has. */
  now: 0 | 1;
  busy: boolean;
}

/** Counts and times (milliseconds) of one run. */
interface Counted {
  readonly accepted: number[];
  readonly refused: number[];
  readonly after: number[];
  /** How much too late edits began, because the benchmark itself waited for a processor. */
  readonly late: number[];
  unanswered: number;
  /** Edits that were skipped, because every name still had an unanswered edit. */
  heldBack: number;
  readonly codes: Map<string, number>;
}

class Load {
  readonly #panel: PanelWithAgent;
  readonly #zones: readonly Filled[];
  readonly #tool: StaticPanel;
  readonly #targets: Target[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #counted: Counted = {
    accepted: [],
    refused: [],
    after: [],
    late: [],
    unanswered: 0,
    heldBack: 0,
    codes: new Map(),
  };
  #next = 0;

  constructor(panel: PanelWithAgent, zones: readonly Filled[]) {
    this.#panel = panel;
    this.#zones = zones;
    this.#tool = new StaticPanel(panel.root);
  }

  async start(): Promise<void> {
    const hosts = this.#zones[0]?.records.length ?? 0;
    // Neighbours in this list belong to different zones, because different users edit different zones.
    for (let at = 0; at < hosts; at += 1)
      for (const { zone } of this.#zones)
        this.#targets.push({
          zone,
          host: `h${at}`,
          hooks: await hooksOf(zone, `h${at}`),
          now: 0,
          busy: false,
        });
    for (const { zone } of this.#zones) this.#show(zone);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#targets.flatMap(({ hooks }) => hooks.map((hook) => hook.stop())));
  }

  async run({ seconds, rate }: LoadPlan): Promise<Record<string, number>> {
    await this.#panel.rest();
    const pid = await this.#panel.pid();
    const idle = memoryOf(pid);
    const processor = processorOf(pid);
    const loop = performance.now();
    let most = idle;
    for (let at = 0; at < seconds * rate; at += 1) {
      const due = loop + (at * 1_000) / rate;
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      this.#begin(due);
      if (at % rate === 0) most = Math.max(most, memoryOf(pid));
    }
    await Promise.all(this.#running);
    const took = (performance.now() - loop) / 1_000;
    // An operation may stay open for longer if a later edit of the same name has overtaken its edit.
    await this.#panel.rest(settling);
    most = Math.max(most, memoryOf(pid));
    const used = processorOf(pid);
    const { accepted } = this.#counted;
    return {
      ...this.#figures(took),
      agent_processor_ms_each: ratio(
        used.user + used.system - processor.user - processor.system,
        accepted.length,
      ),
      agent_system_ms_each: ratio(used.system - processor.system, accepted.length),
      tools_processor_ms_each: ratio(used.children - processor.children, accepted.length),
      memory_idle_mib: round(idle),
      memory_added_mib: round(most - idle),
    };
  }

  #figures(took: number): Record<string, number> {
    const { accepted, refused, after, late, unanswered, heldBack, codes } = this.#counted;
    for (const [code, count] of codes) print(`refused ${count} times: ${code}`);
    const [answers, refusals] = [spread(accepted), spread(refused)];
    return {
      done_a_second: round(accepted.length / took),
      done: accepted.length,
      refused: refused.length,
      unanswered,
      held_back: heldBack,
      begun_late_p50_ms: spread(late).p50,
      begun_late_p99_ms: spread(late).p99,
      before_p50_ms: answers.p50,
      before_p95_ms: answers.p95,
      before_p99_ms: answers.p99,
      refused_p50_ms: refusals.p50,
      refused_p99_ms: refusals.p99,
      after_p50_ms: spread(after).p50,
      after_p99_ms: spread(after).p99,
    };
  }

  /**
   * Compares panel and central at every name. If the outcome of a refused edit's write is not known, the undo
   * takes some time, so this waits for it.
   * @returns how many names differ
   */
  async compareWith(watcher: Watcher): Promise<Record<string, number>> {
    const end = performance.now() + undoing;
    let differing: readonly Target[] = this.#targets;
    do {
      const still: Target[] = [];
      for (const target of differing) {
        const found = await watcher.addressesOf(hostIn(target.host, target.zone));
        if (found.join() !== addresses[target.now]) still.push(target);
      }
      differing = still;
    } while (differing.length > 0 && performance.now() < end);
    return { differing: differing.length };
  }

  /** Begins an edit. @param due the time at which the edit should begin */
  #begin(due: number): void {
    const target = this.#free();
    if (target === null) {
      this.#counted.heldBack += 1;
      return;
    }
    target.busy = true;
    this.#counted.late.push(performance.now() - due);
    const work: Promise<void> = this.#edit(target).finally(() => {
      target.busy = false;
      this.#running.delete(work);
    });
    this.#running.add(work);
  }

  #free(): Target | null {
    for (let tried = 0; tried < this.#targets.length; tried += 1) {
      const target = this.#targets[this.#next % this.#targets.length];
      this.#next += 1;
      if (target !== undefined && !target.busy) return target;
    }
    return null;
  }

  async #edit(target: Target): Promise<void> {
    const { accepted, refused, after, codes } = this.#counted;
    const hook = target.hooks[target.now];
    const begun = performance.now();
    const answer = await hook.ask(this.#panel.socket, 'before');
    const took = performance.now() - begun;
    if (answer === null) {
      this.#counted.unanswered += 1;
      return;
    }
    if (answer.includes('<error')) {
      const code = /\[([a-z.-]+)\]/u.exec(answer)?.[1] ?? answer;
      codes.set(code, (codes.get(code) ?? 0) + 1);
      refused.push(took);
      return;
    }
    accepted.push(took);
    target.now = target.now === 0 ? 1 : 0;
    this.#show(target.zone);
    const saved = performance.now();
    await hook.ask(this.#panel.socket, 'after');
    after.push(performance.now() - saved);
  }

  #show(zone: DnsName): void {
    const own = this.#targets.filter((target) => target.zone === zone);
    this.#tool.show(
      zone,
      own.map(({ host, now }) => [host, addresses[now]]),
    );
  }
}

async function hooksOf(zone: DnsName, host: string): Promise<[HeldHook, HeldHook]> {
  const [one, other] = addresses;
  const held = async (from: string, to: string): Promise<HeldHook> => {
    const key = `${hostIn(host, zone)} A  ${from}`;
    const { func, params } = saveClick(words, displayName(zone), address(host, to), key);
    return await HeldHook.start(handlerEnvironment('v6', { func, ...params }));
  };
  return [await held(one, other), await held(other, one)];
}
