/**
 * Issue 11.8: tests of a new zone below a zone whose wildcard answers the same names. PowerDNS runs without
 * caches. A client queries such a name all the time, and must never get an empty answer.
 */
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { test, type TestContext } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { missingFor } from '../../src/testing/stage/server-registry.ts';
import { endProcess, makeStage, until, type Stage } from '../../src/testing/stage/stage.ts';
import { address } from '../../src/testing/stage/panel-words.ts';
import { startProxy, type HttpProxy, type Message } from '../../src/testing/proxies/http.ts';
import { startPowerdns, type Powerdns } from '../../src/testing/servers/powerdns.ts';

/** Turns off the caches, so that the server answers with what it has now. */
const extra = 'cache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0';
/**
 * Grace of undos in seconds. It is longer than these tests wait. If work waited for the grace, the test would
 * fail.
 */
const grace = '600';
const [before, own] = ['192.0.2.9', '192.0.2.80'];
const skip = missingFor('powerdns');
/** The tests wait at most so many milliseconds, because the machine may be busy. */
const patience = 120_000;

interface Scene {
  readonly stage: Stage;
  readonly server: Powerdns;
  /** A proxy between the plugin and the server. */
  readonly proxy: HttpProxy;
}

/**
 * When the next request comes that creates a zone, calls `act` instead of sending it on. Resolves when `act`
 * has ended.
 */
async function whenPosted(
  proxy: HttpProxy,
  act: (pass: () => Promise<Message>) => Promise<Message | void>,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    proxy.behaviour = async ({ method }, pass) => {
      if (method !== 'POST') return undefined;
      proxy.behaviour = undefined;
      const answer = act(pass);
      answer.then(() => resolve(), reject);
      return (await answer) ?? 'cut';
    };
  });
}

/**
 * Opens a scene in which both sides have `example.org` with a wildcard, which answers for every name below
 * it.
 */
async function scene(t: TestContext, panel: 'v4' | 'v6'): Promise<Scene> {
  const server = await startPowerdns({ extra });
  const proxy = await startProxy(server.url);
  const stage = await makeStage({ panel, sync: { grace } });
  t.after(async () => {
    await stage.stop();
    await proxy.close();
    await server.dispose();
  });
  await stage.install();
  stage.configure({
    kind: 'powerdns',
    host: proxy.url,
    username: 'alice',
    password: server.apiKey,
    fingerprint: '',
  });
  await until('the zone above', async () => (await stage.atPanel.makeZone('example.org')).ok, patience);
  await until('its content', async () => (await ask(server, 'www.example.org')) === own, patience);
  assert.ok((await stage.atPanel.save('example.org', address('*', before))).ok);
  await until('its wildcard', async () => (await ask(server, 'www.a.example.org')) === before, patience);
  return { stage, server, proxy };
}

/**
 * Queries the address of a name.
 * @returns the addresses, or the code of the error if the server gives none
 */
async function ask({ port }: Powerdns, name: string): Promise<string> {
  const resolver = new Resolver({ timeout: 30_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  try {
    return (await resolver.resolve4(name)).join();
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

interface Watcher {
  /** All answers so far, in order. */
  readonly answers: readonly string[];
  readonly stop: () => Promise<readonly string[]>;
}

/** Queries a name in two loops until `stop`. */
function watch(server: Powerdns, name: string): Watcher {
  const answers: string[] = [];
  const ending = new AbortController();
  const loops = [1, 2].map(async () => {
    while (!ending.signal.aborted) {
      answers.push(await ask(server, name));
      await breathe();
    }
  });
  return {
    answers,
    stop: async () => {
      ending.abort();
      await Promise.all(loops);
      return answers;
    },
  };
}

function assertNeverEmpty(answers: readonly string[]): void {
  assert.ok(answers.length > 5, `${answers.length} answers`);
  assert.deepEqual([...new Set(answers)], [before, own]);
}

for (const panel of ['v4', 'v6'] as const) {
  test(`issue 11.8: ${panel}, a new zone is never served empty`, { skip, timeout: 900_000 }, async (t) => {
    const { stage, server, proxy } = await scene(t, panel);
    const agentRuns = async (host: string): Promise<void> => {
      const save = async (): Promise<boolean> =>
        (await stage.atPanel.save('example.org', address(host, own))).ok;
      await until('an agent', save, patience);
    };
    const made = async (zone: string, kept: () => Promise<void> = async () => {}): Promise<void> => {
      const watcher = watch(server, `www.${zone}`);
      const answer = await stage.atPanel.makeZone(zone);
      assert.ok(answer.ok, answer.error?.text);
      await kept();
      await until('the content', () => watcher.answers.includes(own), patience);
      assertNeverEmpty(await watcher.stop());
    };
    await t.test('while the agent runs, in one request', async () => {
      await made('sub.example.org');
      const posts = proxy.requests.filter(
        ({ method, body }) => method === 'POST' && body.includes('"sub.example.org."'),
      );
      assert.equal(posts.length, 1);
      assert.match(posts[0]?.body ?? '', /"www\.sub\.example\.org\."/u);
    });
    await t.test('right after a start of the agent', async () => {
      const pid = await stage.agent();
      assert.ok(pid !== null);
      await endProcess(pid);
      await agentRuns('up');
      await made('next.example.org');
    });
    for (const lands of [true, false]) {
      await t.test(`killed when the request ${lands ? 'has landed' : 'is sent'}`, async () => {
        const pid = await stage.agent();
        assert.ok(pid !== null);
        const killed = whenPosted(proxy, async (pass) => {
          if (lands) await pass();
          await endProcess(pid, 'SIGKILL');
        });
        const zone = `killed${lands ? 1 : 2}.example.org`;
        await made(zone, async () => {
          await killed;
          await agentRuns(`up${lands ? 1 : 2}`);
        });
        const shown = async (): Promise<unknown> =>
          JSON.parse(await stage.domainsync('--json', 'zone', zone));
        await until('the end', async () => /"synced"/u.test(JSON.stringify(await shown())), patience);
      });
    }
    await t.test('refused after the panel kept it: the panel is put back', async () => {
      const zone = 'late.example.org';
      const watcher = watch(server, `www.${zone}`);
      // A request of another account creates the zone first.
      const taken = whenPosted(proxy, async (pass) => {
        const body = { name: `${zone}.`, kind: 'Native', account: 'bob', nameservers: ['ns1.example.net.'] };
        await watcher.stop();
        assert.equal((await server.call('POST', '/zones', body)).status, 201);
        return await pass();
      });
      assert.ok((await stage.atPanel.makeZone(zone)).ok);
      await taken;
      await until('the panel put back', () => !stage.panel.zones().includes(zone), patience);
      assert.deepEqual([...new Set(watcher.answers)], [before]);
      assert.equal((await server.call('GET', `/zones/${zone}.`)).status, 200, 'his zone stays');
      assert.match(await stage.domainsync('history'), /late\.example\.org/u);
    });
  });
}
