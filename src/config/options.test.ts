/**
 * Issue 15: tests the one table of options, which reading, checks, the form, docs/settings.md and the JSON
 * schema use.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as v from 'valibot';
import { options } from './options.ts';
import type { Option } from './option-table.ts';
import { readSettings } from './settings.ts';

const docs = join(import.meta.dirname, '../../docs');

/** Codes of the problems of a settings file in which this option has this value. */
function wrong({ section, option }: Option, value: string): readonly string[] {
  const required: Readonly<Record<string, string>> = {
    host: 'dns.example.net',
    username: 'x',
    password: 'y',
  };
  const given = new Map(Object.entries(required).map(([name, one]) => [`isp_master.${name}`, one]));
  given.set(`${section}.${option}`, value);
  const lines = [...given].flatMap(([key, one]) => {
    const [where = '', name = ''] = key.split('.');
    return [`[${where}]`, `${name} = ${one}`];
  });
  const read = readSettings(lines.join('\n'), 'x.ini');
  return read.kind === 'broken' ? read.problems.map(({ code }) => code) : [];
}

const valueSchema = v.object({
  minimum: v.optional(v.number()),
  maximum: v.optional(v.number()),
  enum: v.optional(v.array(v.string())),
  default: v.union([v.string(), v.number()]),
});
const schema = v.object({
  properties: v.record(v.string(), v.object({ properties: v.record(v.string(), valueSchema) })),
});

test('issue 15: what the JSON schema and docs/settings.md say of an option is what the reader takes', () => {
  const { properties } = v.parse(
    schema,
    JSON.parse(readFileSync(join(docs, 'settings.schema.json'), 'utf8')),
  );
  const pages = ['settings.md', 'settings.ru.md'].map((name) => readFileSync(join(docs, name), 'utf8'));
  for (const option of options) {
    const said = properties[option.section]?.properties[option.option];
    assert.ok(said !== undefined, option.option);
    assert.equal(String(said.default), option.fallback);
    for (const page of pages) assert.ok(page.includes(`\n- \`${option.option}\` (`), option.option);
    for (const one of said.enum ?? []) {
      const other = one === 'rfc2136' ? [] : wrong(option, one);
      assert.deepEqual(other, [], `${option.option} = ${one}`);
    }
    if (said.enum !== undefined) assert.deepEqual(wrong(option, 'neither'), ['settings.bad-choice']);
    if (said.minimum === undefined || said.maximum === undefined) continue;
    for (const fits of [said.minimum, said.maximum]) assert.deepEqual(wrong(option, String(fits)), []);
    for (const not of [said.minimum - 1, said.maximum + 1, '1.5', 'many'])
      assert.deepEqual(wrong(option, String(not)), ['settings.bad-number'], `${option.option} = ${not}`);
  }
});

test('issue 15: several mistakes are told at once, each with its line', () => {
  const text = [
    '[isp_master]',
    'host = dns.example.net',
    'username = x',
    'password = y',
    'login = magic',
    '[verify]',
    'servers = ns1.example.net, a b@c, [::1',
    '[sync]',
    'grace = soon',
  ].join('\n');
  const read = readSettings(text, 'x.ini');
  assert.ok(read.kind === 'broken');
  assert.deepEqual(
    read.problems.map(({ code, params }) => [code, params['option'], params['line']]),
    [
      ['settings.bad-choice', 'login', '5'],
      ['settings.bad-address', 'servers', '7'],
      ['settings.bad-address', 'servers', '7'],
      ['settings.bad-number', 'grace', '9'],
    ],
  );
});
