/** Tests which names in calls of the panel are zones, and which comparisons are requested for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName, type DnsName } from '../../../dns/name.ts';
import { engineBench, entryOf, type Bench } from '../../../testing/engine-bench.ts';
import { administrator } from '../../../testing/simulator/edits.ts';
import { JournalError } from '../../journal.ts';
import { PanelError } from '../../panel.ts';
import { baselineFact } from '../before/unknown-zone.ts';
import { CompareAll } from './compare-all.ts';
import { NamedZones } from './named-zones.ts';

function name(text: string): DnsName {
  return parseName(`${text}.`);
}

interface Scene extends Bench {
  readonly hint: (...zones: readonly string[]) => void;
  readonly hintAll: (source?: string) => void;
  /** For each zone, the first comparison that was requested since the last call of this function. */
  readonly wanted: () => Record<string, string>;
  /** How often the panel's list was read. */
  readonly lists: () => number;
  /** Waits until all background tasks have ended. @throws what a task threw */
  readonly settled: () => Promise<void>;
}

/** Makes a scene. @param known zones in the ledger @param listed further zones in the panel's list */
async function given(
  known: readonly string[],
  listed: readonly string[],
  isBaselineTaken = true,
): Promise<Scene> {
  const bench = engineBench();
  await bench.journal.commit({
    zones: known.map((zone) => entryOf(name(zone))),
    facts: isBaselineTaken ? { [baselineFact]: '1' } : {},
  });
  for (const zone of [...known, ...listed]) bench.panel.zones.set(name(zone), []);
  let reads = 0;
  bench.panel.onRead = () => void (reads += 1);
  const tasks: Promise<void>[] = [];
  const wanted = new Map<DnsName, string>();
  bench.runtime.agenda.want = (zone, { reason, follow, lane = '-' }) => {
    if (!wanted.has(zone)) wanted.set(zone, `${reason} ${follow} ${lane}`);
  };
  const named = new NamedZones(bench.runtime, new CompareAll(bench.runtime), (work) => void tasks.push(work));
  const base = { kind: 'hint', source: 'site.edit', fingerprint: 'f', actor: administrator } as const;
  return {
    ...bench,
    hint: (...zones) => named.hint({ ...base, zones: zones.map(name) }),
    hintAll: (source = 'user.delete') => named.hint({ ...base, source, zones: 'all' }),
    wanted: () => {
      const all = Object.fromEntries(wanted);
      wanted.clear();
      return all;
    },
    lists: () => reads,
    settled: async () => {
      for (let seen = 0; seen < tasks.length;) {
        seen = tasks.length;
        await bench.run(Promise.all(tasks));
      }
    },
  };
}

test('a zone of the ledger is compared, and may go itself; the panel’s list is not read', async () => {
  const scene = await given(['one.example', 'two.example'], []);
  scene.hint('one.example');
  await scene.settled();
  assert.deepEqual(scene.wanted(), { 'one.example.': 'site.edit named alice' });
  assert.equal(scene.lists(), 0);
});

test('a name in a zone, or above a host, has the zone compared that it lies in', async () => {
  const scene = await given(['one.example', 'sub.one.example', 'other.example'], []);
  scene.hint('www.sub.one.example');
  await scene.settled();
  assert.deepEqual(scene.wanted(), {
    'one.example.': 'site.edit limited alice',
    'sub.one.example.': 'site.edit limited alice',
  });
});

test('a name that is a zone of the list only is compared once the list was read, with other new zones', async () => {
  const scene = await given(['one.example'], ['new.example', 'another.example']);
  scene.hint('new.example', 'nothing.example');
  await scene.settled();
  assert.deepEqual(scene.wanted(), {
    'another.example.': 'in-list no -',
    'new.example.': 'site.edit named alice',
  });
  assert.equal(scene.lists(), 1);
});

test('many calls share a read of the list', async () => {
  const scene = await given([], ['a.example', 'b.example']);
  scene.hint('a.example');
  scene.hint('b.example');
  await scene.settled();
  assert.deepEqual(scene.wanted(), {
    'a.example.': 'site.edit named alice',
    'b.example.': 'site.edit named alice',
  });
  assert.equal(scene.lists(), 1);
  scene.hint('c.example');
  await scene.settled();
  assert.equal(scene.lists(), 2);
  assert.equal(scene.clock.now(), 5_200);
});

test('a zone that came into the ledger while the list was read is compared as asked', async () => {
  const scene = await given([], []);
  scene.hint('late.example');
  await scene.wait(100);
  await scene.journal.commit({ zones: [entryOf(name('late.example'))] });
  await scene.settled();
  assert.deepEqual(scene.wanted(), { 'late.example.': 'site.edit named alice' });
});

test('before the baseline only what was named is compared', async () => {
  const scene = await given([], ['new.example', 'another.example'], false);
  scene.hint('new.example');
  await scene.settled();
  assert.deepEqual(scene.wanted(), { 'new.example.': 'site.edit named alice' });
});

test('without names nothing is compared; a call about all has everything compared, seldom', async () => {
  const scene = await given(['one.example', 'two.example'], []);
  scene.hint();
  await scene.settled();
  assert.deepEqual([scene.wanted(), scene.lists()], [{}, 0]);
  scene.hintAll();
  await scene.settled();
  assert.deepEqual(scene.wanted(), {
    'one.example.': 'user.delete limited -',
    'two.example.': 'user.delete limited -',
  });
  scene.hintAll();
  scene.hintAll('user.edit');
  await scene.settled();
  assert.equal(scene.wanted()['one.example.'], 'user.edit limited -');
  assert.equal(scene.clock.now(), 10_200);
  assert.equal(scene.lists(), 2);
});

test('thousands of names are searched in the ledger as a whole', async () => {
  const scene = await given(['one.example'], []);
  let singles = 0;
  const zone = scene.journal.zone.bind(scene.journal);
  scene.journal.zone = async (of) => {
    singles += 1;
    return await zone(of);
  };
  const hosts = (count: number): string[] => Array.from({ length: count }, (_, at) => `h${at}.one.example`);
  // A name also stands for the zones above it, so each call also names `one.example`.
  scene.hint(...hosts(199));
  await scene.settled();
  assert.deepEqual([singles, scene.wanted()], [200, { 'one.example.': 'site.edit limited alice' }]);
  scene.hint(...hosts(200));
  await scene.settled();
  assert.deepEqual([singles, scene.wanted()], [200, { 'one.example.': 'site.edit limited alice' }]);
});

test('a call with very many names counts as one that names none', async () => {
  const scene = await given(['one.example', 'two.example'], []);
  const hosts = Array.from({ length: 49_999 }, (_, at) => `h${at}.one.example`);
  scene.hint(...hosts);
  await scene.settled();
  assert.deepEqual(scene.wanted(), { 'one.example.': 'site.edit limited alice' });
  scene.hint(...hosts, 'two.example');
  await scene.settled();
  assert.deepEqual(scene.wanted(), {
    'one.example.': 'site.edit limited -',
    'two.example.': 'site.edit limited -',
  });
});

test('at most a thousand unknown names are kept; further zones are found in the list', async () => {
  const hosts = Array.from({ length: 1_001 }, (_, at) => `h${String(at).padStart(4, '0')}.example`);
  const scene = await given([], hosts);
  scene.hint(...hosts);
  await scene.settled();
  const asked = Object.values(scene.wanted());
  assert.equal(asked.filter((what) => what === 'site.edit named alice').length, 1_000);
  assert.equal(asked.filter((what) => what === 'in-list no -').length, 1);
});

test('a list or a journal that cannot be read is read later, and no name is lost', async () => {
  for (const error of [new PanelError('panel.unreachable'), new JournalError('journal.locked')]) {
    const scene = await given([], ['new.example']);
    scene.panel.onRead = () => {
      scene.panel.onRead = () => undefined;
      throw error;
    };
    scene.hint('new.example');
    await scene.settled();
    assert.deepEqual(scene.wanted(), { 'new.example.': 'site.edit named alice' });
    assert.deepEqual(scene.logged, ['list.later']);
    assert.equal(scene.clock.now(), 5_200);
  }
});

test('a journal that fails is logged; all names count as unknown then', async () => {
  const scene = await given(['one.example'], []);
  const zone = scene.journal.zone.bind(scene.journal);
  scene.journal.zone = async () => {
    await Promise.resolve();
    throw new JournalError('journal.locked');
  };
  scene.hint('one.example');
  await scene.wait(0);
  scene.journal.zone = zone;
  await scene.settled();
  assert.deepEqual(scene.wanted(), { 'one.example.': 'site.edit named alice' });
  assert.deepEqual(scene.logged, ['journal.failed']);
});

test('a defect is no failure of the journal or the panel', async () => {
  const scene = await given([], []);
  scene.panel.onRead = () => {
    throw new TypeError('a defect');
  };
  scene.hint('new.example');
  await assert.rejects(scene.settled(), TypeError);
  const other = await given([], []);
  other.journal.zone = async () => {
    await Promise.resolve();
    throw new TypeError('a defect');
  };
  other.hint('new.example');
  await assert.rejects(other.settled(), TypeError);
});

test('a failure while the engine stops is not tried again', async () => {
  const scene = await given([], ['new.example']);
  scene.panel.onRead = () => {
    scene.runtime.timers.stopping.abort(new Error('stopping'));
    throw new PanelError('panel.unreachable');
  };
  scene.hint('new.example');
  await scene.settled();
  assert.deepEqual(scene.logged, []);
});
