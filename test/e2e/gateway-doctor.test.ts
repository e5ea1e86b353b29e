/** Tests `domainsync gateway doctor` at a gateway that runs, well and with faults. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../../src/dns/name.ts';
import {
  GatewayProcess,
  gatewayAccountName,
  powerdnsBackend,
  writeGatewaySettings,
} from '../../src/testing/servers/gateway-process.ts';
import { startPowerdns, type Powerdns } from '../../src/testing/servers/powerdns.ts';
import { freePort } from '../../src/testing/servers/process.ts';
import { dist } from '../../src/testing/stage/command-line.ts';
import { missingFor } from '../../src/testing/stage/server-registry.ts';

interface Told {
  readonly check: string;
  readonly state: string;
  readonly text: string;
  readonly wayOut: string | null;
}

describe('issue 20, doctor of the gateway', { skip: missingFor('gateway') }, () => {
  let server: Powerdns;
  let gateway: GatewayProcess;

  before(async () => {
    server = await startPowerdns({ account: gatewayAccountName });
    await server.addZones(
      ['own.example', 'lost.example', 'provider.example'].map((name) => {
        return { zone: zoneName(name) };
      }),
    );
    const listen = `127.0.0.1:${await freePort()}`;
    gateway = new GatewayProcess(writeGatewaySettings(server.folder, powerdnsBackend(server), listen));
    await gateway.operator('customer', 'add', 'shop');
    for (const zone of ['own.example', 'lost.example'])
      await gateway.operator('zone', 'assign', zone, 'shop');
    await gateway.makeToken('shop', '--from', '192.0.2.7');
    await gateway.start();
  });
  after(async () => {
    await gateway.stop();
    await server.dispose();
  });

  /** Runs the command. @returns its exit status, and its findings */
  async function doctor(config = gateway.config): Promise<{ status: number; findings: readonly Told[] }> {
    const words = [join(dist, 'domainsync.cjs'), '--json', 'gateway', '--config', config, 'doctor'];
    return await new Promise((resolve) => {
      execFile(process.execPath, words, (error, out) => {
        const { findings } = JSON.parse(out) as { findings: readonly Told[] };
        resolve({ status: error === null ? 0 : Number(error.code), findings });
      });
    });
  }

  function bad(findings: readonly Told[]): readonly string[] {
    return findings.filter(({ state }) => state !== 'ok').map(({ check, state }) => `${check} ${state}`);
  }

  test('a gateway that is well', async () => {
    const { status, findings } = await doctor();
    assert.equal(status, 0);
    // No certificate is needed on this machine, and one zone is the provider's.
    assert.deepEqual(bad(findings), ['certificate note', 'owners note'], JSON.stringify(findings));
    const checks = [
      'settings',
      'certificate',
      'listener',
      'disk',
      'database',
      'name server',
      'owners',
      'drift',
    ];
    assert.deepEqual(
      findings.map(({ check }) => check),
      [...checks, 'clock', 'tokens'],
    );
    const text = await gateway.operator('doctor');
    assert.match(text, /^ok +listener +the gateway answers at http:\/\/127\.0\.0\.1:\d+$/mu);
    assert.match(text, /^0 problems, 0 warnings$/mu);
    assert.ok(!text.includes(server.apiKey));
  });

  test('a zone without an owner, an owner without a zone, tokens that end or are open', async () => {
    await server.dropZone(zoneName('lost.example'));
    const ending = await gateway.makeToken('shop', '--from', '192.0.2.7', '--days', '3', '--label', 'short');
    const open = await gateway.makeToken('shop', '--from-anywhere');
    const made = (await gateway.operatorJson('operator', 'add', '--label', 'billing')) as { id: string };
    const { status, findings } = await doctor();
    assert.equal(status, 0);
    const warnings = findings.filter(({ state }) => state === 'warning').map(({ text }) => text);
    assert.equal(warnings.length, 4, JSON.stringify(warnings));
    assert.match(warnings[0] ?? '', /^1 zone with an owner that the name server lacks: lost\.example$/u);
    const billing = `^token ${made.id} of the operator \\(billing\\) is accepted from every address$`;
    assert.match(warnings[1] ?? '', new RegExp(billing, 'u'));
    assert.match(warnings[2] ?? '', new RegExp(`^token ${ending.id} of shop \\(short\\) ends on `, 'u'));
    assert.match(warnings[3] ?? '', new RegExp(`^token ${open.id} of shop may create zones`, 'u'));
    assert.match(findings.find(({ state }) => state === 'note')?.text ?? '', /./u);
    const notes = findings.filter(({ check, state }) => check === 'owners' && state === 'note');
    assert.match(notes[0]?.text ?? '', /provider\.example$/u);
  });

  test('the name server is down, then the gateway too', async () => {
    await server.stop();
    const down = await doctor();
    assert.equal(down.status, 3);
    assert.ok(bad(down.findings).includes('name server problem'), JSON.stringify(down.findings));
    assert.ok(!bad(down.findings).includes('listener problem'));
    await server.start();
    await gateway.stop();
    const stopped = await doctor();
    assert.equal(stopped.status, 3);
    assert.ok(bad(stopped.findings).includes('listener problem'), JSON.stringify(stopped.findings));
    assert.ok(!bad(stopped.findings).includes('name server problem'));
    await gateway.start();
  });

  test('a wrong key, and settings that cannot be read', async () => {
    const wrong = { ...powerdnsBackend(server), password: 'wrong-key' };
    const other = writeGatewaySettings(`${server.folder}/gateway`, wrong);
    const refused = await doctor(other);
    assert.equal(refused.status, 3);
    const found = refused.findings.find(({ check, state }) => check === 'name server' && state === 'problem');
    assert.match(found?.text ?? '', /\[central\.login\]$/u);
    const none = await doctor('/nowhere/gateway.ini');
    assert.equal(none.status, 3);
    assert.deepEqual(bad(none.findings), ['settings problem']);
  });

  test('a database that is in doubt', async () => {
    await gateway.stop();
    writeFileSync(join(server.folder, 'gateway/audit-heads'), 'nothing that it has written\n');
    await gateway.start();
    const { status, findings } = await doctor();
    assert.equal(status, 3);
    const found = findings.filter(({ check, state }) => check === 'database' && state === 'problem');
    assert.match(found[0]?.text ?? '', /\(bad-heads\)$/u);
  });
});
