import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSandbox } from './index.ts';
import type { Answer, Sandbox, SandboxOptions } from './index.ts';

/** The accounts in the sandbox's own tests. */
export const USERS = [
  { name: 'root', password: 'rp', level: 7 },
  { name: 'seller', password: 'sp', level: 6 },
  { name: 'alice', password: 'a:p&w=d', level: 5, domainLimit: 3 },
  { name: 'bob', password: 'bp', level: 5, owner: 'seller' },
] as const;

/** How long a test waits for something that must happen, milliseconds. It only ends a hang. */
const patience = 120_000;

/** Tests a condition every 5 ms until it is met. @throws {Error} when that takes too long */
export async function until(test: () => boolean | Promise<boolean>): Promise<void> {
  const started = performance.now();
  while (!(await test())) {
    if (performance.now() - started > patience) throw new Error(`waited ${patience / 1_000} s in vain`);
    await sleep(5);
  }
}

/** Makes a directory that is removed when the test ends. */
export function tempRoot(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), 'sandbox-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** Starts a sandbox without TLS that is stopped when the test ends. */
export async function testSandbox(t: TestContext, options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const root = options.root ?? tempRoot(t);
  const sandbox = await startSandbox({ root, tls: false, users: USERS, ...options });
  t.after(() => sandbox.stop());
  return sandbox;
}

/** Calls a function with alice's password. */
export function asAlice(
  sandbox: Sandbox,
  func: string,
  params: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return sandbox.call(func, params, { user: 'alice', password: 'a:p&w=d' });
}

/** Creates a zone in alice's account. Its only records are NS and an A at the apex. */
export async function makeZone(sandbox: Sandbox, name = 'example.org'): Promise<void> {
  const before = { ...sandbox.switches };
  Object.assign(sandbox.switches, { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false });
  const answer = await asAlice(sandbox, 'domain.edit', {
    elid: '',
    name,
    ip: '192.0.2.1',
    ns: 'ns1.example.net.',
    sok: 'ok',
  });
  Object.assign(sandbox.switches, before);
  if (!answer.ok) throw new Error(answer.body);
}

/** Writes an executable handler script into `addon/`. */
export function writeHandler(root: string, name: string, script: string): void {
  const path = join(root, 'addon', name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o700);
}

/** Writes a description file with these `handler` elements, for version 4. */
export function writePlugin(root: string, handlers: string): void {
  writeFileSync(
    join(root, 'etc', 'ispmgr_mod_test.xml'),
    `<?xml version="1.0"?>\n<mgrdata>${handlers}</mgrdata>\n`,
  );
}

/**
 * Registers a handler script for events of a panel of version 5/6, and restarts the panel.
 * @param events function and stages of each event, for example `domain.edit before`
 */
export function listen(sandbox: Sandbox, handler: string, script: string, events: readonly string[]): void {
  const lines = events.map((line) => {
    const [name = '', ...stages] = line.split(' ');
    return `<event name="${name}" ${stages.map((stage) => `${stage}="yes"`).join(' ')}/>`;
  });
  const panel = sandbox.address.slice(sandbox.url.length + 1);
  writeFileSync(
    join(sandbox.root, `etc/xml/${panel}_mod_${handler}.xml`),
    `<mgrdata><handler name="${handler}" type="cgi">${lines.join('')}</handler></mgrdata>`,
  );
  writeHandler(sandbox.root, handler, script);
  sandbox.restartPanel();
}
