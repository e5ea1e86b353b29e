/**
 * Measures what one edit costs the panel with domainsync and its running agent. For comparison, it measures a
 * Python handler that does what the original plugin did, and a panel without a plugin. Both generations of
 * panels take turns in one run. Every panel is a process of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../src/testing/stage/stage.ts';
import { address, saveClick, type Click, type Words } from '../src/testing/stage/panel-words.ts';
import { named, ratio, round, spread, timed, type PanelVersion, type Spread } from './measure.ts';
import type { RemotePanel } from './panels.ts';
import { measureProcesses } from './processes.ts';
import { openScene, status, user, zone, type Scene } from './scene.ts';

const rounds = 60;
const versions: readonly PanelVersion[] = ['v4', 'v6'];

/**
 * Measures edits in ISPmanager 4, and in ISPmanager 6 with DNSmanager. For the latter, the names of the
 * figures end in `_v6`.
 */
export async function benchHook(): Promise<Record<string, number>> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  const scenes: Scene[] = [];
  try {
    for (const version of versions) scenes.push(await openScene(directory, version));
    const timings = scenes.map((scene) => new Edits(scene));
    for (let at = 0; at < rounds; at += 1) for (const timing of timings) await timing.round(at);
    const processes = await measureProcesses(scenes, rounds);
    const all = timings.map((timing, at) => {
      const version = versions[at] ?? 'v4';
      return named(version, { ...timing.figures(), ...processes(version) });
    });
    return Object.assign({}, ...all);
  } finally {
    await Promise.all(scenes.map((scene) => scene.stop()));
    rmSync(directory, { recursive: true, force: true });
  }
}

type Way = 'bare' | 'python' | 'rawOne' | 'rawCareful' | 'ours';

/**
 * Makes one edit per round in each of three panels, and directly at the central. Each round changes the same
 * records, so the zone keeps its size.
 */
class Edits {
  readonly #scene: Scene;
  readonly #raw: (click: Click) => Promise<void>;
  readonly #times = new Map<Way, number[]>();

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#raw = rawClient(scene.central);
  }

  async round(at: number): Promise<void> {
    const { bare, python, ours, central } = this.#scene;
    const list: Click = { func: central.words.list, params: { elid: zone } };
    const ways: Readonly<Record<Way, () => Promise<unknown>>> = {
      bare: () => succeed(bare, change(bare.words, 'bare', at)),
      python: () => succeed(python, change(python.words, 'python', at)),
      rawOne: () => this.#raw(change(central.words, 'rawone', at)),
      // A careful edit makes these calls at the central: read, write, read back.
      rawCareful: async () => {
        await this.#raw(list);
        await this.#raw(change(central.words, 'rawcareful', at));
        await this.#raw(list);
      },
      ours: () => succeed(ours, change(ours.words, 'ours', at)),
    };
    for (const name of ['bare', 'python', 'rawOne', 'rawCareful', 'ours'] as const) {
      const times = this.#times.get(name) ?? [];
      times.push(await timed(ways[name]));
      this.#times.set(name, times);
    }
    // The agent reads the panel some time after the edit. This read must not disturb the next measurement.
    await until('the agent to rest', async () => (await status(this.#scene)).engine?.open === 0);
  }

  figures(): Record<string, number> {
    const of = (name: Way): Spread => spread(this.#times.get(name) ?? []);
    const [ours, python, bare] = [of('ours'), of('python'), of('bare')];
    const [one, careful] = [of('rawOne'), of('rawCareful')];
    const cost = (whole: Spread, central: Spread): Spread => ({
      p50: round(whole.p50 - bare.p50 - central.p50),
      p95: round(whole.p95 - bare.p50 - central.p50),
      p99: round(whole.p99 - bare.p50 - central.p50),
    });
    const edit = cost(ours, careful);
    const original = cost(python, one);
    return {
      edit_total_p50_ms: round(ours.p50 - bare.p50),
      edit_total_p95_ms: round(ours.p95 - bare.p50),
      python_total_p50_ms: round(python.p50 - bare.p50),
      python_total_p95_ms: round(python.p95 - bare.p50),
      central_one_call_p50_ms: one.p50,
      central_read_write_read_p50_ms: careful.p50,
      edit_beyond_central_p50_ms: edit.p50,
      edit_beyond_central_p95_ms: edit.p95,
      python_beyond_central_p50_ms: original.p50,
      python_beyond_central_p95_ms: original.p95,
      edit_to_python_beyond_central_p95_ratio: ratio(edit.p95, original.p95),
      edit_to_python_total_p95_ratio: ratio(ours.p95 - bare.p50, python.p95 - bare.p50),
    };
  }
}

/** Makes a call that adds a record in the first round, and changes its address in later rounds. */
function change(words: Words, name: string, at: number): Click {
  const owner = words.hasTtl ? `${name}.${zone}.` : name;
  const key = at === 0 ? '' : `${owner} A  192.0.2.${at}`;
  return saveClick(words, zone, address(name, `192.0.2.${at + 1}`), key);
}

/** Makes a client that only sends calls, over one open connection. */
function rawClient({ url, words }: RemotePanel): (click: Click) => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
  return ({ func, params }) =>
    new Promise((resolve, reject) => {
      const form = new URLSearchParams({
        authinfo: `${user.name}:${user.password}`,
        out: 'xml',
        func,
        ...params,
      });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const sent = request(`${url}${words.path}`, { method: 'POST', agent, headers }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve());
      });
      sent.on('error', reject);
      sent.end(form.toString());
    });
}

async function succeed(panel: RemotePanel, { func, params }: Click): Promise<void> {
  const answer = await panel.act(func, params);
  if (!answer.ok) throw new Error(answer.error?.text ?? answer.body);
}
