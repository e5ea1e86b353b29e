/** Tests changes of the settings file while the agent runs. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, after, beforeEach, afterEach, describe, test } from 'node:test';
import { journalStatus } from '../app/answers/journal-status.ts';
import { systemClock } from '../app/wiring/clock.ts';
import { pathsOf } from '../app/paths.ts';
import { endPause, pause } from '../app/pause.ts';
import { saveSettings, settingsPath } from '../config/settings.ts';
import type { PanelEvent } from '../core/panel.ts';
import { parseName } from '../dns/name.ts';
import { makeRecord, recordId } from '../dns/record.ts';
import { makeKey, type ServerKey } from '../testing/servers/name-server.ts';
import { startNamed, type Named } from '../testing/servers/named.ts';
import { freePort, missingPrograms, runProgram, until } from '../testing/servers/process.ts';
import { Random } from '../testing/simulator/random.ts';
import { PanelStore, SimPanel } from '../testing/simulator/sim-panel.ts';
import { recordsEvent } from '../testing/simulator/edits.ts';
import { Agent } from './agent.ts';
import { FileLog } from './log.ts';

const zone = parseName('example.org.');
const oldKey = makeKey('alice');
/** A key with the same name but another secret is still the same account. */
const newKey = makeKey('alice');

function account(port: number, { name, secret }: ServerKey): Readonly<Record<string, string>> {
  return { kind: 'rfc2136', host: `127.0.0.1:${port}`, username: name, password: secret };
}

describe('issue 11.12: a changed settings file', { skip: missingPrograms('named') }, () => {
  let server: Named;
  let root: string;
  let panel: SimPanel;
  let agent: Agent;
  let serial = 0;

  before(async () => {
    server = await startNamed({ keys: [oldKey], zones: [{ zone }] });
  });

  after(() => server.dispose());

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'agent-settings-'));
    const paths = pathsOf(root, join(root, 'agent.sock'));
    for (const folder of [paths.state, join(root, 'etc')]) mkdirSync(folder, { recursive: true });
    saveSettings(root, { isp_master: account(server.port, oldKey) });
    const store = new PanelStore();
    const held = makeRecord({ name: '@', type: 'NS', rdata: 'ns1.example.net.' }, zone);
    store.zones.set(zone, new Map([[recordId(held), held]]));
    panel = new SimPanel(store, systemClock, new Random(1), { dead: false });
    const facts = (): never => {
      throw new Error('nothing is traced');
    };
    agent = new Agent(paths, panel, facts, new FileLog(paths.log, 1));
    await agent.start();
    await until(async () => agent.state.kind === 'running' && (await baseline()) !== null);
  });

  afterEach(async () => {
    await agent.stop();
    rmSync(root, { recursive: true, force: true });
  });

  async function baseline(): Promise<number | null> {
    if (agent.state.kind !== 'running') return null;
    return (await journalStatus(agent.state.wired.journal, systemClock.wall())).baselineAt;
  }

  /** Replaces a secret of the name server by another one. */
  async function rotate(from: ServerKey, to: ServerKey): Promise<void> {
    const path = join(server.folder, 'named.conf');
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(from.secret, to.secret));
    await server.rndc('reconfig');
  }

  /** Sends one call of the panel. @returns the codes of the refusal; null: the call was accepted */
  async function call(event: PanelEvent): Promise<string | null> {
    panel.decode = () => event;
    let codes: string | null = null;
    panel.encode = (verdict) => {
      codes = verdict.kind === 'refuse' ? verdict.problems.map(({ code }) => code).join(' ') : null;
      return { output: '' };
    };
    await agent.answer({ environment: {}, body: new Uint8Array() });
    return codes;
  }

  /** Makes a record with a new name, and the edit that adds it. */
  function newRecord(): { readonly name: string; readonly before: PanelEvent; readonly done: PanelEvent } {
    serial += 1;
    const add = makeRecord({ name: `h${serial}`, type: 'A', rdata: '192.0.2.1' }, zone);
    const event = (stage: 'before' | 'after'): PanelEvent => ({
      kind: 'edits',
      edits: [recordsEvent(zone, [{ remove: null, add }], stage)],
    });
    return { name: add.name, before: event('before'), done: event('after') };
  }

  async function isAnswered(name: string): Promise<boolean> {
    const words = ['@127.0.0.1', '-p', String(server.port), '+short', name, 'A'];
    return (await runProgram('dig', words)).trim() === '192.0.2.1';
  }

  async function save(): Promise<string | null> {
    const { name, before: edit } = newRecord();
    const codes = await call(edit);
    assert.equal(await isAnswered(name), codes === null, codes ?? 'accepted');
    return codes;
  }

  test('comes into force without an edit', async () => {
    saveSettings(root, { contact: { support: 'us' } });
    await until(async () => agent.state.kind === 'running' && agent.state.wired.settings.contact === 'us');
  });

  test('also where it is another file of the same size and time, put there by rename', async () => {
    saveSettings(root, { contact: { support: 'us' } });
    await until(async () => agent.state.kind === 'running' && agent.state.wired.settings.contact === 'us');
    saveSettings(root, { contact: { support: 'me' } });
    await until(async () => agent.state.kind === 'running' && agent.state.wired.settings.contact === 'me');
  });

  test('is waited for by the edit that comes right after: a rotated key costs no refused click', async (t) => {
    await rotate(oldKey, newKey);
    t.after(() => rotate(newKey, oldKey));
    saveSettings(root, { isp_master: account(server.port, newKey) });
    assert.equal(await save(), null);
  });

  /** Puts the key into a file of its own, in place of an earlier one. @returns the file's path */
  function keyFile({ secret }: ServerKey): string {
    const path = join(root, 'key');
    writeFileSync(`${path}.new`, `${secret}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return path;
  }

  test('issue 16, secrets: of which only the file with the key changes: no refused click', async (t) => {
    const { password: _password, ...others } = account(server.port, oldKey);
    const settings = { ...others, password_file: keyFile(oldKey) };
    saveSettings(root, { isp_master: { ...settings, password: null } });
    assert.equal(await save(), null);
    await rotate(oldKey, newKey);
    t.after(() => rotate(newKey, oldKey));
    keyFile(newKey);
    assert.equal(await save(), null);
    const path = keyFile(newKey);
    chmodSync(path, 0o644);
    assert.equal(await save(), 'settings.not-in-force settings.secret-exposed');
    chmodSync(path, 0o600);
    assert.equal(await save(), null);
  });

  test('issue 16, rotation: that names the next key: no click is refused when the key changes, and back', async (t) => {
    saveSettings(root, { isp_master: { ...account(server.port, oldKey), password_next: newKey.secret } });
    assert.equal(await save(), null);
    const isNext = (): boolean =>
      agent.state.kind === 'running' && agent.state.wired.central.usesNextPassword();
    assert.equal(isNext(), false);
    await rotate(oldKey, newKey);
    t.after(() => rotate(newKey, oldKey));
    assert.equal(await save(), null);
    assert.equal(isNext(), true);
    const { state } = agent;
    // Another engine of the same account begins with the key that was in use.
    appendFileSync(settingsPath(root), '\n');
    await until(() => Promise.resolve(agent.state.kind === 'running' && agent.state !== state));
    assert.equal(isNext(), true);
    await rotate(newKey, oldKey);
    assert.equal(await save(), null);
    assert.equal(isNext(), false);
  });

  test('with a mistake: edits are refused with the reason, what is done already is not', async () => {
    const path = settingsPath(root);
    const good = readFileSync(path, 'utf8');
    const begun = newRecord();
    assert.equal(await call(begun.before), null);
    writeFileSync(path, good.replace('username', 'user_name'));
    assert.equal(await save(), 'settings.not-in-force settings.missing');
    assert.equal(await call(begun.done), null);
    writeFileSync(path, good);
    assert.equal(await save(), null);
  });

  test('with a mistake: an engine that puts the panel back is told to try again', async (t) => {
    assert.ok(agent.state.kind === 'running');
    const told: string[] = [];
    t.mock.method(agent.state.wired.engine, 'putOff', (echo: string) => told.push(echo));
    const path = settingsPath(root);
    writeFileSync(path, readFileSync(path, 'utf8').replace('username', 'user_name'));
    const { before: edit, done } = newRecord();
    assert.ok(edit.kind === 'edits' && done.kind === 'edits');
    const own = (event: typeof edit, echo: string): PanelEvent => {
      return { kind: 'edits', edits: event.edits.map((one) => ({ ...one, echo })) };
    };
    assert.equal(await call(own(edit, 'token')), 'settings.not-in-force settings.missing');
    assert.equal(await call(own(done, 'other')), null);
    assert.deepEqual(told, ['token']);
  });

  test('that is being written is waited for, emptied or cut anywhere', async () => {
    const path = settingsPath(root);
    const good = readFileSync(path, 'utf8');
    for (const cut of [0, good.indexOf('username'), good.length - 3]) {
      writeFileSync(path, good.slice(0, cut));
      const saved = save();
      // By now the edit has noticed the changed file, and that its writer has not finished.
      await new Promise((resolve) => setImmediate(resolve));
      appendFileSync(path, good.slice(cut));
      assert.equal(await saved, null, String(cut));
    }
  });

  test('whose central cannot be reached is tried again by itself; edits are refused until then', async () => {
    const port = await freePort();
    saveSettings(root, { isp_master: account(port, oldKey) });
    assert.equal(await save(), 'settings.not-in-force central.unreachable');
    const other = await startNamed({ keys: [oldKey], zones: [{ zone }], port });
    try {
      await until(async () => agent.pending === null);
      assert.ok(agent.state.kind === 'running');
      assert.match(agent.state.wired.settings.address, new RegExp(`:${port}$`, 'u'));
    } finally {
      await other.dispose();
    }
  });

  test('that comes back to a central: what the panel got under other settings is sent', async (t) => {
    const other = await startNamed({ keys: [oldKey], zones: [{ zone }] });
    t.after(() => other.dispose());
    const inForce = (port: number): Promise<void> =>
      until(() => {
        const { state, pending } = agent;
        const isThere = state.kind === 'running' && state.wired.settings.address.endsWith(`:${port}`);
        return Promise.resolve(isThere && pending === null);
      });
    saveSettings(root, { isp_master: account(other.port, oldKey) });
    await inForce(other.port);
    const passed = makeRecord({ name: 'elsewhere', type: 'A', rdata: '192.0.2.1' }, zone);
    panel.store.zones.get(zone)?.set(recordId(passed), passed);
    saveSettings(root, { isp_master: account(server.port, oldKey) });
    await inForce(server.port);
    await until(() => isAnswered(passed.name));
  });

  const alice = { name: 'alice', rank: 'user' } as const;

  function byAlice(): PanelEvent {
    serial += 1;
    const add = makeRecord({ name: `h${serial}`, type: 'A', rdata: '192.0.2.1' }, zone);
    return { kind: 'edits', edits: [recordsEvent(zone, [{ remove: null, add }], 'before', alice)] };
  }

  test('issue 11.1: right after a pause whose zones were before counts for no edit', async () => {
    panel.failing = true;
    pause(agent.paths.pause, Infinity);
    assert.equal(await call(byAlice()), null);
    endPause(agent.paths.pause);
    assert.equal(await call(byAlice()), 'panel.not-read-yet');
  });

  test('what passed during a pause is sent, also where settings saved with its end bring a new engine', async () => {
    pause(agent.paths.pause, Infinity);
    const passed = makeRecord({ name: 'paused', type: 'A', rdata: '192.0.2.1' }, zone);
    panel.store.zones.get(zone)?.set(recordId(passed), passed);
    // While reads of the panel fail, the engine of the earlier settings cannot make its comparison before it
    // is closed.
    panel.failing = true;
    endPause(agent.paths.pause);
    assert.equal(await call(byAlice()), 'panel.not-read-yet');
    const { state } = agent;
    saveSettings(root, { isp_master: account(server.port, oldKey), contact: { support: 'x' } });
    await until(() => Promise.resolve(agent.state.kind === 'running' && agent.state !== state));
    panel.failing = false;
    await until(() => isAnswered(passed.name));
  });

  test('issue 16, pause: it is over too when somebody removes its file', async () => {
    pause(agent.paths.pause, Infinity);
    assert.equal(await call(byAlice()), null);
    const passed = makeRecord({ name: 'removed', type: 'A', rdata: '192.0.2.1' }, zone);
    panel.store.zones.get(zone)?.set(recordId(passed), passed);
    rmSync(agent.paths.pause);
    await until(() => isAnswered(passed.name));
  });

  test('issue 11.1: nor where owners may have changed while no settings were in force', async () => {
    const path = settingsPath(root);
    const good = readFileSync(path, 'utf8');
    writeFileSync(path, '');
    await until(() => Promise.resolve(agent.state.kind === 'not-configured'));
    const move = { kind: 'owners', actor: alice, fingerprint: 'move', zones: [zone], accounts: [] } as const;
    assert.equal(await call(move), null);
    panel.failing = true;
    writeFileSync(path, good);
    await until(() => Promise.resolve(agent.state.kind === 'running'));
    assert.equal(await call(byAlice()), 'panel.not-read-yet');
  });
});
