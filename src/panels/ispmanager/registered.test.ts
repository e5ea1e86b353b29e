import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml } from '../../testing/parse-xml.ts';
import { ispmanager5 } from './ispmanager5.ts';
import { readRegistered } from './registered.ts';

const edits = ['domain.edit', 'domain.delete', 'domain.record.edit', 'domain.record.delete'];

function list(rows: readonly string[]): ReturnType<typeof readRegistered> {
  return readRegistered(parseXml(`<doc><banner/>${rows.join('')}</doc>`), ispmanager5.functions);
}

test('issue 12.20: our handlers are found whatever the columns of eventlist are called', () => {
  const shapes = [
    (func: string) => `<elem><name>${func}</name><handler>domainsync</handler></elem>`,
    (func: string) => `<elem><event>before</event><x>addon/domainsync_after ${func}</x></elem>`,
    (func: string) => `<elem action="${func}"><plugin name="domainsync"/></elem>`,
  ];
  for (const shape of shapes)
    assert.deepEqual(list(edits.map(shape)), { missing: [], namesUs: true }, shape('domain.edit'));
});

test('issue 12.20: what is missing is named; another handler, or part of a name, is not ours', () => {
  const own = (func: string): string => `<elem><a>${func}</a><b>domainsync</b></elem>`;
  assert.deepEqual(list(edits.slice(1).map(own)), { missing: ['domain.edit'], namesUs: true });
  // A function has to occur as a whole word: `domain.edit.one` is not `domain.edit`.
  assert.deepEqual(list([own('domain.edit.one'), ...edits.slice(1).map(own)]).missing, ['domain.edit']);
  const others = edits.map((func) => `<elem><a>${func}</a><b>domainsync2</b></elem>`);
  assert.deepEqual(list(others), { missing: edits, namesUs: false });
  assert.deepEqual(list([]), { missing: edits, namesUs: false });
});
