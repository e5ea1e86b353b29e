/**
 * Tests of a zone that the central signs. The product shows the data for the registrar. It deletes the zone
 * only if the user repeats the delete.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endProcess, makeStage, until, type Stage } from '../../src/testing/stage/stage.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import { startPowerdns, type Powerdns } from '../../src/testing/servers/powerdns.ts';
import { runProgram } from '../../src/testing/servers/process.ts';
import { settled } from './combinations/scene.ts';

const zone = 'example.org';
let stage: Stage;
let server: Powerdns;

before(async () => {
  server = await startPowerdns();
  stage = await makeStage();
  await stage.install();
  stage.configure({
    kind: 'powerdns',
    host: server.url,
    username: 'alice',
    password: server.apiKey,
    fingerprint: '',
  });
  await until('the first zone', async () => (await stage.atPanel.makeZone(zone)).ok);
  await until('its content at the central', async () => (await dig('www', 'A')).includes('192.0.2.80'));
  assert.equal((await server.call('PUT', `/zones/${zone}.`, { dnssec: true })).status, 204);
});

after(async () => {
  await stage.stop();
  await server.dispose();
});

async function dig(host: string, type: string): Promise<string> {
  const words = ['@127.0.0.1', '-p', String(server.port), '+dnssec', '+noall', '+answer'];
  return await runProgram('dig', [...words, `${host}.${zone}`, type]);
}

async function isAtCentral(): Promise<boolean> {
  return (await server.call('GET', `/zones/${zone}.`)).status === 200;
}

test('domainsync zone shows the DS data that the server has, and that it publishes no CDS', async () => {
  const keys = JSON.parse((await server.call('GET', `/zones/${zone}./cryptokeys`)).text) as {
    ds: string[];
  }[];
  const ds = keys[0]?.ds.find((one) => one.split(' ')[2] === '2') ?? '';
  const shown = await stage.domainsync('zone', zone);
  assert.match(shown, /DNSSEC +signed by the central; DS for the registrar:/);
  assert.ok(shown.includes(`example.org. IN DS ${ds}`), shown);
  assert.match(shown, /CDS +none published/);
  const { signing } = JSON.parse(await stage.domainsync('--json', 'zone', zone)) as { signing: unknown };
  assert.deepEqual(signing, { signed: true, ds: [ds], cds: [] });
});

test('an edit is served with a signature at once', async () => {
  assert.ok((await stage.atPanel.save(zone, address('signed', '192.0.2.7'))).ok);
  const served = await dig('signed', 'A');
  assert.match(served, /\sA\s+192\.0\.2\.7$/mu);
  assert.match(served, /\sRRSIG\s+A 13 3 /u);
});

test('issue 11.11: a domain below it is made once the signed zone delegates it, or at a second yes', async () => {
  const sub = 'sub.example.org';
  const refused = await stage.atPanel.makeZone(sub);
  assert.equal(refused.ok, false);
  assert.match(refused.error?.text ?? '', /records to example\.org: sub\.example\.org\. NS ns1\.[^ ]+\.[ ,]/);
  assert.match(refused.error?.text ?? '', /Nothing was changed\. .*\[zone\.signed-above\]/);
  assert.equal((await server.call('GET', `/zones/${sub}.`)).status, 404);
  const ns = { name: 'sub', type: 'NS', value: 'ns1.provider.example.net.', numbers: [] } as const;
  assert.ok((await stage.atPanel.save(zone, ns)).ok);
  const made = await stage.atPanel.makeZone(sub);
  assert.ok(made.ok, made.error?.text);
  // The NSEC record that proves the absence of a DS record must list the type NS. Otherwise validators take
  // the zone for forged, not for unsigned (RFC 4035 section 5.2).
  const proof = ['@127.0.0.1', '-p', String(server.port), '+dnssec', '+noall', '+authority', sub, 'DS'];
  assert.match(await runProgram('dig', proof), /sub\.example\.org\.\s.*\sNSEC\s.*\sNS\s/u);
  const other = 'other.example.org';
  assert.equal((await stage.atPanel.makeZone(other)).ok, false);
  // For three seconds, a repetition counts as the same click and is refused again.
  await until('the second yes', async () => (await stage.atPanel.makeZone(other)).ok);
  for (const gone of [sub, other]) assert.ok((await stage.atPanel.dropZone(gone)).ok);
});

test('issue 17, dnssec: a signed zone that the panel has lost is deleted by a push that says so', async () => {
  const lost = 'lost.example.net';
  assert.ok((await stage.atPanel.makeZone(lost)).ok);
  await settled(stage);
  assert.equal((await server.call('PUT', `/zones/${lost}.`, { dnssec: true })).status, 204);
  await stage.domainsync('pause');
  assert.ok((await stage.atPanel.dropZone(lost)).ok);
  await stage.domainsync('resume');
  await until('it is listed', async () => {
    return /lost\.example\.net .*signed/u.test(await stage.domainsync('zones'));
  });
  const push = ['push', lost, '--delete', '--yes'] as const;
  await assert.rejects(stage.domainsync(...push), /give --despite-dnssec/u);
  assert.equal((await server.call('GET', `/zones/${lost}.`)).status, 200);
  await stage.domainsync(...push, '--despite-dnssec');
  assert.equal((await server.call('GET', `/zones/${lost}.`)).status, 404);
});

test('the first delete is refused, also after a restart of the agent the second goes through', async () => {
  let said = '';
  // Right after its start, the agent refuses every edit until it has read the panel.
  await until('the panel to be read', async () => {
    const refused = await stage.atPanel.dropZone(zone);
    assert.equal(refused.ok, false);
    said = refused.error?.text ?? '';
    return !said.includes('panel.not-read-yet');
  });
  assert.match(said, /signed \(DNSSEC\).*15 minutes\. Nothing was changed\. .*\[zone\.signed-delete\]/);
  assert.ok(stage.panel.zones().includes(zone) && (await isAtCentral()));
  const pid = await stage.agent();
  assert.ok(pid !== null);
  await endProcess(pid);
  assert.match(await stage.domainsync('zone', zone), /DNSSEC +signed by the central/, 'without an agent');
  // For three seconds, a repetition counts as the same click and is refused again.
  await until('the second yes', async () => (await stage.atPanel.dropZone(zone)).ok);
  assert.equal(stage.panel.zones().includes(zone), false);
  await until('the zone to go at the central', async () => !(await isAtCentral()));
});
