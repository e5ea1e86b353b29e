import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fingerprintOf, makeCertificate } from '../../sandbox/shared/certificate.ts';
import { createIspmanagerCentral, type CentralSettings } from '../centrals/ispmanager/index.ts';
import type { Central } from '../core/central.ts';
import { readFingerprint } from '../net/fingerprint.ts';
import { TestClock } from './accounts/ispmanager.ts';
import { patience } from './patience.ts';

/** Parameters of a call as the adapter sent them. */
export type Sent = Readonly<Record<string, string>>;

/**
 * Writes a document as some programs do: each element, and the text of each error, on a line of its own
 * (issue 12.14).
 */
export function indented(document: string): string {
  return document
    .replaceAll('><', '>\n    <')
    .replaceAll(/>([^<>\n]+)<\/(error|msg|detail|auth)>/g, '>\n      $1\n    </$2>');
}

/**
 * Starts a server whose answers the test chooses, and a central that uses it.
 * @param answer returns the answer's body for the parameters of a call
 * @returns the central, and the calls as they come
 */
export async function serve(
  t: TestContext,
  answer: (call: Sent) => string | Promise<string>,
  more: Partial<CentralSettings> = {},
): Promise<{ readonly central: Central; readonly calls: readonly Sent[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'scripted-'));
  mkdirSync(join(folder, 'etc'));
  const certificate = await makeCertificate(folder, 'scripted');
  const calls: Sent[] = [];
  const server = createServer(certificate, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const call = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
      calls.push(call);
      void Promise.resolve(answer(call)).then((body) => response.end(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const central = createIspmanagerCentral(
    {
      kind: 'ispmanager6',
      address: `https://127.0.0.1:${port}/ispmgr`,
      username: 'alice',
      password: 'secret',
      passwordNext: '',
      trust: { kind: 'fingerprint', sha256: readFingerprint(fingerprintOf(certificate.cert)) ?? '' },
      login: 'authinfo',
      timeout: patience,
      ...more,
    },
    { clock: new TestClock() },
  );
  t.after(async () => {
    await central.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { central, calls };
}
