import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageOf } from './paging.ts';

function allPages(
  list: readonly string[],
  limit: number,
  between: (page: number) => readonly string[],
): string[] {
  const seen: string[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 100; page += 1) {
    const { items, next } = pageOf(page === 0 ? list : between(page), String, { limit, cursor });
    assert.ok(items.length <= limit);
    seen.push(...items);
    if (next === null) return seen;
    cursor = next;
  }
  throw new Error('no end');
}

const names = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 20 })
  .map((all) => all.sort());

test('all pages together are the list', () => {
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 7 }), (list, limit) => {
      assert.deepEqual(
        allPages(list, limit, () => list),
        list,
      );
    }),
  );
});

test('entries that go between two pages neither shift nor repeat the others', () => {
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 7 }), fc.func(fc.boolean()), (list, limit, stays) => {
      const seen = allPages(list, limit, () => list.filter((name) => stays(name)));
      assert.equal(new Set(seen).size, seen.length);
      for (const name of list) if (stays(name)) assert.ok(seen.includes(name));
    }),
  );
});

test('a cursor that is none is refused', () => {
  for (const cursor of ['%', 'a b', 'QQ==', 'x'.repeat(5)])
    assert.throws(() => pageOf(['a'], String, { cursor }), { status: 400 }, cursor);
});
