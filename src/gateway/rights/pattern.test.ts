import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { labels, labelText, zoneName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import {
  coversPattern,
  overlapsPattern,
  PatternTree,
  rankOf,
  readPattern,
  type Pattern,
  type PatternUse,
} from './pattern.ts';
import { isMeant, namesUpTo, patternText } from '../../testing/naive-rights.ts';

function pattern(text: string, use: PatternUse = 'name'): Pattern {
  const problems: Problem[] = [];
  const found = readPattern(text, use, problems);
  assert.ok(found !== null, `${text}: ${JSON.stringify(problems)}`);
  return found;
}

function codes(text: string, use: PatternUse = 'name'): string[] {
  const problems: Problem[] = [];
  assert.equal(readPattern(text, use, problems), null, text);
  return problems.map(({ code }) => code);
}

function isFound(text: string, name: string, use: PatternUse = 'name'): boolean {
  const tree = new PatternTree<string>(use);
  tree.add(pattern(text, use), text);
  return tree.find(name === '' ? [] : labels(zoneName(name))).length > 0;
}

test('exact labels, one label, any number of labels', () => {
  assert.ok(isFound('www', 'www'));
  assert.ok(!isFound('www', 'a.www') && !isFound('www', 'wwww') && !isFound('www', ''));
  assert.ok(isFound('*.www', 'a.www') && isFound('a.*', 'a.www'));
  assert.ok(!isFound('*', 'a.www') && !isFound('*.www', 'www') && !isFound('*', ''));
  for (const name of ['a', 'a.b', 'a.b.c']) assert.ok(isFound('**', name), name);
  for (const name of ['a', 'x.a', 'x.y.a']) assert.ok(isFound('**.a', name), name);
  for (const name of ['x', 'x.a', 'x.y.a']) assert.ok(isFound('x.**', name), name);
  for (const name of ['x.a', 'x.y.a', 'x.y.z.a']) assert.ok(isFound('x.**.a', name), name);
  assert.ok(!isFound('x.**.a', 'x') && !isFound('x.**.x', 'x') && !isFound('**.a', 'b'));
});

test('only @ is the apex of a zone, but ** in a zone pattern may stand for nothing', () => {
  assert.ok(isFound('@', '') && !isFound('@', 'a') && !isFound('**', ''));
  for (const name of ['example.org', 'a.example.org', 'b.a.example.org'])
    assert.ok(isFound('**.example.org', name, 'zone'), name);
  assert.ok(isFound('**', '', 'zone') && isFound('.', '', 'zone') && !isFound('*', '', 'zone'));
});

test('the owner of a wildcard is named, or one of any number of labels', () => {
  assert.ok(!isFound('*', '*') && !isFound('*.a', '*.a') && !isFound('a.*.c', 'a.*.c'));
  for (const text of ['\\*', '\\042', '**']) assert.ok(isFound(text, '*'), text);
  assert.ok(isFound('\\*.a', '*.a') && !isFound('\\*.a', 'b.a') && isFound('**.a', '*.a'));
});

test('hostile names stay what they are', () => {
  assert.ok(!isFound('a.b', 'a\\046b') && isFound('a\\046b', 'a\\.b') && !isFound('*.b', 'a\\.b'));
  assert.ok(isFound('WwW.Ä', 'www.xn--4ca') && isFound('w\\119w', 'WWW'));
  assert.ok(!isFound('**.example.org', 'evilexample.org', 'zone'));
  assert.ok(!isFound('*.example.org', 'evil\\.example.org', 'zone'));
  assert.ok(!isFound('example.org', 'example\\046org', 'zone'));
  assert.ok(isFound('example.org.', 'EXAMPLE.org', 'zone'));
  const long = [1, 2, 3].map(() => 'x'.repeat(63)).join('.');
  assert.ok(isFound(`${long}.${'y'.repeat(61)}`, `${long}.${'Y'.repeat(61)}`));
  const deep = Array.from({ length: 127 }, () => 'a').join('.');
  const part = Array.from({ length: 60 }, () => 'a').join('.');
  for (const text of ['**', deep, `**.${part}`, `${part}.**`, `${part}.**.${part}`, '**.a', 'a.**'])
    assert.ok(isFound(text, deep), text);
});

test('what is no pattern is said', () => {
  assert.deepEqual(codes(''), ['rule.empty-pattern']);
  assert.deepEqual(codes('www.'), ['rule.absolute-name']);
  assert.deepEqual(codes('a..b'), ['name.empty-label']);
  assert.deepEqual(codes('.a'), ['name.empty-label']);
  assert.deepEqual(codes('www.@'), ['rule.apex-in-name']);
  assert.deepEqual(codes('@', 'zone'), ['rule.apex-in-name']);
  assert.deepEqual(codes('**.a.**'), ['rule.two-depths']);
  assert.deepEqual(codes('a*.***'), ['rule.partial-wildcard', 'rule.partial-wildcard']);
  assert.deepEqual(codes('*.1.2.3.4.5.6.7.8'), ['rule.too-many-labels']);
  assert.deepEqual(codes('a\\'), ['name.bad-escape']);
  assert.deepEqual(codes('\\256'), ['name.bad-escape']);
  assert.deepEqual(codes('x'.repeat(64)), ['name.label-too-long']);
  assert.deepEqual(codes('x'.repeat(100_000)), ['name.too-long']);
  assert.deepEqual(codes('straße'), ['name.deviation']);
  assert.deepEqual(codes('.'), ['rule.absolute-name']);
});

test('any name, with its stars escaped, is a pattern of this name and of no other', () => {
  const label = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((octets) => labelText(octets));
  const dangerous = fc.constantFrom('*', '**', '\\@', '\\.', '\\\\', 'a*', '\\000', '\\255', 'xn--4ca');
  const name = fc.array(fc.oneof(label, dangerous), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(name, name, (one, other) => {
      const text = one.join('.').replaceAll('*', String.raw`\*`);
      for (const use of ['zone', 'name'] as const) {
        assert.ok(isFound(text, one.join('.'), use));
        assert.equal(isFound(text, other.join('.'), use), one.join('.') === other.join('.'));
      }
    }),
  );
});

test('any text is a pattern, or has problems', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('*', '.', '\\', '@', 'a', '0', 'ß', 'Ä') }),
  );
  fc.assert(
    fc.property(text, fc.constantFrom<PatternUse>('zone', 'name'), (one, use) => {
      const problems: Problem[] = [];
      assert.equal(readPattern(one, use, problems) === null, problems.length > 0);
    }),
    { numRuns: 2_000 },
  );
});

test('more exact labels count first, then no **, then more *', () => {
  const order = ['a.b.c', '**.b.c', '*.*.c', '**.*.c', '**.c', '*.*.*', '**.*', '**'];
  const ranks = order.map((text) => rankOf(pattern(text)));
  assert.deepEqual(
    ranks,
    ranks.toSorted((one, other) => other - one),
  );
  assert.equal(new Set(ranks).size, order.length);
  assert.equal(rankOf(pattern('a.*')), rankOf(pattern('*.a')));
});

for (const use of ['zone', 'name'] as const) {
  const text = patternText(use);
  const names = namesUpTo(4);

  test(`a tree finds what a look at each ${use} pattern finds`, () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), (texts) => {
        const tree = new PatternTree<number>(use);
        for (const [at, one] of texts.entries()) tree.add(pattern(one, use), at);
        for (const name of names) {
          const meant = [...texts.keys()].filter((at) => isMeant(texts[at]!, name, use));
          assert.deepEqual(
            tree.find(name).toSorted((one, other) => one - other),
            meant,
            name.join('.'),
          );
        }
      }),
    );
  });

  test(`a ${use} pattern that covers another has its names, and two that share a name overlap`, () => {
    let covering = 0;
    fc.assert(
      fc.property(text, text, (one, other) => {
        const [wide, narrow] = [pattern(one, use), pattern(other, use)];
        const within = names.filter((name) => isMeant(other, name, use));
        const shared = within.filter((name) => isMeant(one, name, use));
        if (shared.length > 0) assert.ok(overlapsPattern(wide, narrow) && overlapsPattern(narrow, wide));
        if (!coversPattern(wide, narrow)) return;
        covering += 1;
        assert.equal(shared.length, within.length);
        assert.ok(rankOf(wide) <= rankOf(narrow));
        assert.ok(overlapsPattern(wide, narrow));
      }),
      { numRuns: 5_000 },
    );
    assert.ok(covering > 100, String(covering));
  });
}

test('a pattern covers itself, and ** covers all but the apex', () => {
  fc.assert(
    fc.property(patternText('name'), (text) => {
      const one = pattern(text);
      assert.ok(coversPattern(one, one) && overlapsPattern(one, one));
      assert.equal(coversPattern(pattern('**'), one), text !== '@');
      assert.ok(coversPattern(pattern('**', 'zone'), pattern(text === '@' ? '.' : text, 'zone')));
    }),
  );
});
