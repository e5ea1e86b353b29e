import assert from 'node:assert/strict';
import { test } from 'node:test';

import { anchorsOf, citationsOf, linksOf, outsideOf } from './read.ts';

test('issue 15, Words: a heading becomes an anchor', () => {
  assert.deepEqual(
    [...anchorsOf('# A page\n\n### record-form-5\n\n## The engine: `one`, two\n')],
    ['a-page', 'record-form-5', 'the-engine-one-two'],
  );
});

test('issue 15, Words: several anchors of one page are read', () => {
  assert.deepEqual(citationsOf('/** A form (docs/protocol.md#parameters, #record-form-5). */'), [
    { page: 'docs/protocol.md', anchor: 'parameters' },
    { page: 'docs/protocol.md', anchor: 'record-form-5' },
  ]);
});

test('issue 15, Words: documents outside the repository are found, plain words are not', () => {
  assert.deepEqual(outsideOf('(reference 7.4), (see design section 2), by design, a reference to a zone'), [
    'reference 7.4',
    'design section 2',
  ]);
});

test('issue 18, Docs: links into the repository are read, those to hosts and those in code are not', () => {
  const page = [
    '# Page',
    'A [page](docs/page.md#one), an ![image](images/a.png), [here](#page), [out](https://host.example/x).',
    'Code: `[a](b.md)`.',
    '```md',
    '# no heading',
    '[c](d.md)',
    '```',
  ].join('\n');
  assert.deepEqual(linksOf(page), [
    { path: 'docs/page.md', anchor: 'one' },
    { path: 'images/a.png', anchor: null },
    { path: '', anchor: 'page' },
  ]);
  assert.deepEqual([...anchorsOf(page)], ['page']);
});
