import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WriteLimit } from './write-limit.ts';

/** A server that takes some time for each write, and some more for each other write that runs. */
class FakeServer {
  now = 0;
  readonly limit = new WriteLimit(() => this.now);
  readonly #each: number;

  /** @param each how long a write holds up the others, milliseconds */
  constructor(each: number) {
    this.#each = each;
  }

  /** Sends many writes, as many at once as the limit allows. */
  async send(times: number, status = 204, line = 20): Promise<void> {
    for (let at = 0; at < times; at += 1) {
      const took = line + this.#each * this.limit.most;
      await this.limit.learnFrom(
        async () => {
          this.now += took;
          return await Promise.resolve({ status });
        },
        () => true,
      );
    }
  }
}

test('where the line takes the time, more and more writes run at once', async () => {
  const server = new FakeServer(0.1);
  assert.equal(server.limit.most, 1);
  await server.send(1);
  assert.equal(server.limit.most, 2);
  await server.send(100);
  assert.equal(server.limit.most, 4);
});

test('where the server takes the time, one write runs at a time', async () => {
  const near = new FakeServer(2);
  await near.send(1_000, 204, 0);
  assert.equal(near.limit.most, 1);
});

test('where the server lets them wait, fewer run at once', async () => {
  const server = new FakeServer(15);
  await server.send(1_000, 204, 10);
  assert.ok(server.limit.most >= 2 && server.limit.most < 4, String(server.limit.most));
});

test('a failure: one at a time, for a while that doubles', async () => {
  const server = new FakeServer(0.1);
  await server.send(100);
  assert.ok(server.limit.most > 2);
  for (const rest of [60_000, 120_000, 240_000]) {
    const failedAt = server.now;
    await server.send(1, 500, 0);
    assert.equal(server.limit.most, 1);
    // A failure of a write that was sent before the first one counts as the same.
    await server.send(1, 500, 0);
    while (server.now < failedAt + rest - 1_000) await server.send(1);
    assert.equal(server.limit.most, 1);
    while (server.now < failedAt + rest + 1_000) await server.send(1);
    assert.ok(server.limit.most > 1);
  }
});

test('a write without an answer is a failure', async () => {
  const server = new FakeServer(0.1);
  await server.send(100);
  await assert.rejects(
    server.limit.learnFrom(
      async () => await Promise.reject<{ status: number }>(new Error('reset')),
      () => true,
    ),
    /reset/u,
  );
  assert.equal(server.limit.most, 1);
});

test('after a write that takes a second, half as many run at once', async () => {
  const server = new FakeServer(0.1);
  await server.send(100);
  const stalledAt = server.now;
  await server.send(1, 204, 1_000);
  assert.equal(server.limit.most, 2);
  while (server.now < stalledAt + 60_000) await server.send(1);
  assert.equal(server.limit.most, 2);
  await server.send(200);
  assert.equal(server.limit.most, 4);
});

test('writes for which nobody waits teach nothing, and refused ones are no failures', async () => {
  const server = new FakeServer(0.1);
  for (let at = 0; at < 100; at += 1)
    await server.limit.learnFrom(
      async () => await Promise.resolve({ status: 204 }),
      () => false,
    );
  assert.equal(server.limit.most, 1);
  await server.send(50, 422);
  assert.ok(server.limit.most > 1);
});
