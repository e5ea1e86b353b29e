/**
 * Tests the delivery of notices on a virtual clock: retries, restarts, many changes at once, channels that
 * hang, a full disk.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { NotifySettings } from '../../config/notify-options.ts';
import { notifyDefaults } from '../../testing/notify-defaults.ts';
import { mountSmallDisk } from '../../testing/small-disk.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import type { Attention } from '../answers/attention.ts';
import { NotDelivered, type Channel, type ChannelName } from './channel.ts';
import { nothingKept, readKept, writeKept, type Kept } from './memory-file.ts';
import { Notifier } from './notifier.ts';
import type { Notice } from './notice.ts';

const down: Attention = {
  code: 'attention.central-unreachable',
  central: 1,
  since: 5,
  params: { text: 'x' },
};
const stuck: Attention = { code: 'attention.stuck', central: 1, since: null, params: { count: '1' } };

const minute = 60_000;

/** A notifier with two channels that a test can break. */
class Given {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly path: string;
  reasons: readonly Attention[] = [];
  settings: NotifySettings | null = notifyDefaults;
  /** What each channel does with a notice; absent: the channel delivers it. */
  readonly trouble = new Map<ChannelName, (signal: AbortSignal) => Promise<void>>();
  readonly attempts: { readonly name: ChannelName; readonly at: number; readonly id: string }[] = [];
  readonly delivered: Record<ChannelName, Notice[]> = { webhook: [], mail: [] };
  names: readonly ChannelName[] = ['webhook', 'mail'];
  writes = 0;
  isDiskFull = false;
  notifier: Notifier;

  constructor(t: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), 'notifier-'));
    t.after(() => rmSync(folder, { recursive: true }));
    this.path = join(folder, 'notify.json');
    this.notifier = this.#make();
    this.notifier.start();
    t.after(() => this.notifier.stop());
  }

  #make(): Notifier {
    return new Notifier({
      clock: this.clock,
      log: (_, event, fields = {}) => this.log.push(`${event} ${JSON.stringify(fields)}`),
      random: () => 1,
      settings: () => this.settings,
      channels: () => this.names.map((name) => this.#channel(name)),
      look: () => Promise.resolve({ reasons: this.reasons, several: false }),
      read: () => readKept(this.path),
      write: (kept) => this.#write(kept),
    });
  }

  #write(kept: Kept): void {
    if (this.isDiskFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    this.writes += 1;
    writeKept(this.path, kept);
  }

  #channel(name: ChannelName): Channel {
    return {
      name,
      target: name,
      deliver: async (notice, signal) => {
        this.attempts.push({ name, at: this.clock.now(), id: notice.id });
        await this.trouble.get(name)?.(signal);
        this.delivered[name].push(notice);
      },
    };
  }

  async pass(ms: number): Promise<void> {
    await this.clock.runUntil(this.clock.now() + ms);
  }

  async restart(): Promise<void> {
    await this.notifier.stop();
    this.notifier = this.#make();
    this.notifier.start();
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new NotDelivered('notify.answered', { status: '500' }));
}

/** Hangs until it is aborted, like a channel without a deadline. */
async function hang(signal: AbortSignal): Promise<void> {
  await new Promise((_, reject) => {
    signal.addEventListener('abort', () =>
      reject(new NotDelivered('notify.unreachable', { text: 'stopped' })),
    );
  });
}

test('a reason goes to every channel once, and its end as well', async (t) => {
  const given = new Given(t);
  await given.pass(7 * minute);
  given.reasons = [down];
  await given.pass(3 * minute);
  given.reasons = [];
  await given.pass(10 * minute);
  for (const name of ['webhook', 'mail'] as const) {
    const kinds = given.delivered[name].map(({ began, ended }) => [began.length, ended.length]);
    assert.deepEqual(kinds, [
      [1, 0],
      [0, 1],
    ]);
  }
  assert.equal(statSync(given.path).mode & 0o777, 0o600);
  // After an hour, the times of earlier notices no longer count.
  await given.pass(70 * minute);
  const { writes } = given;
  await given.pass(60 * minute);
  assert.equal(given.writes, writes, 'nothing is written while nothing changes');
});

test('a restart sends nothing again, and delivers what was not delivered', async (t) => {
  const given = new Given(t);
  given.reasons = [down];
  given.trouble.set('mail', refuse);
  await given.pass(2 * minute);
  assert.deepEqual([given.delivered.webhook.length, given.delivered.mail.length], [1, 0]);
  await given.restart();
  await given.pass(2 * minute);
  given.trouble.clear();
  await given.restart();
  await given.pass(2 * minute);
  assert.deepEqual([given.delivered.webhook.length, given.delivered.mail.length], [1, 1]);
  assert.equal(given.delivered.mail[0]?.id, given.delivered.webhook[0]?.id);
  for (let starts = 0; starts < 3; starts += 1) {
    await given.restart();
    await given.pass(10 * minute);
  }
  assert.deepEqual([given.delivered.webhook.length, given.delivered.mail.length], [1, 1]);
});

test('what is not known yet after a restart is not over', async (t) => {
  const given = new Given(t);
  given.reasons = [down];
  await given.pass(3 * minute);
  await given.restart();
  given.reasons = [];
  await given.pass(4 * minute);
  given.reasons = [down];
  await given.pass(10 * minute);
  assert.deepEqual(
    given.delivered.mail.map(({ began, ended }) => [began.length, ended.length]),
    [[1, 0]],
  );
  await given.restart();
  given.reasons = [];
  await given.pass(7 * minute);
  assert.equal(given.delivered.mail.at(-1)?.ended.length, 1);
});

test('a failed delivery is tried again, ever more rarely, with the same id, and given up after a day', async (t) => {
  const given = new Given(t);
  given.names = ['webhook'];
  given.trouble.set('webhook', refuse);
  given.reasons = [down];
  await given.pass(26 * 60 * minute);
  const times = given.attempts.map(({ at }) => at);
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  assert.deepEqual(
    gaps.slice(0, 9),
    [5, 10, 20, 40, 80, 160, 320, 640, 900].map((one) => one * 1_000),
  );
  assert.ok(gaps.slice(9).every((gap) => gap === 15 * minute));
  assert.equal(new Set(given.attempts.map(({ id }) => id)).size, 1);
  const last = times.at(-1) ?? 0;
  assert.ok(last > 23 * 60 * minute && last < 24.5 * 60 * minute, String(last));
  assert.ok(given.log.some((line) => line.startsWith('notify.dropped') && line.includes('too-old')));
  const errors = given.log.filter((line) => line.startsWith('notify.not-delivered'));
  assert.match(errors[0] ?? '', /"status":"500"/);
});

test('a channel that hangs delays neither the other one nor the looks', async (t) => {
  const given = new Given(t);
  given.trouble.set('webhook', hang);
  given.reasons = [down];
  await given.pass(6 * minute);
  given.reasons = [];
  await given.pass(3 * minute);
  assert.deepEqual([given.delivered.webhook.length, given.delivered.mail.length], [0, 2]);
  await given.notifier.stop();
});

test('no more than twenty notices wait; the oldest is dropped and said in the log', async (t) => {
  const given = new Given(t);
  given.settings = { ...notifyDefaults, mostPerHour: 1_000 };
  given.names = ['webhook'];
  given.trouble.set('webhook', hang);
  await given.pass(6 * minute);
  for (let at = 0; at < 25; at += 1) {
    given.reasons = at % 2 === 0 ? [down] : [];
    await given.pass(2 * minute);
  }
  const kept = readKept(given.path);
  assert.equal(kept?.waiting.length, 20);
  assert.equal(given.log.filter((line) => line.includes('too-many')).length, 5);
});

test('storm: ten notices an hour, then one with what was held back', async (t) => {
  const given = new Given(t);
  await given.pass(6 * minute);
  for (let at = 0; at < 25; at += 1) {
    given.reasons = at % 2 === 0 ? [down] : [];
    await given.pass(2 * minute);
  }
  assert.equal(given.delivered.mail.length, 10);
  assert.notEqual(given.delivered.mail[9]?.quietUntil, null);
  await given.pass(61 * minute);
  assert.ok(given.delivered.mail.length <= 12);
  assert.ok(given.delivered.mail.slice(10).some(({ heldBack }) => heldBack >= 10));
  assert.equal(readKept(given.path)?.memory.heldBack, 0);
  assert.deepEqual(readKept(given.path)?.memory.told, [down]);
});

test('whom nobody names is not told; who is named later learns what holds then', async (t) => {
  const given = new Given(t);
  given.names = [];
  given.reasons = [down];
  await given.pass(10 * minute);
  assert.deepEqual(given.attempts, []);
  given.names = ['mail'];
  await given.pass(5 * minute);
  assert.equal(given.delivered.mail.length, 1);
  given.names = [];
  await given.pass(5 * minute);
  assert.deepEqual(readKept(given.path), nothingKept);
});

test('while there are no settings, nothing is told and nothing forgotten', async (t) => {
  const given = new Given(t);
  given.reasons = [down];
  await given.pass(3 * minute);
  given.settings = null;
  await given.pass(30 * minute);
  given.settings = notifyDefaults;
  await given.pass(30 * minute);
  assert.equal(given.delivered.mail.length, 1);
});

test('a channel that is taken out of the settings is waited for no longer', async (t) => {
  const given = new Given(t);
  given.trouble.set('webhook', refuse);
  given.reasons = [down];
  await given.pass(3 * minute);
  given.names = ['mail'];
  await given.pass(30 * minute);
  assert.deepEqual(readKept(given.path)?.waiting, []);
  const tries = given.attempts.length;
  await given.pass(60 * minute);
  assert.equal(given.attempts.length, tries);
});

test('a full disk is no reason to be silent', async (t) => {
  const given = new Given(t);
  given.isDiskFull = true;
  given.reasons = [down, stuck];
  await given.pass(10 * minute);
  assert.equal(given.delivered.mail.length, 1);
  assert.equal(given.log.filter((line) => line.startsWith('notify.not-saved')).length, 1);
  given.isDiskFull = false;
  await given.pass(2 * minute);
  assert.equal(readKept(given.path)?.memory.told.length, 2);
});

test('a damaged file is not believed: reasons are told again', async (t) => {
  const given = new Given(t);
  for (const text of ['', '{', '{"version":2}', '[]', '\0'.repeat(100)]) {
    writeFileSync(given.path, text);
    assert.equal(readKept(given.path), null, text);
  }
  await given.restart();
  given.reasons = [down];
  await given.pass(3 * minute);
  assert.equal(given.delivered.mail.length, 1);
  assert.ok(given.log.some((line) => line.startsWith('notify.memory-lost')));
});

test('codes of another release are dropped, the rest of the file is believed', (t) => {
  const given = new Given(t);
  const other = { ...down, code: 'attention.of-tomorrow' };
  const memory = { holding: [down, other], told: [other, down], sentAt: [1], heldBack: 0 };
  writeFileSync(given.path, JSON.stringify({ version: 1, memory, waiting: [] }));
  assert.deepEqual(readKept(given.path)?.memory, { holding: [down], told: [down], sentAt: [1], heldBack: 0 });
});

test('a file of other mode or a leftover draft is replaced', (t) => {
  const given = new Given(t);
  writeFileSync(given.path, '{}');
  chmodSync(given.path, 0o666);
  writeFileSync(`${given.path}.new`, 'left');
  writeKept(given.path, nothingKept);
  assert.equal(statSync(given.path).mode & 0o777, 0o600);
  assert.deepEqual(JSON.parse(readFileSync(given.path, 'utf8')), { version: 1, ...nothingKept });
});

test('on a full disk the old file stays, and no draft is left', (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'notifier-disk-'));
  const isMounted = mountSmallDisk(t, disk, '256k');
  t.after(() => rmSync(disk, { recursive: true }));
  if (!isMounted) {
    t.skip('only root may mount a small disk');
    return;
  }
  const path = join(disk, 'notify.json');
  writeKept(path, nothingKept);
  const many = Array.from({ length: 10_000 }, () => down);
  const memory = { ...nothingKept.memory, told: many };
  assert.throws(() => writeKept(path, { ...nothingKept, memory }), { code: 'ENOSPC' });
  assert.deepEqual(readKept(path), nothingKept);
  assert.deepEqual(readdirSync(disk), ['notify.json']);
});
