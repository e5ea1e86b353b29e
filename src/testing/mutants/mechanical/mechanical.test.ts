import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patched, sourceOf } from '../patch.ts';
import { equivalentOf, equivalents } from './equivalent.ts';
import { mutantsOf } from './mutations.ts';
import { everyMutant, isSimulated, mutatedFiles, slowTests, slowTestsOf, testsOf } from './sources.ts';
import { failingTest } from './unit-tests.ts';

function mutations(source: string): string[] {
  return mutantsOf('x.ts', source).map(({ what }) => what);
}

test('issue 13, mechanical mutation: conditions, operators, calls, locks, sides, numbers', () => {
  assert.deepEqual(mutations('if (a as boolean) f();'), ['negate: a -> !(a)', 'drop: f(); -> ;']);
  assert.deepEqual(mutations('const x: boolean = a && b;'), ['operator: && -> ||']);
  assert.deepEqual(mutations('await journal.commit(a);'), [
    'drop: await journal.commit(a); -> ;',
    'drop a wait: await -> void',
  ]);
  assert.deepEqual(mutations('const held = await locks.acquire(a);'), [
    'drop a lock: await locks.acquire(a) -> { release: () => undefined }',
  ]);
  assert.deepEqual(mutations('use(change.add, set.add(x));'), [
    'drop: use(change.add, set.add(x)); -> ;',
    'swap: add -> remove',
  ]);
  assert.deepEqual(mutations('const most = 20, few = 2;'), ['constant: 20 -> 0', 'off by one: 2 -> 3']);
  assert.deepEqual(mutations('export const y = xs.filter(f).some(g);'), [
    'method: some -> every',
    'drop a filter: .filter(f) -> nothing',
  ]);
});

test('issue 13, mechanical mutation: what is only logged, waits for nothing, or is text stays', () => {
  assert.deepEqual(mutations("log(2, 'zone.later', { zone });"), []);
  assert.deepEqual(mutations("runtime.ports.log(known ? 2 : 1, 'x', { n: add.add + 1, all: a === b });"), []);
  assert.deepEqual(mutations("class A { #log; f() { this.#log(known ? 2 : 1, 'x', { n }); } }"), []);
  // An argument of this log call also changes a variable, so the call is mutated.
  const counting = "log(2, 'x', { n: (this.n += 1) });";
  assert.deepEqual(mutations(`class A { n = 0; f() { ${counting} } }`).slice(1), ['off by one: 1 -> 2']);
  assert.deepEqual(mutations('await Promise.resolve();'), []);
  assert.deepEqual(mutations("const text = 'a' + b;"), []);
});

test('issue 13, mechanical mutation: of two times the one may be as late as the other, by a millisecond', () => {
  const boundaries = [
    'f(clock.now() >= this.until);',
    'f(view.readAt < due);',
    'f(time > now - span);',
    'f(Math.max(since + gap, grace.until) > clock.wall());',
    'f(readAt <= (this.restsUntil.get(zone) ?? 0));',
  ];
  for (const source of boundaries)
    assert.deepEqual(
      mutations(source).filter((what) => /operator: [<>]/u.test(what)),
      [],
      source,
    );
  const counts = [
    'f(attempts >= most);',
    'f(times.length > 3);',
    'f(now > limit);',
    'f(size < until);',
    'f(at + step <= octets.length);',
    'f(one.createdAt >= createdAt);',
    'f(since[0] > now);',
  ];
  for (const source of counts)
    assert.equal(mutations(source).filter((what) => /operator: [<>]/u.test(what)).length, 1, source);
  // A mutation from `<` to `<=` hardly matters when times are compared, so it is left out. All other
  // mutations of times are made.
  assert.deepEqual(mutations('if (now < until) f();'), [
    'negate: now < until -> !(now < until)',
    'drop: f(); -> ;',
  ]);
  assert.deepEqual(mutations('use(now - since);'), ['drop: use(now - since); -> ;', 'operator: - -> +']);
  assert.deepEqual(mutations('wake(zone, Math.max(0, due - now));').slice(1), [
    'method: max -> min',
    'operator: - -> +',
  ]);
  assert.ok(mutations('wake(zone, Math.max(0, attempts));').includes('off by one: 0 -> 1'));
  assert.ok(mutations('put(watch?.until ?? 0);').includes('off by one: 0 -> 1'));
});

test('issue 13, mechanical mutation: a mutant changes the line it names', () => {
  const source = 'type T = number;\nexport const most: T = 20;\n';
  const [first] = mutantsOf('x.ts', source);
  assert.equal(first?.line, 2);
  assert.equal(patched(source, first.patch), 'type T = number;\nexport const most: T = 0;\n');
});

test('issue 13, mechanical mutation: every file of engine and journal with mutants has tests or histories that load it', () => {
  const all = everyMutant('src/journal/operation-table.ts');
  assert.ok(all.length > 50);
  // Nothing loads a file that only declares types, and it has no mutants.
  const withCode = mutatedFiles().filter((file) => mutantsOf(file, sourceOf(file)).length > 0);
  assert.ok(withCode.length > 50);
  for (const file of withCode) assert.ok(isSimulated(file) || testsOf(file).length > 0, file);
  assert.equal(isSimulated('src/journal/sqlite.ts'), false);
  assert.equal(testsOf('src/core/engine/parts/locks.ts')[0], 'src/core/engine/parts/locks.test.ts');
  assert.deepEqual(slowTestsOf('src/core/engine/background/settle.ts'), slowTests);
});

test('issue 13, mechanical mutation: every equivalent of the list is a mutant, as often as it says, with a reason', () => {
  for (const one of equivalents) {
    const is = everyMutant(one.file).filter((mutant) => equivalentOf(mutant) === one);
    assert.equal(is.length, one.times ?? 1, `${one.file}: ${one.line}`);
    assert.match(one.reason, /^[A-Z].*\.$/u);
  }
});

test('issue 13, mechanical mutation: unit tests run with the mutant in the engine', async () => {
  const file = 'src/core/engine/parts/locks.ts';
  const source = sourceOf(file);
  const find = 'if (a.zone !== b.zone) return false;';
  const start = source.indexOf(find);
  const patch = { file, start, end: start + find.length, text: 'return false;' };
  assert.notEqual(await failingTest(patch, ['src/core/engine/parts/locks.test.ts']), null);
  assert.equal(await failingTest({ ...patch, text: find }, ['src/core/engine/parts/locks.test.ts']), null);
});
