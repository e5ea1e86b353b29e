/** Tests fields of the history whose text comes from outside. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShownEntry } from '../../app/answers/history-entries.ts';
import { problem } from '../../dns/problem.ts';
import { parseName } from '../../dns/name.ts';
import { sampleOperation } from '../../testing/contracts/journal.ts';
import { historyText } from './history.ts';
import { entryText } from './operation.ts';

/**
 * Texts that could do harm: they forge lines, move the cursor, change the writing direction or begin a
 * formula.
 */
const hostile = [
  'a\nstate      confirmed',
  'a\r\nb',
  'a\u001b[2K\rb',
  'a\u0085b',
  'a\u009b31mb',
  'a\u2028b',
  'a\u202eb\u2066c',
  '=cmd|x!A1',
];

function call(text: string): ShownEntry {
  return {
    kind: 'call',
    id: 'a-c1',
    edit: 'records',
    zone: parseName('example.org.'),
    outcome: 'panel-only',
    why: ['note.left-pause'],
    actor: text,
    address: text,
    func: text,
    createdAt: 1_700_000_000_000,
    kept: true,
    times: 1,
    items: [],
  };
}

function operation(text: string): ShownEntry {
  const stuck = sampleOperation('0', { state: 'stuck', actor: text, source: text, force: text });
  return {
    ...stuck,
    live: null,
    took: {},
    address: text,
    func: text,
    problems: [problem('central.refused', { text })],
    outcome: 'stuck',
    why: [],
  };
}

test('issue 16, bad input: no field of an entry adds a line to what is shown of it', () => {
  for (const make of [call, operation]) {
    const [lines, rows] = [entryText(make('a')), historyText([make('a')])].map((text) => text.split('\n'));
    for (const text of hostile) {
      const entry = make(text);
      assert.equal(entryText(entry).split('\n').length, lines?.length, JSON.stringify(text));
      assert.equal(historyText([entry]).split('\n').length, rows?.length, JSON.stringify(text));
    }
  }
});
