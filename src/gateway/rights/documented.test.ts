import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { labels, parseName, zoneName } from '../../dns/name.ts';
import type { Problem } from '../../dns/problem.ts';
import { exampleIn, pageOf } from '../../testing/docs-examples.ts';
import { explainRight } from './decide.ts';
import { PatternTree, readPattern, type PatternUse } from './pattern.ts';
import { ruleFor, ruleSchema, verbs, type Rule } from './rule.ts';
import { tokenPattern } from './token.ts';

const page = 'gateway-rights.md';
const zone = zoneName('example.org');

/** The cells of the rows of a table, by the heading of its first column. */
function tableOf(heading: string): readonly (readonly string[])[] {
  const lines = pageOf(page).split('\n');
  const first = lines.findIndex((line) => line.startsWith(`| ${heading} `));
  assert.notEqual(first, -1, heading);
  const rows = lines.slice(first + 2);
  const found = rows.slice(
    0,
    rows.findIndex((line) => !line.startsWith('|')),
  );
  return found.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/gu)].map(([, code = '']) => code);
}

test('the page has the pattern for secret scanners', () => {
  assert.equal(exampleIn(page, 'dsg_').trim(), tokenPattern.source);
});

test('the example of the page decides as its table says', () => {
  const rights = v.parse(
    v.strictObject({
      rules: v.array(ruleSchema),
      createZones: v.array(v.string()),
      deleteZones: v.array(v.string()),
      protectedTypes: v.array(v.string()),
    }),
    JSON.parse(exampleIn(page, '"rules"')),
  );
  const rows = tableOf('what');
  assert.equal(rows.length, 9);
  for (const [what = '', answer, why = ''] of rows) {
    const [, verbText, nameText = '', type = ''] = /^`(\w+)` of `(\S+)` (\w+)$/u.exec(what) ?? [];
    const verb = v.parse(v.picklist(verbs), verbText);
    const of = nameText.endsWith('example.net') ? zoneName('example.net') : zone;
    const told = explainRight(rights, of, parseName(`${nameText}.`), type, verb);
    assert.equal(told.allowed ? 'allowed' : 'denied', answer, what);
    const number = ['first rule', 'second rule', 'third rule', 'fourth rule'].indexOf(
      /^\w+ \w+/u.exec(why)?.[0] ?? '',
    );
    if (number === -1) assert.equal(told.reason, 'type.protected', what);
    else assert.equal(told.rule, rights.rules[number], what);
  }
});

test('the rules of the precedence table stand in their order', () => {
  const rules = tableOf('zone').map((cells): Rule => {
    const [zoneText = '', name = '', types = ''] = cells.flatMap(codesIn);
    return { zone: zoneText, name, types: types === '"*"' ? '*' : ['A'], allow: [] };
  });
  assert.equal(rules.length, 8);
  for (const at of rules.keys())
    assert.equal(ruleFor(rules.slice(at).toReversed(), zone, parseName('www', zone), 'A'), rules[at]);
});

test('patterns of the page stand for no name of the last column', () => {
  for (const [heading = '', , not = ''] of tableOf('pattern')) {
    const [text = ''] = codesIn(heading);
    for (const use of ['zone', 'name'] as const satisfies readonly PatternUse[]) {
      if (use === 'zone' && (text === '@' || not === '')) continue;
      const problems: Problem[] = [];
      const pattern = readPattern(text, use, problems);
      assert.ok(pattern !== null, JSON.stringify(problems));
      const tree = new PatternTree<string>(use);
      tree.add(pattern, text);
      for (const name of codesIn(not))
        assert.deepEqual(tree.find(labels(zoneName(name))), [], `${text} ${name}`);
    }
  }
});
