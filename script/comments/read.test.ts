import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commentsOf, longLines, sentencesOf, wordsIn } from './read.ts';

const source = `#!/usr/bin/env node
/** One line. */
const a = 1; // behind code
/**
 * Two sentences: the first.
 * The second, with \`code. Not cut\`
 * at its end.
 *
 * - an item
 * @param b what it is @throws {Error} always
 */
// Lines that
// follow each other.
const b = 2;
`;

test('comments are found with their lines', () => {
  const found = commentsOf(source, '//');
  assert.deepEqual(
    found.map(({ line, lines }) => [line, lines.length]),
    [
      [2, 1],
      [4, 8],
      [12, 2],
    ],
  );
  assert.deepEqual(found[0]?.text, ['One line.']);
  assert.deepEqual(found[2]?.text, ['Lines that', 'follow each other.']);
});

test('a sentence ends at a point, a tag, an item of a list', () => {
  const [, block] = commentsOf(source, '//');
  assert.ok(block !== undefined);
  assert.deepEqual(
    sentencesOf({ ...block, text: block.text.map((line) => line.replace('code. Not cut', 'code')) }),
    [
      'Two sentences: the first.',
      'The second, with `code` at its end.',
      '- an item',
      '@param b what it is',
      '@throws {Error} always',
    ],
  );
});

test('words: code is one, a citation none', () => {
  assert.equal(wordsIn('Reads `a b c` as RFC 1035 says (RFC 1035 section 3).'), 6);
  assert.equal(wordsIn('@param zone of {@link Zone that is} – or not'), 5);
});

test('a line is too long where it could be broken', () => {
  const [one] = commentsOf(`// ${'word '.repeat(30)}`, '//');
  const [address] = commentsOf(`// https://${'a'.repeat(150)}`, '//');
  assert.ok(one !== undefined && address !== undefined);
  assert.deepEqual([longLines(one, 110), longLines(address, 110)], [[1], []]);
});

test('shell scripts: the first line is no comment', () => {
  assert.deepEqual(
    commentsOf('#!/bin/sh\n# Says it.\nset -e\n', '#').map(({ text }) => text),
    [['Says it.']],
  );
});
