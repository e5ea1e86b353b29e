import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemoryCentral } from '../testing/memory-central/index.ts';
import { parseName } from '../dns/name.ts';
import { quietContext } from '../testing/quiet-context.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { withBreaker } from './breaker.ts';
import { CentralError, type CallContext, type Central, type CentralErrorCode } from './central.ts';

function failure(code: CentralErrorCode): CentralError {
  return new CentralError(code, { state: 'unknown', retry: 'later', params: { text: 'because' } });
}

/**
 * A fake central behind a breaker. `failing` is the error that its next calls throw. `calls` counts the calls
 * that the breaker let through.
 */
function bench() {
  const clock = new VirtualClock();
  const inner = new MemoryCentral({ conditional: true });
  const state: { failing: CentralErrorCode | null; calls: number } = { failing: null, calls: 0 };
  inner.faults.before = () => {
    state.calls += 1;
    if (state.failing !== null) throw failure(state.failing);
  };
  const central = withBreaker(inner, clock);
  const outcome = async (): Promise<string> => {
    try {
      await central.listZones([], quietContext());
      return 'ok';
    } catch (error) {
      if (error instanceof CentralError) return error.code;
      throw error;
    }
  };
  return { clock, central, inner, state, outcome };
}

describe('breaker', () => {
  for (const code of ['central.unreachable', 'central.certificate', 'central.garbled'] as const) {
    it(`opens after two ${code} in a row and names it`, async () => {
      const b = bench();
      b.state.failing = code;
      assert.deepEqual(
        [await b.outcome(), await b.outcome(), await b.outcome()],
        [code, code, 'central.breaker-open'],
      );
      assert.equal(b.state.calls, 2);
      await assert.rejects(b.central.check(quietContext()), {
        code: 'central.breaker-open',
        state: 'untouched',
        retry: 'later',
        params: { cause: code, text: 'because' },
      });
    });
  }

  it('stays closed when failures are not in a row, or are refusals', async () => {
    const b = bench();
    for (let round = 0; round < 4; round += 1) {
      b.state.failing = 'central.unreachable';
      assert.equal(await b.outcome(), 'central.unreachable');
      b.state.failing = round % 2 === 0 ? null : 'central.refused';
      assert.notEqual(await b.outcome(), 'central.breaker-open');
    }
    b.state.failing = 'central.limit';
    for (let round = 0; round < 5; round += 1) assert.equal(await b.outcome(), 'central.limit');
  });

  it('knows when the central last answered, and since when it does not', async () => {
    const b = bench();
    assert.deepEqual(b.central.contact, { answeredAt: null, failingSince: null, triedAt: null });
    await b.outcome();
    const answeredAt = b.clock.wall();
    assert.deepEqual(b.central.contact, { answeredAt, failingSince: null, triedAt: answeredAt });
    b.clock.stepWall(10);
    b.state.failing = 'central.unreachable';
    await b.outcome();
    b.clock.stepWall(10);
    b.state.failing = 'central.login';
    await b.outcome();
    const failed = { answeredAt, failingSince: answeredAt + 10, triedAt: answeredAt + 20 };
    assert.deepEqual(b.central.contact, failed);
    // A call that is not sent shows nothing about the central.
    assert.equal(await b.outcome(), 'central.login-blocked');
    assert.deepEqual(b.central.contact, failed);
    b.state.failing = 'central.refused';
    await b.clock.runUntil(b.clock.now() + 15 * 60_000);
    await b.outcome();
    const now = b.clock.wall();
    assert.deepEqual(b.central.contact, { answeredAt: now, failingSince: null, triedAt: now });
  });

  it('issue 11.5: ends a call that goes on after its signal, and lets the next ones through', async () => {
    const zone = parseName('example.org.');
    const change = { zone, remove: [], add: [] };
    const calls: readonly [
      CentralError['state'],
      (central: Central, ctx: CallContext) => Promise<unknown>,
    ][] = [
      ['untouched', async (central, ctx) => await central.listZones([], ctx)],
      ['untouched', async (central, ctx) => await central.signing(zone, ctx)],
      ['unknown', async (central, ctx) => await central.apply(change, [], ctx)],
      ['unknown', async (central, ctx) => await central.deleteZone(zone, ctx)],
    ];
    for (const [state, call] of calls) {
      const { clock, central, inner, outcome } = bench();
      const deadline = new AbortController();
      inner.faults.before = async () => {
        deadline.abort();
        await new Promise<never>(() => undefined);
      };
      const ended = assert.rejects(call(central, { ...quietContext(), signal: deadline.signal }), {
        code: 'central.unreachable',
        state,
      });
      await clock.runUntilSettled(ended, 10_000);
      inner.faults.before = () => undefined;
      assert.equal(await outcome(), 'ok');
      assert.equal(clock.pending, 0);
    }
  });

  it('lets one call through every 5 s and closes at its success', async () => {
    const b = bench();
    b.state.failing = 'central.unreachable';
    await b.outcome();
    await b.outcome();
    await b.clock.runUntil(4_999);
    assert.equal(await b.outcome(), 'central.breaker-open');
    await b.clock.runUntil(5_000);
    assert.equal(await b.outcome(), 'central.unreachable');
    assert.equal(await b.outcome(), 'central.breaker-open');
    await b.clock.runUntil(10_000);
    b.state.failing = null;
    assert.deepEqual([await b.outcome(), await b.outcome()], ['ok', 'ok']);
    b.state.failing = 'central.unreachable';
    assert.deepEqual([await b.outcome(), await b.outcome()], ['central.unreachable', 'central.unreachable']);
  });

  it('never has two probes at once', async () => {
    const b = bench();
    b.state.failing = 'central.unreachable';
    await b.outcome();
    await b.outcome();
    await b.clock.runUntil(5_000);
    b.state.failing = null;
    b.inner.faults.before = async () => {
      b.state.calls += 1;
      await b.clock.sleep(100);
    };
    const probe = b.outcome();
    assert.equal(await b.outcome(), 'central.breaker-open');
    assert.equal(await b.clock.runUntilSettled(probe), 'ok');
    assert.equal(b.state.calls, 3);
  });

  it('stops logging in after a refused login: one attempt after 15 minutes, then hourly', async () => {
    const b = bench();
    b.state.failing = 'central.login';
    const attempts: number[] = [];
    for (let minute = 0; minute < 200; minute += 1) {
      await b.clock.runUntil(minute * 60_000);
      const before = b.state.calls;
      const code = await b.outcome();
      if (b.state.calls > before) attempts.push(minute);
      else assert.equal(code, 'central.login-blocked');
    }
    assert.deepEqual(attempts, [0, 15, 75, 135, 195]);
    await b.clock.runUntil(255 * 60_000);
    b.state.failing = null;
    assert.deepEqual([await b.outcome(), await b.outcome()], ['ok', 'ok']);
  });

  it('keeps the login blocked while the central is down, and tries again every 5 s then', async () => {
    const b = bench();
    b.state.failing = 'central.login';
    await b.outcome();
    await b.clock.runUntil(15 * 60_000);
    b.state.failing = 'central.unreachable';
    assert.deepEqual(
      [await b.outcome(), await b.outcome()],
      ['central.unreachable', 'central.login-blocked'],
    );
    await b.clock.runUntil(15 * 60_000 + 5_000);
    b.state.failing = null;
    assert.equal(await b.outcome(), 'ok');
  });

  it('does not count calls whose deadline was over before they began', async () => {
    const b = bench();
    const ctx = { signal: AbortSignal.abort(new Error('deadline')), operation: '-' };
    for (let round = 0; round < 3; round += 1) {
      await assert.rejects(b.central.listZones([], ctx), { code: 'central.unreachable' });
    }
    assert.equal(await b.outcome(), 'ok');
  });

  it('counts the failures of changes with an expectation, and sends none while it is open', async () => {
    const b = bench();
    const { conditional } = b.central;
    assert.ok(conditional !== undefined);
    const zone = parseName('example.org.');
    const condition = { expected: { names: new Set([zone]), types: null, records: [] }, key: 'key' };
    const apply = async (): Promise<unknown> =>
      await conditional.apply({ zone, remove: [], add: [] }, condition, quietContext());
    assert.deepEqual(await apply(), { found: null });
    b.state.failing = 'central.unreachable';
    await assert.rejects(apply(), { code: 'central.unreachable', state: 'unknown' });
    await assert.rejects(conditional.outcome(zone, 'key', quietContext()), { code: 'central.unreachable' });
    await assert.rejects(apply(), { code: 'central.breaker-open', state: 'untouched' });
    await assert.rejects(conditional.outcome(zone, 'key', quietContext()), { code: 'central.breaker-open' });
    assert.equal(b.state.calls, 3);
  });

  it('passes every other method on', async () => {
    const { central, inner } = bench();
    const [zone] = inner.store.zones();
    assert.equal(zone, undefined);
    assert.equal(central.traits, inner.traits);
    assert.equal(central.id, inner.id);
    await central.close();
    await assert.rejects(inner.listZones([], quietContext()), CentralError);
  });
});
