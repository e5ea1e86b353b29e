import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseName } from '../../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import type { Change } from '../../../dns/zone.ts';
import { CentralError, type CallContext, type Central } from '../../../core/central.ts';
import type { Operation } from '../../../core/operation.ts';
import type { EditEvent, EditItem, Verdict } from '../../../core/panel.ts';
import { sampleDelete } from '../../contracts/journal.ts';
import { a, engineOf, given, put, zone } from '../given.ts';
import { recordsEvent } from '../edits.ts';
import { Random } from '../random.ts';
import { World, type LocalPart } from '../world.ts';
import { MemoryJournal } from '../../memory-journal.ts';
import { excuses } from './excuses.ts';
import { checkWorld } from './index.ts';
import type { Judgement } from './judgement.ts';
import { forged, intruder } from './rights.ts';

/** A panel that carries out every edit at once and reports it. */
const smooth: LocalPart = { refuses: false, takes: 20, afterLost: false, visibleAfter: 0 };

const [www, hand] = [a('www', 1), a('hand', 1)];
const other = parseName('other.org.');

async function judge(world: World): Promise<Judgement> {
  return await world.clock.runUntilSettled(checkWorld(world, { unheard: new Set() }));
}

/** The laws that the world has broken so far, each only once, sorted. */
async function broken(world: World): Promise<string[]> {
  const { violations } = await judge(world);
  return [...new Set(violations.map(({ law }) => law))].sort();
}

/** Plays one edit of records, then lets two minutes pass. */
async function edit(world: World, items: readonly EditItem[], local = smooth): Promise<Verdict> {
  const carryOut = (): boolean => {
    for (const { remove, add } of items) {
      if (remove !== null) world.panel.zones.get(zone)?.delete(recordId(remove));
      if (add !== null) world.panel.zones.get(zone)?.set(recordId(add), add);
    }
    return true;
  };
  const edited = world.edit((stage) => recordsEvent(zone, items, stage), carryOut, local);
  const { verdict } = await world.clock.runUntilSettled(edited);
  await world.clock.runUntil(world.clock.now() + 120_000);
  return verdict;
}

/**
 * Direct access to the central, for requests without an operation, as an engine with a bug would send them.
 */
interface Rogue {
  readonly world: World;
  readonly apply: (change: Partial<Change>) => Promise<void>;
  readonly deleteZone: () => Promise<void>;
  readonly createZone: () => Promise<void>;
}

/**
 * A world in which only the central has the record `hand`. The test can send requests to the central
 * directly.
 */
async function rogue(panel: readonly ResourceRecord[] | null = [www]): Promise<Rogue> {
  let central: Central | null = null;
  const world = await given({ panel, central: [www, hand] }, (fresh) => {
    fresh.wrap = (wrapped) => (central = wrapped);
  });
  const ctx: CallContext = { signal: new AbortController().signal, operation: '-' };
  const ask = async (call: (asked: Central) => Promise<unknown>): Promise<void> => {
    assert.ok(central !== null);
    await world.clock.runUntilSettled(call(central));
  };
  return {
    world,
    apply: async (change) =>
      await ask((asked) => asked.apply({ zone, remove: [], add: [], ...change }, [], ctx)),
    deleteZone: async () => await ask((asked) => asked.deleteZone(other, ctx)),
    createZone: async () => await ask((asked) => asked.createZone(other, seed, ctx)),
  };
}

const seed = { addresses: [], nameServers: [], mailServers: [] };

/** Makes a world in which `answer` decides about each write to the central. `write` carries the write out. */
async function lying(
  answer: (number: number, write: () => Promise<void>, change: Change) => Promise<void>,
): Promise<World> {
  let writes = 0;
  return await given({ panel: [www], central: [www] }, (fresh) => {
    fresh.wrap = (central) => {
      const apply = central.apply.bind(central);
      return Object.assign(central, {
        apply: async (...[wanted, present, ctx]: Parameters<Central['apply']>) => {
          writes += 1;
          const write = async (): Promise<void> => {
            await apply(wanted, present, ctx);
          };
          await answer(writes, write, wanted);
          return { removed: wanted.remove, added: wanted.add };
        },
      });
    };
  });
}

const untouched = new CentralError('central.refused', { state: 'untouched', retry: 'never' });

test('nothing is broken where engine and central do what they should', async () => {
  const world = await lying(async (_number, write) => await write());
  assert.equal((await edit(world, [{ remove: www, add: a('www', 2) }])).kind, 'accept');
  await edit(world, [{ remove: null, add: a('ftp', 1) }], { ...smooth, refuses: true });
  assert.deepEqual(await broken(world), []);
});

test('issue 13: removing a record that is neither ours nor adopted breaks a law', async () => {
  const { world, apply } = await rogue();
  await apply({ remove: [www] });
  assert.ok(!(await broken(world)).includes('foreign.removed'));
  await apply({ remove: [hand] });
  assert.ok((await broken(world)).includes('foreign.removed'));
});

test('issue 13: removing what somebody wrote at a name that was edited breaks a law', async () => {
  const { world, apply } = await rogue();
  await edit(world, [{ remove: www, add: a('www', 2) }]);
  world.central.zones.get(zone)?.set(recordId(a('www', 9)), a('www', 9));
  world.otherWrote();
  await apply({ remove: [a('www', 9)] });
  assert.ok((await broken(world)).includes('foreign.removed'));
});

test('issue 13: writing into a zone that is not ours breaks a law', async () => {
  const { world, apply } = await rogue(null);
  await apply({ add: [a('ftp', 1)] });
  assert.ok((await broken(world)).includes('foreign.added'));
});

test('issue 13: deleting a zone that somebody made breaks a law', async () => {
  const { world, deleteZone } = await rogue();
  world.central.zones.set(other, new Map());
  world.otherWrote();
  await deleteZone();
  assert.ok((await broken(world)).includes('foreign.zone'));
});

test('issue 13: deleting a zone of ours with a record of somebody else breaks a law', async () => {
  const { world, createZone, deleteZone } = await rogue();
  await createZone();
  world.central.zones.get(other)?.set(recordId(hand), hand);
  world.otherWrote();
  await deleteZone();
  assert.ok((await broken(world)).includes('foreign.removed'));
});

test('what somebody writes while a request is on its way is excused, and counted', async () => {
  const { world, apply } = await rogue();
  world.central.zones.get(zone)?.delete(recordId(hand));
  world.otherWrote();
  const removing = apply({ remove: [hand] });
  world.central.zones.get(zone)?.set(recordId(hand), hand);
  await removing;
  const { excuses: used } = await judge(world);
  assert.equal(used.get('crossed'), 1);
});

test('issue 13: "nothing was changed" while the central has it breaks a law', async () => {
  const world = await lying(async (_number, write) => {
    await write();
    throw untouched;
  });
  const verdict = await edit(world, [{ remove: null, add: a('ftp', 1) }]);
  assert.equal(verdict.kind === 'refuse' && verdict.changed, 'nothing');
  assert.ok((await broken(world)).includes('answers.nothing'));
});

test('issue 13: "nothing was changed" that does not stay true breaks a law', async () => {
  const late: Promise<void>[] = [];
  const world = await lying((_number, write) => {
    late.push(write());
    return Promise.reject(untouched);
  });
  await edit(world, [{ remove: null, add: a('ftp', 1) }]);
  await Promise.all(late);
  assert.ok((await broken(world)).includes('answers.nothing-later'));
});

test('issue 13: what the panel refused and an undo left at the central breaks a law', async () => {
  const world = await lying(async (number, write) => {
    if (number === 1) await write();
  });
  const verdict = await edit(world, [{ remove: null, add: a('ftp', 1) }], { ...smooth, refuses: true });
  assert.equal(verdict.kind, 'accept');
  assert.ok((await broken(world)).includes('answers.left'));
});

/**
 * A world in which the panel refuses to remove `www`. The undo at the central is answered with OK but writes
 * nothing.
 */
async function notPutBack(): Promise<World> {
  const world = await lying(async (number, write) => {
    if (number === 1) await write();
  });
  await edit(world, [{ remove: www, add: null }], { ...smooth, refuses: true });
  return world;
}

test('a record that cannot come back because a CNAME has its place is excused, one that could is not', async () => {
  assert.ok((await broken(await notPutBack())).includes('answers.left'));
  const world = await notPutBack();
  const alias = makeRecord({ name: 'www', type: 'CNAME', rdata: 'elsewhere.example.' }, zone);
  world.central.zones.get(zone)?.set(recordId(alias), alias);
  world.otherWrote();
  const { violations, excuses: used } = await judge(world);
  assert.ok(!violations.some(({ law }) => law === 'answers.left'));
  assert.equal(used.get('alias'), 1);
});

test('a record that the central lacks beside an alias of both sides is excused, beside one of the panel it is not', async () => {
  const alias = makeRecord({ name: 'www', type: 'CNAME', rdata: 'elsewhere.example.' }, zone);
  const lacking = async (isAtCentral: boolean): Promise<Judgement> => {
    const world = await notPutBack();
    const { clock, panel, central } = world;
    const now = clock.now();
    panel.zones.get(zone)?.set(recordId(alias), alias);
    panel.provenance.look(now);
    const facts = { kind: 'add', operation: '-', zone, record: alias, content: [], sentAt: now } as const;
    const request = central.provenance.sent(facts);
    const add = (): unknown => isAtCentral && central.zones.get(zone)?.set(recordId(alias), alias);
    central.provenance.land(request, now, () => void add());
    engineOf(world).compare(zone, 'asked');
    await clock.runUntil(now + 60_000);
    return await judge(world);
  };
  const isBroken = ({ violations }: Judgement): boolean =>
    violations.some(({ law, text }) => law === 'agreement.record' && text.includes('www.example.org A'));
  const excused = await lacking(true);
  // The law on what is left of a refused edit uses this excuse too.
  assert.deepEqual([isBroken(excused), excused.excuses.get('alias')], [false, 2]);
  assert.equal(isBroken(await lacking(false)), true);
});

test('"nothing was changed" is true of a record that went with its zone, which somebody else deleted', async () => {
  const refused = async (isDeleted: boolean): Promise<readonly string[]> => {
    const world: World = await lying(async (_number, write) => {
      await write();
      if (isDeleted) put(world, 'central', null);
      world.otherWrote();
      throw untouched;
    });
    const verdict = await edit(world, [{ remove: www, add: null }], { ...smooth, refuses: true });
    assert.equal(verdict.kind === 'refuse' && verdict.changed, 'nothing');
    return await broken(world);
  };
  assert.ok((await refused(false)).includes('answers.nothing'));
  assert.ok(!(await refused(true)).includes('answers.nothing'));
});

test('issue 13: an answer that only the panel was changed, while the central was too, breaks a law', async () => {
  // The panel takes longer than the engine waits, so the edit is undone. Then the `after` makes the engine
  // carry it out again.
  const world = await lying(async (number, write) => {
    await write();
    if (number === 3) throw untouched;
  });
  await edit(world, [{ remove: null, add: a('ftp', 1) }], { ...smooth, takes: 60_000 });
  assert.ok((await broken(world)).includes('answers.panel'));
});

/** A world in which `intruder` changes `www`, and the engine does not check who owns a zone. */
async function intruded(): Promise<World> {
  const world = new World(new MemoryJournal(), new Random(1), { ownerCheck: 'off' });
  put(world, 'panel', [www]);
  put(world, 'central', [www, makeRecord({ name: 'alias', type: 'CNAME', rdata: 'secret.example.' }, zone)]);
  await world.clock.runUntilSettled(world.start());
  await world.clock.runUntil(world.clock.now() + 5_000);
  return world;
}

async function intrude(world: World, items: readonly EditItem[]): Promise<void> {
  const event = (stage: 'before' | 'after'): EditEvent => recordsEvent(zone, items, stage, intruder);
  await world.clock.runUntilSettled(world.edit(event, () => false, { ...smooth, refuses: true }, items));
  await world.clock.runUntil(world.clock.now() + 120_000);
}

test('issue 13: writing for somebody without a right breaks a law', async () => {
  const world = await intruded();
  await intrude(world, [{ remove: www, add: a('www', forged) }]);
  const found = await broken(world);
  assert.deepEqual(
    found.filter((law) => law.startsWith('rights')),
    ['rights.held', 'rights.written'],
  );
});

test("issue 13: telling somebody of another's records breaks a law", async () => {
  const world = await intruded();
  await intrude(world, [{ remove: null, add: a('alias', 1) }]);
  assert.ok((await broken(world)).includes('rights.reported'));
});

test('what was taken back is timed', async () => {
  const world = await lying(async (_number, write) => await write());
  await edit(world, [{ remove: null, add: a('ftp', 1) }], { ...smooth, refuses: true });
  const { longestSeen } = await judge(world);
  assert.ok(longestSeen > 1_000 && longestSeen < 60_000, String(longestSeen));
});

test('an accepted edit that is not at the central breaks a law', async () => {
  const world = await lying(() => Promise.resolve());
  await edit(world, [{ remove: null, add: a('ftp', 1) }]);
  assert.deepEqual(await broken(world), ['agreement.record', 'history.both-sides', 'ledger.synced']);
});

test('issue 14: a record whose zone somebody deleted at the central may be in the panel only, another may not', async () => {
  for (const [isDeleted, panel] of [
    [true, [www]],
    [false, [www]],
    [true, []],
  ] as const) {
    const { world, apply } = await rogue();
    await apply({ remove: [www] });
    put(world, 'panel', panel);
    world.panel.provenance.look(world.clock.now());
    if (isDeleted) put(world, 'central', null);
    world.otherWrote();
    put(world, 'panel', [www]);
    put(world, 'central', []);
    world.otherWrote();
    const isExcused = isDeleted && panel.length > 0;
    assert.equal((await broken(world)).includes('agreement.record'), !isExcused);
  }
});

test('a zone that is gone at the central breaks a law', async () => {
  const world = await lying(async (_number, write) => await write());
  put(world, 'central', null);
  assert.deepEqual(await broken(world), ['agreement.zone']);
});

test('an agent that does not run breaks a law', async () => {
  const world = await lying(async (_number, write) => await write());
  world.kill();
  assert.deepEqual(await broken(world), ['engine.running']);
});

test('each excuse names a case of docs/adoption.md or docs/planning.md', () => {
  const docs = join(import.meta.dirname, '../../../../docs');
  const page = ['adoption.md', 'planning.md']
    .map((name) => readFileSync(join(docs, name), 'utf8'))
    .join('\n');
  for (const [id, named] of Object.entries(excuses)) {
    const row = /^row (\d+)$/.exec(named)?.[1];
    const found = row === undefined ? page.includes(`\n- **${named}.**`) : page.includes(`\n### ${row}\n`);
    assert.ok(found, `${id}: ${named}`);
  }
});

test('a stuck delete breaks a law, unless it says that nobody knows whose the zone is, and nobody does', async () => {
  const problems = (code: string) => [{ code, params: {} }];
  const foreign = sampleDelete('2', { zone, state: 'stuck', problems: problems('zone.changed-at-central') });
  const unknown = { ...foreign, problems: problems('zone.maybe-ours') };
  const brokenWith = async (operation: Operation, isUnproven: boolean): Promise<string[]> => {
    const world = await given({ panel: [www], central: [www] });
    if (isUnproven) world.central.unproven.set(zone, '1');
    await world.sides[0]?.disk.file.commit({ operations: [operation] });
    return await broken(world);
  };
  assert.deepEqual(await brokenWith(foreign, true), ['agreement.stuck']);
  assert.deepEqual(await brokenWith(unknown, false), ['agreement.stuck']);
  assert.deepEqual(await brokenWith({ ...unknown, wasThere: true }, true), ['agreement.stuck']);
  assert.deepEqual(await brokenWith(unknown, true), []);
});
