/**
 * Issue 11.8, at a real PowerDNS without caches: a name that the zone above answers is asked for all the time while a zone of that name
 * is made in the panel. No answer is ever empty.
 */
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { test, type TestContext } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { missingFor } from '../../demo/server-stage.ts';
import { endProcess, makeStage, until, type Stage } from '../../demo/stage.ts';
import { address } from '../../demo/words.ts';
import { startPowerdns, type Powerdns } from '../../src/testing/servers/powerdns.ts';

/** So that each answer is what the server has at that moment. */
const extra = 'cache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0';
/** Longer than any wait here: whoever waits for the grace of undos comes too late. */
const grace = '600';
const [before, own] = ['192.0.2.9', '192.0.2.80'];
const skip = missingFor('powerdns');

interface Scene {
  readonly stage: Stage;
  readonly server: Powerdns;
}

/** Both sides have `example.org`, whose wildcard answers every name below it. */
async function scene(t: TestContext, panel: 'v4' | 'v6'): Promise<Scene> {
  const server = await startPowerdns({ extra });
  const stage = await makeStage({ panel, sync: { grace } });
  t.after(async () => {
    await stage.stop();
    await server.dispose();
  });
  await stage.install();
  stage.configure({
    kind: 'powerdns',
    host: server.url,
    username: 'alice',
    password: server.apiKey,
    fingerprint: '',
  });
  await until('the zone above', async () => (await stage.atPanel.makeZone('example.org')).ok, 120_000);
  await until('its content', async () => (await ask(server, 'www.example.org')) === own, 120_000);
  assert.ok((await stage.atPanel.save('example.org', address('*', before))).ok);
  await until('its wildcard', async () => (await ask(server, 'www.a.example.org')) === before, 120_000);
  return { stage, server };
}

/** The address that the server answers; else why there is none. */
async function ask({ port }: Powerdns, name: string): Promise<string> {
  const resolver = new Resolver({ timeout: 30_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  try {
    return (await resolver.resolve4(name)).join();
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

/** Asks for a name in two loops until `stop`, which gives everything that was answered, one after the other. */
function watch(server: Powerdns, name: string): { readonly stop: () => Promise<readonly string[]> } {
  const answers: string[] = [];
  const ending = new AbortController();
  const loops = [1, 2].map(async () => {
    while (!ending.signal.aborted) {
      answers.push(await ask(server, name));
      await breathe();
    }
  });
  return {
    stop: async () => {
      ending.abort();
      await Promise.all(loops);
      return answers;
    },
  };
}

function assertNeverEmpty(answers: readonly string[]): void {
  assert.ok(answers.length > 20, `${answers.length} answers`);
  assert.deepEqual([...new Set(answers)], [before, own]);
}

for (const panel of ['v4', 'v6'] as const) {
  test(`issue 11.8: ${panel}, a new zone is never served empty`, { skip, timeout: 600_000 }, async (t) => {
    const { stage, server } = await scene(t, panel);
    const made = async (zone: string): Promise<void> => {
      const watcher = watch(server, `www.${zone}`);
      const answer = await stage.atPanel.makeZone(zone);
      assert.ok(answer.ok, answer.error?.text);
      await until('the content', async () => (await ask(server, `www.${zone}`)) === own, 120_000);
      assertNeverEmpty(await watcher.stop());
    };
    await t.test('while the agent runs', async () => await made('sub.example.org'));
    await t.test('right after a start of the agent', async () => {
      const pid = await stage.agent();
      assert.ok(pid !== null);
      await endProcess(pid);
      await until(
        'an agent',
        async () => (await stage.atPanel.save('example.org', address('up', own))).ok,
        120_000,
      );
      await made('next.example.org');
    });
    await t.test('killed right after the panel has kept it', async () => {
      const zone = 'killed.example.org';
      const watcher = watch(server, `www.${zone}`);
      assert.ok((await stage.atPanel.makeZone(zone)).ok);
      const pid = await stage.agent();
      assert.ok(pid !== null);
      await endProcess(pid, 'SIGKILL');
      await until(
        'an agent',
        async () => (await stage.atPanel.save('example.org', address('up2', own))).ok,
        120_000,
      );
      await until('the content', async () => (await ask(server, `www.${zone}`)) === own, 120_000);
      assertNeverEmpty(await watcher.stop());
      await until(
        'both sides',
        async () => /synced|joined/u.test(await stage.domainsync('zone', zone)),
        120_000,
      );
    });
  });

  test(
    `issue 11.8: ${panel}, a refusal that comes after the panel kept it puts the panel back`,
    { skip, timeout: 600_000 },
    async (t) => {
      const { stage, server } = await scene(t, panel);
      const zone = 'late.example.org';
      const watcher = watch(server, `www.${zone}`);
      assert.ok((await stage.atPanel.makeZone(zone)).ok);
      // Somebody else is quicker at the provider.
      const body = { name: `${zone}.`, kind: 'Native', account: 'bob', nameservers: ['ns1.example.net.'] };
      const { status } = await server.call('POST', '/zones', body);
      await watcher.stop();
      if (status !== 201) return t.diagnostic('the product was quicker: nothing to see');
      await until('the panel put back', () => !stage.panel.zones().includes(zone), 120_000);
      assert.match(await stage.domainsync('history'), /zone\.foreign|somebody else|another/iu);
      assert.equal((await server.call('GET', `/zones/${zone}.`)).status, 200, 'his zone stays');
    },
  );
}
