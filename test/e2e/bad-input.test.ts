/** Whole flows through the customer's panel that end in a clear message and change nothing on either side. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { endProcess, makeStage, until, type Stage } from '../../demo/stage.ts';
import { leaks } from '../../demo/secrets.ts';
import { pathsOf } from '../../src/app/paths.ts';
import type { Answer } from '../../sandbox/index.ts';

const zone = 'example.org';
let stage: Stage;

before(async () => {
  stage = await makeStage();
  const form = { elid: '', name: zone, ip: '192.0.2.1', sok: 'ok' };
  assert.ok((await stage.provider('domain.edit', form)).ok);
  assert.ok((await stage.customer('domain.edit', form)).ok);
  await stage.install();
  stage.configure();
  await save({ name: 'www', sdtype: 'A', addr: '192.0.2.99' });
  await until('the first comparison', async () =>
    /zones +1 joined/.test(await stage.domainsync('status').catch(String)),
  );
  await until('an edit', async () => (await save({ name: 'first', sdtype: 'A', addr: '192.0.2.2' })).ok);
});

after(() => stage.stop());

function save(form: Readonly<Record<string, string>>): Promise<Answer> {
  return stage.customer('domain.sublist.edit', { plid: zone, elid: '', ...form, sok: 'ok' });
}

/** The edit is refused with these words, and both sides are as they were. */
async function refused(form: Readonly<Record<string, string>>, words: RegExp): Promise<string> {
  const sides = (): unknown => [stage.panel.records(zone), stage.central.records(zone)];
  const before = sides();
  const answer = await save(form);
  assert.equal(answer.ok, false, answer.body);
  assert.match(answer.error?.text ?? answer.body, words);
  assert.deepEqual(sides(), before);
  return answer.error?.text ?? '';
}

const a = { name: 'bad', sdtype: 'A', addr: '192.0.2.3' };

test('bad data', async () => {
  const long = 'x'.repeat(64);
  await refused({ ...a, name: `${long}.y` }, /63/);
  await refused({ ...a, name: `${'abcdefgh.'.repeat(28)}x` }, /255/);
  await refused({ ...a, name: 'www.example.net.' }, /not in the domain/);
  await refused({ ...a, name: 'a..b' }, /empty part/);
  await refused({ ...a, addr: '192.0.2.300' }, /not an IPv4 address/);
  await refused({ name: 'bad', sdtype: 'AAAA', addr: '192.0.2.3' }, /not an IPv6 address/);
  await refused({ name: 'bad', sdtype: 'NOPE', addr: 'x' }, /NOPE/);
  await refused({ name: 'bad', sdtype: 'MX', addr: 'mail', prio: '99999' }, /whole number/);
  await refused({ name: 'bad', sdtype: 'TXT', addr: 'x'.repeat(66_000) }, /too long/);
  await refused({ name: 'straße', sdtype: 'A', addr: '192.0.2.3' }, /punycode/);
});

test('a CNAME beside other data', async () => {
  await refused({ name: 'www', sdtype: 'CNAME', addr: 'elsewhere.example.net.' }, /cannot stand beside/);
});

test('odd but right data arrive unharmed', async () => {
  const odd: Record<string, string>[] = [
    { name: '*', sdtype: 'A', addr: '192.0.2.4' },
    { name: 'deep.er.and.deep.er', sdtype: 'AAAA', addr: '2001:DB8:0:0:0:0:0:1' },
    { name: '_dmarc', sdtype: 'TXT', addr: 'v=DMARC1; p=none, "x" \\ y' },
    { name: 'long', sdtype: 'TXT', addr: `k=${'abc, '.repeat(120)}end` },
    { name: '_sip._tcp', sdtype: 'SRV', addr: 'sip.example.org.', prio: '10', wght: '5', port: '5060' },
    { name: 'bücher', sdtype: 'CNAME', addr: 'example.org.' },
  ];
  for (const form of odd) {
    const answer = await save(form);
    assert.ok(answer.ok, `${form['name']}: ${answer.body}`);
  }
  const both = (rows: ReturnType<Stage['panel']['records']>): string[] =>
    (rows ?? []).map((row) => JSON.stringify(row).toLowerCase().replace(':0:0:0:0:0:', '::')).sort();
  assert.deepEqual(both(stage.central.records(zone)), both(stage.panel.records(zone)));
});

test("the central's own troubles", async () => {
  const { faults } = stage.central;
  faults.add({ effect: 'bad-gateway', count: 1 });
  await refused(a, /not a valid answer|cannot be reached/);
  faults.add({ func: 'domain.sublist', effect: 'cut', at: 0.6, count: 1 });
  await refused(a, /not a valid answer|only a part/);
  faults.clear();
  await until('the breaker to close', async () => (await save({ ...a, name: 'closed' })).ok);
  faults.add({ func: 'domain.sublist.edit', effect: 'refuse', code: 5, val: 'records' });
  await refused(a, /limit/i);
});

test('an answer lost after the change: the edit counts, on both sides', async () => {
  stage.central.faults.add({ func: 'domain.sublist.edit', effect: 'lost' });
  const answer = await save({ ...a, name: 'lost' });
  assert.ok(answer.ok, answer.body);
  assert.ok(stage.central.keys(zone)?.some((key) => key.startsWith('lost A')));
});

test('two edits of one name at once: each counts', async () => {
  const addresses = ['192.0.2.31', '192.0.2.32', '192.0.2.33'];
  const answers = await Promise.all(addresses.map((addr) => save({ name: 'twice', sdtype: 'A', addr })));
  for (const answer of answers) assert.ok(answer.ok, answer.body);
  for (const side of [stage.panel, stage.central]) {
    const keys = (side.keys(zone) ?? []).filter((key) => key.startsWith('twice A'));
    assert.equal(keys.length, 3);
  }
});

test('a group delete goes as a whole', async () => {
  const keys = (stage.panel.keys(zone) ?? []).filter((key) => key.startsWith('twice A'));
  const answer = await stage.customer('domain.sublist.delete', { plid: zone, elid: keys.join(', ') });
  assert.ok(answer.ok, answer.body);
  for (const side of [stage.panel, stage.central])
    assert.equal(
      (side.keys(zone) ?? []).some((key) => key.startsWith('twice')),
      false,
    );
});

test('a text that would forge parameters is only a text', async () => {
  const text = 'x\n&sok=&func=domain.delete&elid=example.org';
  await save({ name: 'forge', sdtype: 'TXT', addr: text });
  assert.ok(stage.panel.zones().includes(zone) && stage.central.zones().includes(zone));
});

test('another certificate at the central is refused, not trusted', async () => {
  await stage.central.changeCertificate();
  await refused(a, /certificate/);
  stage.configure({ fingerprint: stage.central.fingerprint });
  await until('the new settings', async () => (await save({ ...a, name: 'trusted' })).ok, 30_000);
});

test('a broken settings file: what runs goes on; what starts refuses with every mistake', async () => {
  const path = join(stage.directory, 'panel/etc/domainsync.ini');
  const sound = readFileSync(path);
  writeFileSync(path, `${sound.toString()}\nnonsense\n[log]\nlevel = loud\n`);
  const goesOn = await save({ ...a, name: 'goes-on' });
  assert.ok(goesOn.ok, goesOn.body);
  const pid = await stage.agent();
  assert.ok(pid !== null);
  await endProcess(pid);
  const text = await refused(a, /neither a \[section\]/);
  assert.match(text, /whole number from 1 to 9/);
  writeFileSync(path, sound);
  await until('edits again', async () => (await save({ ...a, name: 'sound' })).ok);
});

test('a wrong password: refused at once, and not tried again and again', async () => {
  const pid = await stage.agent();
  assert.ok(pid !== null);
  await endProcess(pid);
  stage.configure({ password: 'wrong' });
  await refused(a, /user name or password/);
  const asked = stage.central.requests.length;
  for (let at = 0; at < 5; at += 1) await refused(a, /user name or password|refused the login/);
  assert.ok(stage.central.requests.length - asked <= 1, 'the login was tried again');
  stage.configure();
  await until('edits again', async () => (await save({ ...a, name: 'right' })).ok, 30_000);
});

test('an unreadable journal: refused with its path; removed by a person, it starts anew', async () => {
  const pid = await stage.agent();
  assert.ok(pid !== null);
  await endProcess(pid);
  const { state } = pathsOf(join(stage.directory, 'panel'));
  const journals = readdirSync(state).filter((name) => name.endsWith('.db'));
  assert.equal(journals.length, 1);
  for (const name of journals) writeFileSync(join(state, name), Buffer.alloc(9_000, 7));
  await refused(a, /journal of domainsync is damaged \(.*\.db\)/);
  for (const name of readdirSync(state)) if (name.includes('.db')) rmSync(join(state, name));
  await endProcess((await stage.agent()) ?? pid);
  await until('edits again', async () => (await save({ ...a, name: 'anew' })).ok, 30_000);
});

test('no secret is in anything that was written', async () => {
  assert.deepEqual(await leaks(stage), []);
});
