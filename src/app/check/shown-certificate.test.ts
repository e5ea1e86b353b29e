/** Issue 18: tests that a certificate which is not trusted is shown, so that it can be compared. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { makeCertificate } from '../../../sandbox/shared/certificate.ts';
import { everyCentral, readSettings, type Settings } from '../../config/settings.ts';
import { checkConnection } from '../doctor/central.ts';
import { checkCentral } from './check.ts';

interface Server {
  readonly root: string;
  readonly port: number;
  readonly fingerprint: string;
}

/** A server with a certificate of its own that closes every connection after the handshake. */
async function serverIn(t: TestContext): Promise<Server> {
  const root = mkdtempSync(join(tmpdir(), 'certificate-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'etc'));
  const certificate = await makeCertificate(root, 'own.example');
  const server = tls.createServer(certificate, (socket) => {
    socket.on('error', () => undefined);
    socket.end();
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { root, port, fingerprint: new X509Certificate(certificate.cert).fingerprint256 };
}

function settingsOf(lines: readonly string[]): readonly Settings[] {
  const read = readSettings(`${lines.join('\n')}\n`, 'x.ini');
  assert.ok(read.kind === 'configured', JSON.stringify(read));
  return everyCentral(read.settings);
}

function panelWith(port: number, ...more: readonly string[]): readonly string[] {
  return [`host = 127.0.0.1:${port}`, 'username = alice', 'password = x', ...more];
}

async function refusalOf(settings: Settings | undefined, root: string): Promise<string> {
  assert.ok(settings !== undefined);
  const report = await checkCentral(settings, root);
  assert.ok(!report.ok);
  return report.problem;
}

test('issue 18, check: shows the certificate that nobody vouches for, and where its fingerprint goes', async (t) => {
  const { root, port, fingerprint } = await serverIn(t);
  for (const kind of ['kind = auto', 'kind = ispmanager6', 'kind = powerdns']) {
    const [first, second] = settingsOf([
      '[isp_master]',
      ...panelWith(port, kind),
      '[central_2]',
      ...panelWith(port, kind).map((line) => line.replace('alice', 'bob')),
    ]);
    const said = await refusalOf(first, root);
    assert.match(said, /is not trusted.*\[central\.certificate\]/u);
    assert.ok(said.includes(`SHA-256 ${fingerprint}.`), said);
    assert.match(said, /CN=own\.example.*under \[isp_master\], as "fingerprint = \.\.\."/u);
    assert.match(await refusalOf(second, root), /under \[central_2\]/u);
    const findings = await checkConnection(first ?? assert.fail(), root, Date.now());
    assert.ok(
      findings.some(({ text }) => text.includes(fingerprint)),
      JSON.stringify(findings),
    );
  }
});

test('issue 18, check: so does a name server over TLS', async (t) => {
  const { root, port, fingerprint } = await serverIn(t);
  const lines = [
    '[isp_master]',
    ...panelWith(port, 'kind = rfc2136', 'transport = tls').map((line) =>
      line.replace('password = x', 'password = c2VjcmV0LXNlY3JldC1zZWNyZXQ='),
    ),
  ];
  const [settings] = settingsOf(lines);
  assert.ok((await refusalOf(settings, root)).includes(`SHA-256 ${fingerprint}.`));
});

test('issue 18, check: another certificate than the pinned one is shown once, with the pinned one', async (t) => {
  const { root, port, fingerprint } = await serverIn(t);
  const pinned = 'AB:'.repeat(31) + 'AB';
  const [settings] = settingsOf(['[isp_master]', ...panelWith(port, `fingerprint = ${pinned}`)]);
  const said = await refusalOf(settings, root);
  assert.equal(said.split(fingerprint).length, 2, said);
  assert.ok(said.includes(pinned), said);
  assert.doesNotMatch(said, /certificate-shown/u);
});
