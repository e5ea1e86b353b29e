/**
 * Tests of a panel with several centrals: an edit is made at all of them or at none
 * (docs/decisions/009-several-centrals.md).
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordId, type ResourceRecord } from '../dns/record.ts';
import { journalStatus } from '../app/answers/journal-status.ts';
import { changedCentral } from '../testing/changed-central.ts';
import { MemoryJournal } from '../testing/memory-journal.ts';
import { a, apex, historyOf, put, zone } from '../testing/simulator/given.ts';
import { Random } from '../testing/simulator/random.ts';
import { administrator, recordsEvent } from '../testing/simulator/edits.ts';
import { World, type Side } from '../testing/simulator/world.ts';
import type { Central } from './central.ts';
import type { EditEvent, EditItem, Verdict } from './panel.ts';
import { Several, timeToWrite } from './several.ts';

const minute = 60_000;
const smoothly = { refuses: false, takes: 10, afterLost: false, visibleAfter: 0 };

interface Scene {
  readonly world: World;
  readonly second: Side;
  /** The numbers of the centrals that were written to, one for each write, in order. */
  readonly writes: number[];
  /** For each central's number, the code of the problem that its audit finds. */
  readonly audits: Map<number, string>;
  /** The test's callback, called with a central's number just before that central writes records. */
  onApply: (number: number) => void;
}

interface Held {
  readonly panel: readonly ResourceRecord[] | null;
  readonly first: readonly ResourceRecord[] | null;
  readonly second: readonly ResourceRecord[] | null;
}

function contents(records: readonly ResourceRecord[]): Map<string, ResourceRecord> {
  return new Map([apex, ...records].map((one) => [recordId(one), one]));
}

/** A panel with two centrals, after their first comparisons. */
async function givenTwo({ panel, first, second }: Held): Promise<Scene> {
  const world = new World(new MemoryJournal(), new Random(1));
  const scene: Scene = {
    world,
    second: world.addCentral(new MemoryJournal()),
    writes: [],
    audits: new Map(),
    onApply: () => undefined,
  };
  put(world, 'panel', panel);
  put(world, 'central', first);
  if (second !== null) scene.second.store.zones.set(zone, contents(second));
  world.wrap = (central, number) => watched(scene, central, number);
  await world.clock.runUntilSettled(world.start());
  await wait(world, 5_000);
  return scene;
}

/** Connects the audits and writes of a central to the scene. */
function watched(scene: Scene, central: Central, number: number): Central {
  return changedCentral(central, {
    audit: (change) => {
      const code = scene.audits.get(number);
      return code === undefined ? central.audit(change) : [{ code, params: {} }];
    },
    apply: async (change, present, ctx) => {
      scene.writes.push(number);
      scene.onApply(number);
      return await central.apply(change, present, ctx);
    },
  });
}

async function wait(world: World, ms: number): Promise<void> {
  await world.clock.runUntil(world.clock.now() + ms);
}

function apply(world: World, { remove, add }: EditItem): boolean {
  const records = world.panel.zones.get(zone);
  if (remove !== null) records?.delete(recordId(remove));
  if (add !== null) records?.set(recordId(add), add);
  return records !== undefined;
}

/** Makes one edit as a user of the panel, and does not wait for the background. */
async function edit(
  { world }: Scene,
  remove: ResourceRecord | null,
  add: ResourceRecord | null,
): Promise<Verdict> {
  const items = [{ remove, add }];
  const event = (stage: 'before' | 'after'): EditEvent => recordsEvent(zone, items, stage);
  const carryOut = (): boolean => apply(world, { remove, add });
  return (await world.clock.runUntilSettled(world.edit(event, carryOut, smoothly))).verdict;
}

async function zoneEdit(
  { world }: Scene,
  kind: 'zone-create' | 'zone-delete',
  carryOut: () => boolean,
): Promise<Verdict> {
  const event = (stage: 'before' | 'after'): EditEvent => {
    const base = { stage, zone, fingerprint: kind, actor: administrator, echo: null };
    if (kind === 'zone-delete') return { ...base, kind };
    return { ...base, kind, seed: { addresses: [], nameServers: [], mailServers: [] } };
  };
  return (await world.clock.runUntilSettled(world.edit(event, carryOut, smoothly))).verdict;
}

/**
 * Codes of a refusal, each behind the numbers of the centrals that have the problem:
 * `2: central.unreachable`.
 */
function reasons(verdict: Verdict): string[] {
  if (verdict.kind === 'accept') return [];
  return verdict.problems.map(({ code, params }) => `${params['central']}: ${code}`);
}

function changedBy(verdict: Verdict): string {
  return verdict.kind === 'accept' ? '-' : verdict.changed;
}

/** Which of panel, first central and second central have a record. */
function holders({ world, second }: Scene, record: ResourceRecord): string[] {
  const stores = { panel: world.panel, first: world.central, second: second.store };
  return Object.entries(stores).flatMap(([name, { zones }]) =>
    zones.get(zone)?.has(recordId(record)) === true ? [name] : [],
  );
}

/** For each central, how many operations have not ended; stuck ones count too. */
async function left({ world }: Scene): Promise<number[]> {
  const found: number[] = [];
  for (const journal of world.journals) {
    const { open, stuck } = await world.clock.runUntilSettled(journalStatus(journal, world.clock.wall()));
    found.push(open + stuck.length);
  }
  return found;
}

function setDown({ world }: Scene, side: Side, down: boolean): void {
  side.down = down;
  world.applyOutages();
}

function firstSide({ world }: Scene): Side {
  const [side] = world.sides;
  assert.ok(side !== undefined);
  return side;
}

const old = a('www', 1);
const changed = a('www', 2);
const everywhere = ['panel', 'first', 'second'];
const alike: Held = { panel: [old], first: [old], second: [old] };

describe('an edit with two centrals', () => {
  it('is made at both, the first one first', async () => {
    const scene = await givenTwo(alike);
    assert.equal((await edit(scene, old, changed)).kind, 'accept');
    assert.deepEqual(scene.writes, [1, 2]);
    await wait(scene.world, minute);
    assert.deepEqual(holders(scene, changed), everywhere);
    assert.deepEqual(holders(scene, old), []);
    assert.deepEqual(await left(scene), [0, 0]);
  });

  it('that the second would refuse is written nowhere', async () => {
    const scene = await givenTwo(alike);
    scene.audits.set(2, 'record.type-unsupported');
    const verdict = await edit(scene, old, changed);
    assert.deepEqual(reasons(verdict), ['2: record.type-unsupported']);
    assert.equal(changedBy(verdict), 'nothing');
    assert.deepEqual(scene.writes, []);
    assert.deepEqual(holders(scene, old), everywhere);
  });

  it('is told all objections of all centrals at once, what they share only once', async () => {
    const scene = await givenTwo(alike);
    scene.audits.set(1, 'record.type-unsupported').set(2, 'name.invalid');
    assert.deepEqual(reasons(await edit(scene, old, changed)), [
      '1: record.type-unsupported',
      '2: name.invalid',
    ]);
    scene.audits.set(2, 'record.type-unsupported');
    assert.deepEqual(reasons(await edit(scene, old, changed)), ['1, 2: record.type-unsupported']);
    assert.deepEqual(scene.writes, []);
  });

  it('is refused while the second is out of reach, and nothing is written at the first', async () => {
    const scene = await givenTwo(alike);
    setDown(scene, scene.second, true);
    const verdict = await edit(scene, old, changed);
    assert.deepEqual(reasons(verdict), ['2: central.unreachable']);
    assert.equal(changedBy(verdict), 'nothing');
    assert.deepEqual(scene.writes, []);
    setDown(scene, scene.second, false);
    assert.equal((await edit(scene, old, changed)).kind, 'accept');
  });

  it('that the second refuses only when it is written is taken back at the first before the answer', async () => {
    const scene = await givenTwo(alike);
    scene.second.chooseFault = () => 'refuse';
    const verdict = await edit(scene, old, changed);
    assert.deepEqual(reasons(verdict), ['2: central.refused']);
    assert.equal(changedBy(verdict), 'nothing');
    assert.deepEqual(scene.writes, [1, 2, 1]);
    assert.deepEqual(holders(scene, old), everywhere);
    assert.deepEqual(holders(scene, changed), []);
    assert.deepEqual(await left(scene), [0, 0]);
    const [first] = await historyOf(scene.world, 1);
    assert.deepEqual([first?.state, first?.problems[0]?.code], ['reverted', 'central.refused']);
  });

  it('whose write at the second lands long after it was given up ends on neither side', async () => {
    const scene = await givenTwo(alike);
    scene.second.chooseFault = () => 'late';
    const verdict = await edit(scene, old, changed);
    assert.deepEqual(reasons(verdict), ['2: central.unreachable']);
    assert.equal(changedBy(verdict), 'unknown');
    assert.deepEqual(holders(scene, old), everywhere);
    scene.second.chooseFault = null;
    await wait(scene.world, 15 * minute);
    assert.deepEqual(holders(scene, old), everywhere);
    assert.deepEqual(holders(scene, changed), []);
    assert.deepEqual(await left(scene), [0, 0]);
  });

  it('that cannot be taken back at once is taken back later, also by an agent that was killed since', async () => {
    for (const killed of [false, true]) {
      const scene = await givenTwo(alike);
      scene.second.chooseFault = () => {
        setDown(scene, firstSide(scene), true);
        return 'refuse';
      };
      const verdict = await edit(scene, old, changed);
      assert.deepEqual([reasons(verdict), changedBy(verdict)], [['2: central.refused'], 'unknown']);
      assert.deepEqual(holders(scene, changed), ['first']);
      if (killed) scene.world.kill();
      scene.second.chooseFault = null;
      await wait(scene.world, minute);
      setDown(scene, firstSide(scene), false);
      if (killed) await scene.world.clock.runUntilSettled(scene.world.start());
      await wait(scene.world, 5 * minute);
      assert.deepEqual(holders(scene, old), everywhere);
      assert.deepEqual(holders(scene, changed), []);
      assert.deepEqual(await left(scene), [0, 0]);
    }
  });

  it('that meets another one of the same record is taken back without harm to that one', async () => {
    const scene = await givenTwo(alike);
    let writes = 0;
    scene.second.chooseFault = () => {
      writes += 1;
      return writes === 1 ? 'refuse' : null;
    };
    const items = [{ remove: old, add: null }];
    const both = [1, 2].map(() =>
      scene.world.edit(
        (stage) => recordsEvent(zone, items, stage),
        () => apply(scene.world, { remove: old, add: null }),
        smoothly,
      ),
    );
    await scene.world.clock.runUntilSettled(Promise.all(both));
    await wait(scene.world, 2 * minute);
    assert.deepEqual(new Set([0, 3]).has(holders(scene, old).length), true, holders(scene, old).join(' '));
    assert.deepEqual(await left(scene), [0, 0]);
  });

  it('between whose two writes the agent is killed ends as the panel has it', async () => {
    for (const keeps of [false, true]) {
      const scene = await givenTwo(alike);
      scene.onApply = (number) => {
        if (number === 2) scene.world.kill();
      };
      await edit(scene, old, changed);
      assert.deepEqual(holders(scene, changed)[0], 'first');
      if (keeps) apply(scene.world, { remove: old, add: changed });
      scene.onApply = () => undefined;
      await scene.world.clock.runUntilSettled(scene.world.start());
      await wait(scene.world, 15 * minute);
      assert.deepEqual(holders(scene, keeps ? changed : old), everywhere);
      assert.deepEqual(holders(scene, keeps ? old : changed), []);
      assert.deepEqual(await left(scene), [0, 0]);
    }
  });

  it('is settled by each ledger for itself: what only the panel and one central have stays out of the other', async () => {
    const scene = await givenTwo({ panel: [old], first: [old], second: null });
    assert.equal((await edit(scene, old, changed)).kind, 'accept');
    await wait(scene.world, minute);
    assert.deepEqual(holders(scene, changed), ['panel', 'first']);
    const states = await Promise.all(scene.world.journals.map((journal) => journal.zone(zone)));
    assert.deepEqual(
      states.map((entry) => entry?.state),
      ['synced', 'panel-only'],
    );
    scene.audits.set(2, 'record.type-unsupported');
    assert.equal((await edit(scene, changed, old)).kind, 'accept');
  });
});

describe('a zone with two centrals', () => {
  const nothing: Held = { panel: null, first: null, second: null };

  function makeZone({ world }: Scene): boolean {
    put(world, 'panel', [old]);
    return true;
  }

  it('is made at both, filled, and deleted at both', async () => {
    const scene = await givenTwo(nothing);
    assert.equal((await zoneEdit(scene, 'zone-create', () => makeZone(scene))).kind, 'accept');
    await wait(scene.world, minute);
    assert.deepEqual(holders(scene, old), everywhere);
    assert.equal(
      (await zoneEdit(scene, 'zone-delete', () => scene.world.panel.zones.delete(zone))).kind,
      'accept',
    );
    await wait(scene.world, minute);
    assert.equal(scene.world.central.zones.has(zone) || scene.second.store.zones.has(zone), false);
    assert.deepEqual(await left(scene), [0, 0]);
  });

  it("that is somebody else's at the second is taken away again at the first", async () => {
    const scene = await givenTwo(nothing);
    scene.second.store.foreign.add(zone);
    const verdict = await zoneEdit(scene, 'zone-create', () => makeZone(scene));
    assert.deepEqual([reasons(verdict), changedBy(verdict)], [['2: zone.foreign'], 'nothing']);
    assert.equal(scene.world.central.zones.has(zone), false);
    await wait(scene.world, minute);
    assert.deepEqual(await left(scene), [0, 0]);
  });

  it('that only the provider makes at the second is made at neither', async () => {
    const scene = await givenTwo(nothing);
    scene.second.store.managesZones = false;
    scene.world.kill();
    await scene.world.clock.runUntilSettled(scene.world.start());
    await wait(scene.world, minute);
    assert.deepEqual(reasons(await zoneEdit(scene, 'zone-create', () => makeZone(scene))), [
      '2: zone.create-there-first',
    ]);
    const history = await historyOf(scene.world, 5);
    assert.deepEqual(history, []);
  });

  it('is deleted in the panel while the second is out of reach, and there later', async () => {
    const scene = await givenTwo(alike);
    setDown(scene, scene.second, true);
    assert.equal(
      (await zoneEdit(scene, 'zone-delete', () => scene.world.panel.zones.delete(zone))).kind,
      'accept',
    );
    await wait(scene.world, minute);
    assert.deepEqual(
      [scene.world.central.zones.has(zone), scene.second.store.zones.has(zone)],
      [false, true],
    );
    setDown(scene, scene.second, false);
    await wait(scene.world, 2 * minute);
    assert.equal(scene.second.store.zones.has(zone), false);
  });

  it('that both sign is asked about once', async () => {
    const scene = await givenTwo(alike);
    for (const { store } of scene.world.sides) store.signed.add(zone);
    const drop = async (): Promise<Verdict> =>
      await zoneEdit(scene, 'zone-delete', () => scene.world.panel.zones.delete(zone));
    assert.deepEqual(reasons(await drop()), ['1, 2: zone.signed-delete']);
    await wait(scene.world, 5_000);
    assert.equal((await drop()).kind, 'accept');
    await wait(scene.world, minute);
    assert.equal(scene.world.central.zones.has(zone) || scene.second.store.zones.has(zone), false);
  });
});

describe('what the panel did unasked', () => {
  const made = a('ftp', 1);

  /** Changes a record in the panel and sends only the `after`. */
  async function written(scene: Scene): Promise<Verdict> {
    apply(scene.world, { remove: null, add: made });
    const event = recordsEvent(zone, [{ remove: null, add: made }], 'after');
    const edits = { kind: 'edits', edits: [event] } as const;
    const several = new Several(scene.world.engines.map((engine, at) => ({ number: at + 1, engine })));
    return await scene.world.clock.runUntilSettled(several.answer(edits, new AbortController().signal));
  }

  it('and the second refuses is put back in the panel, which the first follows', async () => {
    const scene = await givenTwo(alike);
    scene.audits.set(2, 'record.type-unsupported');
    const verdict = await written(scene);
    assert.deepEqual([reasons(verdict), changedBy(verdict)], [['2: record.type-unsupported'], 'panel']);
    assert.deepEqual(holders(scene, made), ['panel', 'first']);
    scene.audits.clear();
    await wait(scene.world, 2 * minute);
    assert.deepEqual(holders(scene, made), []);
    assert.deepEqual(await left(scene), [0, 0]);
  });

  it('stays where it is while the first cannot follow, however long that takes', async () => {
    const scene = await givenTwo(alike);
    scene.audits.set(2, 'record.type-unsupported');
    await written(scene);
    scene.audits.clear();
    setDown(scene, firstSide(scene), true);
    await wait(scene.world, 30 * minute);
    assert.deepEqual(holders(scene, made), ['panel', 'first']);
    setDown(scene, firstSide(scene), false);
    await wait(scene.world, 5 * minute);
    assert.deepEqual(holders(scene, made), []);
    assert.deepEqual(await left(scene), [0, 0]);
  });

  it('and both refuse is put back once', async () => {
    const scene = await givenTwo(alike);
    scene.audits.set(1, 'record.type-unsupported').set(2, 'record.type-unsupported');
    assert.deepEqual(reasons(await written(scene)), ['1, 2: record.type-unsupported']);
    scene.audits.clear();
    await wait(scene.world, 5 * minute);
    assert.deepEqual(holders(scene, made), []);
    assert.deepEqual(await left(scene), [0, 0]);
  });

  it('without a DNS event reaches both by a hint', async () => {
    const scene = await givenTwo(alike);
    apply(scene.world, { remove: null, add: made });
    await scene.world.clock.runUntilSettled(scene.world.hint(zone));
    await wait(scene.world, minute);
    assert.deepEqual(holders(scene, made), everywhere);
  });
});

describe('one central', () => {
  it('is asked once, by its engine alone', async () => {
    const asked: string[] = [];
    const never = (): never => assert.fail('asked');
    const engine = {
      answer: async (): Promise<Verdict> => {
        asked.push('answer');
        return await Promise.resolve({ kind: 'accept' });
      },
      carryOut: never,
      objections: never,
      rollBack: never,
      duringCall: never,
      putOff: never,
    };
    const edits = [recordsEvent(zone, [{ remove: null, add: old }], 'before')];
    const verdict = await new Several([{ number: 1, engine }]).answer(
      { kind: 'edits', edits },
      new AbortController().signal,
    );
    assert.deepEqual([verdict, asked], [{ kind: 'accept' }, ['answer']]);
  });

  it('has the whole deadline; with several, time is left to take an edit back', () => {
    assert.deepEqual(
      [timeToWrite(10_000, 1), timeToWrite(10_000, 2), timeToWrite(3_000, 3)],
      [10_000, 8_000, 1_500],
    );
  });
});
