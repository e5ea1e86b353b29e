/** Tests of one panel with two centrals, PowerDNS and BIND. Either both have an edit or neither has it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeStage, until, type Stage } from '../../src/testing/stage/stage.ts';
import { address, holds } from '../../src/testing/stage/panel-words.ts';
import type { StatusReport } from '../../src/app/control/protocol.ts';
import { saveSettings } from '../../src/config/settings.ts';
import { parseName } from '../../src/dns/name.ts';
import { startDnsProxy, type DnsProxy } from '../../src/testing/proxies/dns.ts';
import { makeKey, type NameServer } from '../../src/testing/servers/name-server.ts';
import { startNamed } from '../../src/testing/servers/named.ts';
import { startPowerdns, type Powerdns } from '../../src/testing/servers/powerdns.ts';
import { runProgram } from '../../src/testing/servers/process.ts';
import { withoutBefore } from './combinations/ways.ts';

const zone = 'example.org';
const key = makeKey();
let stage: Stage;
let first: Powerdns;
let second: NameServer;
/** A proxy in front of the second central. */
let proxy: DnsProxy;

before(async () => {
  first = await startPowerdns();
  second = await startNamed({
    keys: [key],
    zones: [{ zone: parseName(`${zone}.`) }],
    policy: 'deny KEY name refused.example.org. ANY; grant KEY zonesub ANY;',
  });
  proxy = await startDnsProxy(second.port);
  stage = await makeStage();
  await stage.install();
  stage.configure({
    kind: 'powerdns',
    host: first.url,
    username: 'alice',
    password: first.apiKey,
    fingerprint: '',
  });
  configureSecond();
  await until('the zone, at both', async () => (await stage.atPanel.makeZone(zone)).ok);
  await until('its content', async () => (await hosts('www', '192.0.2.80')).length === 2);
});

after(async () => {
  await stage.stop();
  proxy.close();
  await Promise.all([first.dispose(), second.dispose()]);
});

function configureSecond(host: string | null = `127.0.0.1:${proxy.port}`): void {
  const given = host !== null;
  saveSettings(stage.panel.root, {
    central_2: {
      kind: given ? 'rfc2136' : null,
      host,
      username: given ? key.name : null,
      password: given ? key.secret : null,
    },
  });
}

/** Names of the running servers that have this address for a host. */
async function hosts(host: string, ip: string): Promise<string[]> {
  const found: string[] = [];
  for (const server of [first, second]) {
    const words = [
      '@127.0.0.1',
      '-p',
      String(server.port),
      '+short',
      '+time=20',
      '+tries=1',
      `${host}.${zone}`,
      'A',
    ];
    const shown = await runProgram('dig', words).catch(() => '');
    if (shown.split('\n').includes(ip)) found.push(server.kind);
  }
  return found;
}

async function save(host: string, ip: string): Promise<string | null> {
  const answer = await stage.atPanel.save(zone, address(host, ip));
  return answer.ok ? null : (answer.error?.text ?? '');
}

async function status(): Promise<StatusReport> {
  const report = await stage.status();
  assert.ok(report !== null, 'an agent runs');
  return report;
}

async function isSettled(): Promise<boolean> {
  return (await status()).centrals.every(({ engine }) => engine?.open === 0);
}

test('an edit is served by both when the panel says that it was saved', async () => {
  assert.equal(await save('one', '192.0.2.1'), null);
  assert.deepEqual(await hosts('one', '192.0.2.1'), ['powerdns', 'bind']);
});

test('what the second refuses only when it is written is taken back at the first before the panel answers', async () => {
  const refusal = await save('refused', '192.0.2.2');
  assert.match(refusal ?? '', /Central DNS 2: .*Nothing was changed\..*\[central\.update-refused\]/u);
  assert.deepEqual(await hosts('refused', '192.0.2.2'), []);
  const shown = await stage.domainsync('history', '--central', '1', '--latest', '1');
  assert.match(shown, /^1 .* undone .*refused\.example\.org/mu);
});

test('while one of them is stopped every edit is refused, and nothing is written at the other', async () => {
  for (const [at, server] of [first, second].entries()) {
    await server.stop();
    const ip = `192.0.2.${10 + at}`;
    const host = `away-${at}`;
    const refusal = await save(host, ip);
    assert.match(refusal ?? '', new RegExp(`Central DNS ${at + 1}: .*Nothing was changed\\.`, 'u'));
    assert.deepEqual(await hosts(host, ip), []);
    await server.start();
    await until('the edit once it is back', async () => (await save(host, ip)) === null);
    assert.deepEqual(await hosts(host, ip), ['powerdns', 'bind']);
  }
});

test('what the panel saved unasked and the second refuses is put back there, and at the first', async () => {
  const restore = withoutBefore(stage);
  const unasked = address('refused', '192.0.2.6');
  assert.match(
    (await save('refused', '192.0.2.6')) ?? '',
    /Central DNS 2: .*The panel has saved the change/u,
  );
  restore();
  await until('the panel to be put back', () => !holds(stage.panel, zone, unasked));
  await until('the first to follow', async () => (await hosts('refused', '192.0.2.6')).length === 0);
  await until('nothing to be open', isSettled);
  assert.match(await stage.domainsync('zone', zone), /^example\.org: synced/mu);
  assert.doesNotMatch(await stage.domainsync('zone', zone), /refused\.example\.org/u);
});

test('an agent killed between the two writes leaves the edit at neither', async () => {
  const pid = await stage.agent();
  assert.ok(pid !== null);
  proxy.beforeRequest = (kind) => {
    if (kind !== 'write') return;
    proxy.beforeRequest = null;
    process.kill(pid, 'SIGKILL');
  };
  assert.notEqual(await save('killed', '192.0.2.7'), null);
  assert.ok((await hosts('killed', '192.0.2.7')).includes('powerdns'));
  await until('another agent', async () => (await save('next', '192.0.2.8')) === null);
  await until('the edit to be gone', async () => (await hosts('killed', '192.0.2.7')).length === 0);
  assert.ok(!holds(stage.panel, zone, address('killed', '192.0.2.7')));
  await until('nothing to be open', isSettled);
});

test('status, zones, zone and history tell each central', async () => {
  const shown = await stage.domainsync('status');
  assert.match(shown, /^central 1 {2}http:.* as alice$/mu);
  assert.match(shown, /^central 2 {2}dns:.* as alice-key$/mu);
  await until('nothing to be open', isSettled);
  const { centrals } = await status();
  assert.deepEqual(
    centrals.map(({ number, central, engine }) => [number, central.kind, engine?.stuck.length]),
    [
      [1, 'powerdns', 0],
      [2, 'rfc2136', 0],
    ],
  );
  const zones = await stage.domainsync('zones');
  assert.match(zones, /^1 +example\.org +synced/mu);
  assert.match(zones, /^2 +example\.org +synced/mu);
  const both = await stage.domainsync('zone', zone);
  assert.equal(both.match(/^example\.org: synced/gmu)?.length, 2);
  const one = await stage.domainsync('zone', zone, '--central', '2');
  assert.equal(one.match(/^example\.org: synced/gmu)?.length, 1);
  const doctor = await stage.domainsync('doctor');
  assert.match(doctor, /^ok +central 1 +PowerDNS/mu);
  assert.match(doctor, /^ok +central 2 +/mu);
  assert.match(doctor, /journal 2 /u);
  assert.match(await stage.domainsync('check'), /central 1 [\s\S]*answered[\s\S]*central 2 [\s\S]*answered/u);
});

test('a central that is taken out of the settings is left alone, and one that comes is synced', async () => {
  configureSecond(null);
  await until('one central', async () => {
    await save('alone', '192.0.2.3');
    return (await status()).centrals.length === 1;
  });
  assert.equal(await save('lonely', '192.0.2.4'), null);
  assert.deepEqual(await hosts('lonely', '192.0.2.4'), ['powerdns']);
  configureSecond();
  // Until the zone is compared at the second central, edits of the zone are refused.
  await until('an edit, at both', async () => (await save('again', '192.0.2.5')) === null);
  assert.equal((await status()).centrals.length, 2);
  assert.deepEqual(await hosts('again', '192.0.2.5'), ['powerdns', 'bind']);
  await until(
    'what passed meanwhile, at both',
    async () => (await hosts('lonely', '192.0.2.4')).length === 2,
  );
});
