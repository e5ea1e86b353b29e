import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadGatewaySettings, type GatewaySettings } from '../../../gateway/settings.ts';
import { openStorage } from '../../../gateway/serve.ts';
import { missingPrograms } from '../../../testing/servers/process.ts';
import { checkCertificate, checkDatabase } from './doctor-host.ts';

const day = 86_400_000;

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-doctor-'));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function settingsIn(folder: string): GatewaySettings {
  const config = join(folder, 'gateway.ini');
  const backend = '[backend]\nkind = powerdns\nhost = http://127.0.0.1:9\nusername = gateway\npassword = x\n';
  writeFileSync(config, `[gateway]\nstate = ${join(folder, 'state')}\n${backend}`, { mode: 0o600 });
  return loadGatewaySettings(config);
}

/** Makes a certificate that is valid for 90 days, and its key. */
function pair(folder: string, name: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '90',
  ];
  const files = [
    '-subj',
    `/CN=${name}`,
    '-addext',
    `subjectAltName=DNS:${name}`,
    '-out',
    cert,
    '-keyout',
    key,
  ];
  execFileSync('openssl', [...words, ...files], { stdio: 'ignore' });
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

test('doctor: the dates of the certificate, and its key', { skip: missingPrograms('openssl') }, (t) => {
  const folder = folderOf(t);
  const one = pair(folder, 'gateway.example.net');
  const other = pair(folder, 'other.example.net');
  const settings = settingsIn(folder);
  const state = (certificate: GatewaySettings['certificate'], days: number): string | undefined =>
    checkCertificate({ ...settings, certificate }, Date.now() + days * day)[0]?.state;
  assert.equal(state(null, 0), 'note');
  assert.equal(state(one, 0), 'ok');
  assert.equal(state(one, 80), 'warning');
  assert.equal(state(one, 91), 'problem');
  assert.equal(state(one, -1), 'problem');
  assert.equal(state({ ...one, key: other.key }, 0), 'problem');
  assert.equal(state({ ...one, cert: 'no PEM' }, 0), 'problem');
});

test('doctor: the folder of the database, and its file', async (t) => {
  const settings = settingsIn(folderOf(t));
  const path = join(settings.state, 'gateway.db');
  const problems = (): readonly string[] =>
    checkDatabase(settings)
      .filter(({ state }) => state === 'problem')
      .map(({ text }) => text);
  assert.match(problems().join(), /was never started/u);
  await (await openStorage(settings)).close();
  assert.deepEqual(problems(), []);
  // Damage as a bad disk does it: the first page stays, the pages of the tables do not.
  const octets = readFileSync(path);
  writeFileSync(path, Buffer.concat([octets.subarray(0, 4_096), Buffer.alloc(octets.length - 4_096, 7)]));
  assert.equal(problems().length, 1);
  rmSync(path);
  mkdirSync(path);
  assert.equal(problems().length, 1);
});
