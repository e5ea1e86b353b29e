/** Issue 16, rotation: tests when the next secret is tried, and how often a login is refused at most. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CentralErrorCode } from '../core/central.ts';
import { centralRefusal, hasCode, outage } from './errors.ts';
import { otherSecret, Secrets } from './secrets.ts';

const quiet = new AbortController().signal;

/** A central that accepts some secrets, and records each login. After `hold`, it answers only at `answer`. */
class Scene {
  accepts: readonly string[] = ['old'];
  /** Thrown for an accepted login. */
  failure: Error | null = null;
  readonly logins: string[] = [];
  readonly changes: boolean[] = [];
  readonly secrets: Secrets<string>;
  #held: (() => void)[] | null = null;

  constructor(next: string | null = 'new') {
    this.secrets = new Secrets('old', next, (isNext) => this.changes.push(isNext));
  }

  /** Holds back answers until `answer`. */
  hold(): void {
    this.#held = [];
  }

  answer(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const go of held) go();
  }

  async ask(signal = quiet): Promise<string> {
    return await this.secrets.use(signal, async (secret) => {
      this.logins.push(secret);
      const isAccepted = this.accepts.includes(secret);
      const held = this.#held;
      if (held !== null) await new Promise<void>((go) => held.push(go));
      if (!isAccepted) throw centralRefusal('central.login', { text: secret });
      if (this.failure !== null) throw this.failure;
      return secret;
    });
  }

  async codeOf(): Promise<CentralErrorCode | null> {
    try {
      await this.ask();
      return null;
    } catch (error) {
      for (const code of ['central.login', 'central.missing', 'central.unreachable'] as const)
        if (hasCode(error, code)) return code;
      throw error;
    }
  }
}

test('issue 16, rotation: the next secret is tried in the same request, then used; back the same way', async () => {
  const scene = new Scene();
  assert.equal(await scene.ask(), 'old');
  scene.accepts = ['new'];
  assert.equal(await scene.ask(), 'new');
  assert.equal(await scene.ask(), 'new');
  assert.deepEqual(scene.logins, ['old', 'old', 'new', 'new']);
  scene.accepts = ['old'];
  assert.equal(await scene.ask(), 'old');
  assert.deepEqual(scene.changes, [true, false]);
});

test('issue 16, rotation: with both refused two logins are tried, and the first error is told', async () => {
  const scene = new Scene();
  scene.accepts = [];
  await assert.rejects(scene.ask(), { code: 'central.login', params: { text: 'old' } });
  assert.deepEqual(scene.logins, ['old', 'new']);
  assert.deepEqual(scene.changes, []);
  const alone = new Scene(null);
  alone.accepts = [];
  assert.equal(await alone.codeOf(), 'central.login');
  assert.deepEqual(alone.logins, ['old']);
});

test('issue 16, rotation: of many requests under way one tries the next secret', async () => {
  const scene = new Scene();
  scene.hold();
  scene.accepts = ['new'];
  const asked = Array.from({ length: 5 }, () => scene.ask());
  scene.answer();
  assert.deepEqual(
    await Promise.all(asked),
    Array.from({ length: 5 }, () => 'new'),
  );
  assert.deepEqual(scene.changes, [true]);
  const refused = new Scene();
  refused.hold();
  refused.accepts = [];
  const failed = Array.from({ length: 5 }, () => refused.codeOf());
  refused.answer();
  assert.deepEqual(new Set(await Promise.all(failed)), new Set(['central.login']));
  assert.equal(refused.logins.filter((one) => one === 'new').length, 1);
  // A later request, such as a probe of the breaker, tries both secrets again.
  refused.accepts = ['new'];
  assert.equal(await refused.ask(), 'new');
});

test('issue 16, rotation: an answer that is no refused login shows that the secret is right; silence does not', async () => {
  const scene = new Scene();
  scene.accepts = ['new'];
  scene.failure = outage('central.unreachable');
  assert.equal(await scene.codeOf(), 'central.unreachable');
  assert.deepEqual(scene.changes, []);
  scene.failure = centralRefusal('central.missing');
  assert.equal(await scene.codeOf(), 'central.missing');
  assert.deepEqual(scene.changes, [true]);
  assert.equal(await scene.codeOf(), 'central.missing');
  assert.deepEqual(scene.logins, ['old', 'new', 'old', 'new', 'new']);
  scene.failure = new TypeError('a defect');
  await assert.rejects(scene.ask(), TypeError);
});

test('issue 16, rotation: a request whose deadline passes while another one tries does not go out again', async () => {
  const scene = new Scene();
  scene.accepts = [];
  const late = new AbortController();
  scene.hold();
  const [first, second] = [scene.codeOf(), scene.ask(late.signal)];
  const trial = scene.logins.length;
  scene.answer();
  scene.hold();
  late.abort();
  await assert.rejects(second, { code: 'central.unreachable', state: 'untouched' });
  assert.equal(scene.logins.length, trial + 1);
  scene.answer();
  assert.equal(await first, 'central.login');
});

test('issue 16, rotation: a next secret that is empty or the same is none', () => {
  assert.equal(otherSecret({ password: 'a', passwordNext: '' }), null);
  assert.equal(otherSecret({ password: 'a', passwordNext: 'a' }), null);
  assert.equal(otherSecret({ password: 'a', passwordNext: 'b' }), 'b');
  assert.deepEqual(new Secrets('a', null).all, ['a']);
  assert.deepEqual(new Secrets('a', 'b').all, ['a', 'b']);
});
