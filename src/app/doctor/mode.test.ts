import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../config/settings.ts';
import { checkMode } from './settings.ts';

function settings(mode: string): string {
  return `[isp_master]\nhost = dns.example.net\nusername = x\npassword = y\n[sync]\nmode = ${mode}\n`;
}

test('issue 17, observe: the doctor says that domainsync only observes, and how that ends', () => {
  const [found] = checkMode(readSettings(settings('observe'), 'x.ini'));
  assert.equal(found?.state, 'note');
  assert.match(found.text, /only observes/u);
  assert.deepEqual(checkMode(readSettings(settings('strict'), 'x.ini')), []);
});

test('issue 17, observe: a file with a mistake keeps its mode if that is named without one', () => {
  const modes = [`${settings('observe')}deadline = soon`, settings('neither'), 'garbage'].map((text) => {
    const read = readSettings(text, 'x.ini');
    return read.kind === 'broken' ? read.mode : 'not broken';
  });
  assert.deepEqual(modes, ['observe', null, null]);
});
