/**
 * Tests of input that the customer's panel must refuse with a clear message, so that neither side changes.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  account,
  customer,
  endProcess,
  makeStage,
  until,
  type Stage,
} from '../../src/testing/stage/stage.ts';
import { leaks } from '../../src/testing/stage/secrets.ts';
import { address, holds, type Wanted } from '../../src/testing/stage/panel-words.ts';
import { pathsOf } from '../../src/app/paths.ts';
import type { Answer } from '../../sandbox/index.ts';
import { settled } from './combinations/scene.ts';

const zone = 'example.org';
const a = address('bad', '192.0.2.3');
let stage: Stage;
/** The texts of all answers of the panel so far. At the end, a test searches them for secrets. */
const answers: string[] = [];

async function save(record: Wanted, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const answer = await stage.atPanel.save(zone, record, more);
  answers.push(answer.body);
  return answer;
}

/**
 * Asserts that the edit is refused, and that the text matches `words` and has the form of the panel's
 * generation. Neither side may change.
 */
async function refused(
  record: Wanted,
  words: RegExp,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const sides = (): unknown => [stage.panel.records(zone), stage.central.records(zone)];
  const unchanged = sides();
  const answer = await save(record, more);
  assert.equal(answer.ok, false, answer.body);
  assert.match(answer.error?.text ?? answer.body, words);
  assert.match(
    answer.body,
    stage.atPanel.words.hasTtl ? /<error type="\w+" object="\w*".*<msg>/su : /<error code="\d"/u,
  );
  assert.deepEqual(sides(), unchanged);
  return answer.error?.text ?? '';
}

async function killAgent(): Promise<number> {
  const pid = await stage.agent();
  assert.ok(pid !== null);
  await endProcess(pid);
  return pid;
}

function settingsFile(): string {
  return join(stage.panel.root, 'etc/domainsync.ini');
}

function testBadData(): void {
  test('bad data', async () => {
    const long = 'x'.repeat(64);
    await refused({ ...a, name: `${long}.y` }, /63/);
    await refused({ ...a, name: `${'abcdefgh.'.repeat(28)}x` }, /255/);
    await refused({ ...a, name: 'www.example.net.' }, /not in the domain/);
    await refused({ ...a, name: 'a..b' }, /empty part/);
    await refused({ ...a, value: '192.0.2.300' }, /not an IPv4 address/);
    await refused({ name: 'bad', type: 'AAAA', value: '192.0.2.3' }, /not an IPv6 address/);
    await refused({ name: 'bad', type: 'NOPE', value: 'x' }, /NOPE/i);
    await refused({ name: 'bad', type: 'MX', value: 'mail', numbers: [99_999] }, /whole number/);
    await refused({ name: 'bad', type: 'TXT', value: 'x'.repeat(66_000) }, /too long/);
    await refused({ name: 'straße', type: 'A', value: '192.0.2.3' }, /punycode/);
  });

  test('bad data of the later generation', async () => {
    if (!stage.atPanel.words.hasTtl) {
      assert.equal(stage.atPanel.words.types.has('CAA'), false);
      return;
    }
    for (const ttl of ['-1', '4294967296', 'long']) {
      assert.match((await save(a, { ttl })).error?.text ?? '', /ttl/i);
      await until(
        'neither side to have it',
        () => !holds(stage.panel, zone, a) && !holds(stage.central, zone, a),
      );
    }
    await refused({ name: 'bad', type: 'CAA', value: '256 issue ca.example.net' }, /./);
    await refused({ name: 'bad', type: 'CAA', value: '0 no-such-tag! ca.example.net' }, /./);
    await refused({ name: 'bad', type: 'TLSA', value: '3 1 1 xyz' }, /./);
    await refused({ name: 'bad', type: 'DS', value: '1 8 2 123' }, /./);
  });

  test('a CNAME beside other data', async () => {
    assert.ok((await save(address('beside', '192.0.2.5'))).ok);
    await refused({ name: 'beside', type: 'CNAME', value: 'elsewhere.example.net.' }, /cannot stand beside/);
  });

  test('odd but right data arrive unharmed', async () => {
    const odd: readonly Wanted[] = [
      { name: '*', type: 'A', value: '192.0.2.4' },
      { name: 'deep.er.and.deep.er', type: 'AAAA', value: '2001:DB8:0:0:0:0:0:1' },
      { name: '_dmarc', type: 'TXT', value: 'v=DMARC1; p=none, "x" \\ y' },
      { name: 'long', type: 'TXT', value: `k=${'abc, '.repeat(120)}end` },
      { name: '_sip._tcp', type: 'SRV', value: 'sip.example.org.', numbers: [10, 5, 5060] },
      { name: 'bücher', type: 'CNAME', value: 'example.org.' },
    ];
    for (const record of odd) {
      const answer = await save(record);
      assert.ok(answer.ok, `${record.name}: ${answer.body}`);
      const punycode = record.name === 'bücher' ? { ...record, name: 'xn--bcher-kva' } : record;
      assert.ok(holds(stage.panel, zone, punycode) && holds(stage.central, zone, punycode), record.name);
    }
  });

  test('two edits of one name at once: each counts', async () => {
    const twice = ['192.0.2.31', '192.0.2.32', '192.0.2.33'].map((ip) => address('twice', ip));
    for (const answer of await Promise.all(twice.map((record) => save(record))))
      assert.ok(answer.ok, answer.body);
    for (const side of [stage.panel, stage.central])
      assert.ok(twice.every((record) => holds(side, zone, record)));
    const gone = await stage.atPanel.remove(zone, ...twice);
    assert.ok(gone.ok, gone.body);
    for (const side of [stage.panel, stage.central])
      assert.ok(!twice.some((record) => holds(side, zone, record)));
  });

  test('a text that would forge parameters is only a text', async () => {
    await save({ name: 'forge', type: 'TXT', value: 'x\n&sok=&func=domain.delete&elid=example.org' });
    assert.ok(stage.panel.zones().includes(zone) && stage.central.zones().includes(zone));
  });
}

function testTroubles(): void {
  test("the central's own troubles", async () => {
    const { faults } = stage.central;
    const { list, save: func } = stage.atCentral.words;
    // If a background call failed too, the breaker would open, which refuses edits in other words. So no
    // operation may be open.
    await settled(stage);
    // Every call fails, so that the adapter's second try of a read fails too.
    faults.add({ effect: 'bad-gateway', count: null });
    await refused(a, /not a valid answer|cannot be reached/);
    faults.clear();
    const closed = async (name: string): Promise<boolean> => (await save({ ...a, name })).ok;
    await until('the breaker to close', () => closed('closed'));
    await settled(stage);
    faults.add({ func: list, effect: 'cut', at: 0.6, count: null });
    await refused(a, /not a valid answer|only a part/);
    faults.clear();
    await until('the breaker to close again', () => closed('closed-again'));
    faults.add({ func, effect: 'refuse', code: 5, val: 'records' });
    await refused(a, /limit/i);
  });

  test('an answer lost after the change: the edit counts, on both sides', async () => {
    stage.central.faults.add({ func: stage.atCentral.words.save, effect: 'lost' });
    const answer = await save({ ...a, name: 'lost' });
    assert.ok(answer.ok, answer.body);
    assert.ok(holds(stage.central, zone, { ...a, name: 'lost' }));
  });

  test('another certificate at the central is refused, not trusted', async () => {
    await settled(stage);
    await stage.central.changeCertificate();
    await refused(a, /certificate/);
    stage.configure({ fingerprint: stage.central.fingerprint });
    await until('the new settings', async () => (await save({ ...a, name: 'trusted' })).ok);
  });

  test('a wrong password: refused at once, and not tried again and again', async () => {
    await killAgent();
    stage.configure({ password: 'wrong' });
    await refused(a, /user name or password/);
    const asked = stage.central.requests.length;
    for (let at = 0; at < 5; at += 1) await refused(a, /user name or password|refused the login/);
    assert.ok(stage.central.requests.length - asked <= 1, 'the login was tried again');
    stage.configure();
    await until('edits again', async () => (await save({ ...a, name: 'right' })).ok);
  });
}

function testBrokenSettings(): void {
  test('a broken settings file: refused with the code of every mistake, by an agent that runs and by one that starts', async () => {
    const sound = readFileSync(settingsFile());
    writeFileSync(settingsFile(), `${sound.toString()}\nnonsense\n[log]\nlevel = loud\n`);
    // Issue 11.12: after a change of the settings file, no edit uses the old settings.
    const codes = /Ask the administrator\. \[.*settings\.not-an-option.*settings\.bad-number\]/u;
    assert.match(await refused(a, /cannot be used/), codes);
    await killAgent();
    // Issue 15: the user is no administrator, so the text does not say where the file is.
    assert.match(await refused(a, codes), /^(?!.*\.ini)/u);
    writeFileSync(settingsFile(), sound);
    await until('edits again', async () => (await save({ ...a, name: 'sound' })).ok);
  });

  test('an unreadable journal: refused, without its path; removed by a person, it starts anew', async () => {
    const pid = await killAgent();
    const { state } = pathsOf(stage.panel.root);
    const journals = readdirSync(state).filter((name) => name.endsWith('.db'));
    assert.equal(journals.length, 1);
    for (const name of journals) writeFileSync(join(state, name), Buffer.alloc(9_000, 7));
    await refused(a, /journal of domainsync is damaged\./);
    for (const name of readdirSync(state)) if (name.includes('.db')) rmSync(join(state, name));
    await endProcess((await stage.agent()) ?? pid);
    await until('edits again', async () => (await save({ ...a, name: 'anew' })).ok);
  });
}

/** The command lines of all running processes. */
function processList(): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/u.test(name));
  return pids.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch (error) {
      // The process has ended since the folder was read.
      if (error instanceof Error && 'code' in error) return '';
      throw error;
    }
  });
}

function testSecrets(): void {
  const secrets = [account, customer].flatMap(({ password }) => [password, encodeURIComponent(password)]);

  test('no secret is in the process list, whatever is called for an edit', async () => {
    stage.central.faults.add({ func: stage.atCentral.words.save, effect: 'delay-after', ms: 500 });
    const seen = new Set<string>();
    let isDone = false;
    const editing = save({ ...a, name: 'watched' }).finally(() => (isDone = true));
    await until('the edit to be over', () => {
      for (const line of processList()) seen.add(line);
      return isDone;
    });
    assert.ok((await editing).ok);
    assert.ok([...seen].some((line) => line.includes('agent.cjs')));
    assert.deepEqual(
      [...seen].filter((line) => secrets.some((secret) => line.includes(secret))),
      [],
    );
  });

  test('no secret is in anything that was written or answered', async () => {
    assert.deepEqual(await leaks(stage), []);
    assert.ok(answers.length > 30);
    const leaked = answers.filter((body) => secrets.some((secret) => body.includes(secret)));
    assert.deepEqual(leaked, []);
  });
}

for (const combination of [
  { panel: 'v4', central: 'v4' },
  { panel: 'v6', central: 'dnsmgr' },
] as const) {
  describe(`${combination.panel} to ${combination.central}`, () => {
    before(async () => {
      stage = await makeStage(combination);
      assert.ok((await stage.atCentral.makeZone(zone)).ok);
      assert.ok((await stage.atPanel.makeZone(zone)).ok);
      await stage.install();
      stage.configure();
      await until('an edit', async () => (await save(address('first', '192.0.2.2'))).ok);
    });
    after(() => stage.stop());
    testBadData();
    testTroubles();
    testBrokenSettings();
    testSecrets();
  });
}
