/**
 * Tests of the demo with the command that users run. The tests of combinations play the demo for every pair
 * of panel and central.
 */
import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingFor, serverKinds } from '../../src/testing/stage/server-registry.ts';

const program = join(import.meta.dirname, '../../demo/main.ts');

function demo(...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', timeout: 900_000 });
}

/** Each of the old zones costs processes of the stand-in panel, so there are few of them here. */
const few = ['--old', '25'] as const;

for (const [panel, central] of [
  ['6', 'dnsmanager'],
  ['5', '4'],
  ['4', '4'],
] as const) {
  test(`the demo keeps all its promises: ${panel} to ${central}`, () => {
    const { status, stdout, stderr } = demo('--panel', panel, '--central', central, ...few);
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /promises checked, all kept\./);
  });
}

for (const central of serverKinds) {
  test(`the demo keeps all its promises: 6 to ${central}`, { skip: missingFor(central) }, () => {
    const { status, stdout, stderr } = demo('--central', central, ...few);
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(
      stdout,
      /before  NXDOMAIN \(no such name\)\n.*after   \S+ 3600 A 192\.0\.2\.100   \([\d.]+ ms after the panel's answer\)/u,
    );
    assert.match(stdout, /promises checked, all kept\./);
  });
}

for (const backend of ['powerdns', 'bind', 'knot'] as const) {
  const skip = missingFor(backend);
  test(`issue 20: the demo of the gateway keeps all its promises: ${backend}`, { skip }, () => {
    const { status, stdout, stderr } = demo('--gateway', '--backend', backend);
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /3\d promises checked, all kept\./u);
  });
}

test('wrong usage is said, with what there is', () => {
  const wrong = [
    ['--foo'],
    ['--panel', '7'],
    ['--panel', 'dnsmanager'],
    ['--central', '4x'],
    ['--panel'],
    ['--old', '0'],
    ['now'],
    ['--gateway', '--backend', 'nsd'],
    ['--backend', 'powerdns'],
  ];
  for (const args of wrong) {
    const { status, stdout, stderr } = demo(...args);
    assert.equal(status, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /^script\/demo: .+\nusage: script\/demo \[--panel 4\|5\|6\] \[--central 4\|5\|6\|dnsmanager\|bind\|knot\|powerdns\|gateway\|gateway-bind\|gateway-knot\] \[--old N\] \[--stay\]\n {7}script\/demo --gateway \[--backend powerdns\|bind\|knot\] \[--stay\]\n$/u,
    );
  }
});
