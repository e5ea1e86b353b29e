/**
 * Tests checks with real name servers: a primary that is written to, secondaries that follow by NOTIFY, and
 * data that queries cannot show.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { systemClock } from '../../app/wiring/clock.ts';
import { checkNameServers } from '../../app/doctor/name-servers.ts';
import type { Central, CallContext } from '../../core/central.ts';
import { baselineFact } from '../../core/engine/before/unknown-zone.ts';
import { Engine } from '../../core/engine/engine.ts';
import { defaultEngineSettings } from '../../core/engine/settings.ts';
import { parseName, type DnsName } from '../../dns/name.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../dns/record.ts';
import { MemoryJournal } from '../../testing/memory-journal.ts';
import { quietContext } from '../../testing/quiet-context.ts';
import { centralAt } from '../../testing/accounts/name-server.ts';
import { startKnot } from '../../testing/servers/knot.ts';
import { makeKey, type NameServer } from '../../testing/servers/name-server.ts';
import { startNamed, type Named } from '../../testing/servers/named.ts';
import { freePort, missingPrograms, runProgram, until } from '../../testing/servers/process.ts';
import { Random } from '../../testing/simulator/random.ts';
import { PanelStore, SimPanel } from '../../testing/simulator/sim-panel.ts';
import { recordsEvent } from '../../testing/simulator/edits.ts';
import { goalsOf } from './goal.ts';
import { withVerification } from './index.ts';
import { askServer, type AskedServer } from './ask.ts';
import { askedServer } from './server.ts';
import { Verifier } from './verifier.ts';
import { patience } from '../../testing/patience.ts';

const zone = parseName('example.org.');
const skip = missingPrograms('named', 'rndc', 'knotd', 'knotc', 'dig');

function record(name: string, type: string, rdata: string, ttl = 3_600): ResourceRecord {
  return makeRecord({ name, type, rdata, ttl }, zone);
}

const a = (name: string, last: number): ResourceRecord => record(name, 'A', `192.0.2.${last}`);

function asked(server: Pick<NameServer, 'port'>): AskedServer {
  return askedServer(`127.0.0.1:${server.port}`, { host: '127.0.0.1', port: server.port });
}

async function stateAt(
  server: Pick<NameServer, 'port'>,
  removed: readonly ResourceRecord[],
  added: readonly ResourceRecord[],
  of: DnsName = zone,
): Promise<string> {
  const one = asked(server);
  const [goal, ...others] = goalsOf(of, { removed, added });
  assert.ok(goal !== undefined && others.length === 0);
  try {
    return (await askServer(one, goal, AbortSignal.timeout(patience))).state;
  } finally {
    one.close();
  }
}

interface Group {
  readonly primary: Named;
  readonly secondaries: readonly NameServer[];
  /** Makes a central from the primary, with a verifier that queries all three servers for each write. */
  readonly central: (strict: number | null, limit?: number) => { central: Central; verifier: Verifier };
}

/** Starts a BIND primary with a BIND and a Knot secondary. All three serve the zone. */
async function startGroup(t: { after: (body: () => Promise<void>) => void }): Promise<Group> {
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const key = makeKey();
  const primary = await startNamed({
    port: ports[0],
    secondaries: ports.slice(1),
    keys: [key],
    zones: [{ zone, records: 'www A 192.0.2.1' }],
    extra: 'notify-delay 0; startup-notify-rate 1000; notify-rate 1000;',
  });
  t.after(() => primary.dispose());
  const options = { primary: ports[0], zones: [{ zone }] };
  const secondaries = [
    await startNamed({ ...options, port: ports[1] }),
    await startKnot({ ...options, port: ports[2] }),
  ];
  for (const one of secondaries) t.after(() => one.dispose());
  for (const one of secondaries) await until(async () => (await stateAt(one, [], [a('www', 1)])) === 'live');
  return {
    primary,
    secondaries,
    central: (strict, limit = patience) => {
      const verifier = new Verifier({
        servers: [primary, ...secondaries].map(asked),
        clock: systemClock,
        log: () => undefined,
        limit,
        strict,
      });
      const central = withVerification(centralAt(primary, key), verifier);
      t.after(() => central.close());
      return { central, verifier };
    },
  };
}

async function write(
  central: Central,
  remove: readonly ResourceRecord[],
  add: readonly ResourceRecord[],
  ctx: Partial<CallContext> = {},
): Promise<void> {
  const full = { ...quietContext(), operation: 'op', ...ctx };
  const present = await central.readNames(
    zone,
    [...remove, ...add].map(({ name }) => name),
    full,
  );
  await central.apply({ zone, remove, add }, present ?? [], full);
}

test('a write is live once NOTIFY has reached every secondary', { skip }, async (t) => {
  const { central: make } = await startGroup(t);
  const { central, verifier } = make(null);
  await write(
    central,
    [a('www', 1)],
    [a('www', 2), record('привет', 'TXT', '"да"'), record('@', 'MX', '10 mail.example.net.')],
  );
  await until(async () => await Promise.resolve(verifier.outcome('op')?.state !== 'asking'));
  assert.equal(verifier.outcome('op')?.state, 'live');
  assert.deepEqual(
    verifier.outcome('op')?.servers.map(({ state }) => state),
    ['live', 'live', 'live'],
  );
  const long = Array.from({ length: 40 }, (_, at) =>
    record('long', 'TXT', `"${String(at).padStart(200, 'x')}"`),
  );
  await write(central, [], long, { operation: 'op2' });
  await until(async () => await Promise.resolve(verifier.outcome('op2')?.state === 'live'));
});

test('a secondary that is halted, and one that is killed: live at the others', { skip }, async (t) => {
  const { central: make, secondaries } = await startGroup(t);
  const [bind, knot] = secondaries;
  assert.ok(bind !== undefined && knot !== undefined);
  const { central, verifier } = make(null, 5_000);
  await bind.halt();
  await knot.stop('SIGKILL');
  await write(central, [], [a('ftp', 1)]);
  await until(async () => await Promise.resolve(verifier.outcome('op')?.state === 'behind'));
  assert.deepEqual(
    verifier.outcome('op')?.servers.map(({ state }) => state),
    ['live', 'silent', 'silent'],
  );
  assert.deepEqual(verifier.status().behind[0]?.names, [a('ftp', 1).name]);
  bind.resume();
});

test(
  'strict, through the engine: refused and taken back within the deadline, kept when live',
  { skip },
  async (t) => {
    const { central: make, secondaries, primary } = await startGroup(t);
    const { central } = make(10_000);
    const panel = new PanelStore();
    const held = [record('@', 'NS', 'ns1.example.net.'), record('@', 'NS', 'ns2.example.net.'), a('www', 1)];
    panel.zones.set(zone, new Map(held.map((one) => [recordId(one), one])));
    const journal = new MemoryJournal();
    const engine = new Engine({
      panel: new SimPanel(panel, systemClock, new Random(1), { dead: false }),
      central,
      journal,
      clock: systemClock,
      log: () => undefined,
      random: Math.random,
      settings: defaultEngineSettings,
    });
    await engine.start();
    t.after(() => engine.stop());
    await until(async () => (await journal.fact(baselineFact)) !== null);
    const edit = async (last: number): ReturnType<Engine['answer']> => {
      const items = [{ remove: a('www', 1), add: a('www', last) }];
      const event = { kind: 'edits' as const, edits: [recordsEvent(zone, items, 'before')] };
      return await engine.answer(event, AbortSignal.timeout(30_000));
    };
    await secondaries[0]?.halt();
    const began = performance.now();
    const verdict = await edit(2);
    assert.ok(performance.now() - began < 30_000, String(performance.now() - began));
    assert.ok(verdict.kind === 'refuse', JSON.stringify(verdict));
    assert.deepEqual([verdict.problems[0]?.code, verdict.changed], ['central.not-live', 'nothing']);
    assert.equal(verdict.problems[0]?.params['servers'], `127.0.0.1:${secondaries[0]?.port}`);
    const present = await central.readNames(zone, [a('www', 1).name], quietContext());
    assert.deepEqual(
      present?.map(({ rdata }) => rdata),
      ['192.0.2.1'],
    );
    secondaries[0]?.resume();
    assert.deepEqual(await edit(3), { kind: 'accept' });
    for (const server of [primary, ...secondaries])
      assert.equal(await stateAt(server, [a('www', 1), a('www', 2)], [a('www', 3)]), 'live');
  },
);

const traps = `
www A 192.0.2.1
www A 192.0.2.2
*.wild A 192.0.2.1
real.wild A 192.0.2.1
real.wild A 192.0.2.7
alias CNAME www
*.many CNAME www
cut NS ns.cut
cut NS ns.example.net.
ns.cut A 192.0.2.5
moved DNAME elsewhere.example.net.
child NS ns.child
ns.child A 192.0.2.6
`;
const child = parseName('child', zone);

const starters = {
  bind: async () =>
    await startNamed({ keys: [makeKey()], zones: [{ zone, records: traps }, { zone: child }] }),
  knot: async () =>
    await startKnot({ keys: [makeKey()], zones: [{ zone, records: traps }, { zone: child }] }),
};

for (const [kind, start] of Object.entries(starters)) {
  describe(`what queries cannot show, ${kind}`, { skip }, () => {
    let server: NameServer;
    before(async () => {
      server = await start();
    });
    after(async () => await server.dispose());
    const expect = async (
      removed: readonly ResourceRecord[],
      added: readonly ResourceRecord[],
      state: string,
      of?: DnsName,
    ): Promise<void> => assert.equal(await stateAt(server, removed, added, of), state);

    test('records that are there, in whatever order, and records that are not', async () => {
      for (let time = 0; time < 4; time += 1) await expect([a('www', 9)], [a('www', 2), a('www', 1)], 'live');
      await expect([a('www', 1)], [], 'old');
      await expect([], [a('www', 3)], 'old');
      await expect([a('nothing', 3)], [], 'live');
      await expect([record('www', 'TXT', '"x"')], [], 'live');
    });

    test('wildcards: the same data from one cannot be told, other data can', async () => {
      await expect([a('gone.wild', 1)], [], 'live');
      await expect([a('deep.gone.wild', 1)], [], 'live');
      await expect([a('gone.wild', 3)], [], 'live');
      await expect([a('real.wild', 7)], [], 'old');
      await expect([record('any.many', 'CNAME', 'www')], [], 'live');
      await expect([record('any.many', 'CNAME', 'www')], [record('any.many', 'CNAME', 'ftp')], 'old');
    });

    test('an alias: its target’s data are not its own', async () => {
      await expect([a('alias', 1)], [], 'live');
      await expect([], [a('alias', 1)], 'old');
      await expect([], [record('alias', 'CNAME', 'www')], 'live');
      await expect([record('alias', 'CNAME', 'www')], [], 'old');
    });

    test('a delegation: its NS are seen, glue and what lies below are not', async () => {
      await expect([], [record('cut', 'NS', 'ns.example.net.')], 'live');
      await expect([record('cut', 'NS', 'ns.example.net.')], [], 'old');
      await expect([], [record('cut', 'DS', `1 13 2 ${'A'.repeat(64)}`)], 'old');
      await expect([a('ns.cut', 5)], [a('ns.cut', 9)], 'hidden');
      await expect([], [a('x.cut', 1)], 'hidden');
      await expect([], [record('cut', 'TXT', '"x"')], 'hidden');
      await expect([], [a('x.moved', 1)], 'hidden');
      await expect([], [record('moved', 'DNAME', 'elsewhere.example.net.')], 'live');
    });

    test('a delegation to a zone that the same server has', async () => {
      await expect([], [record('child', 'NS', 'ns.child')], 'hidden');
      await expect([a('ns.child', 5)], [a('ns.child', 6)], 'hidden');
      await expect([], [record('ns1', 'A', '192.0.2.1')], 'old');
    });

    test('a zone that the server does not have', async () => {
      const other = parseName('example.com.');
      await expect(
        [],
        [makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, other)],
        'unserved',
        other,
      );
    });
  });
}

test(
  'the doctor: who serves a zone, who does not, who is silent, who answers from a cache',
  { skip },
  async (t) => {
    const server = await startNamed({ zones: [{ zone }] });
    t.after(() => server.dispose());
    const resolver = await startResolver(t, server);
    const silent = { port: await freePort() };
    const look = async (
      servers: readonly { readonly port: number }[],
      of: DnsName | null,
      strict = false,
    ): Promise<string[]> =>
      (await checkNameServers(servers.map(asked), of, strict)).map(
        ({ state, text }) => `${state} ${text.replace(/127\.0\.0\.1:\d+/, 'ns')}`,
      );
    const [served, missing] = [await look([server], zone), await look([server], parseName('example.com.'))];
    assert.deepEqual(
      [...served, ...missing],
      ['ok ns serves example.org', 'warning ns does not serve example.com'],
    );
    assert.match((await look([silent], zone, true))[0] ?? '', /^problem ns does not answer/);
    assert.match(
      (await look([resolver], zone))[0] ?? '',
      /^warning ns answers for example\.org from a cache/,
    );
    assert.match((await look([server], null))[0] ?? '', /^note no zone/);
    assert.deepEqual(await look([], zone), []);
  },
);

/** Starts a recursive BIND that has the zone's data in its cache. */
async function startResolver(t: TestContext, server: Named): Promise<Named> {
  const forward = `forward only; forwarders port ${server.port} { 127.0.0.1; };`;
  const resolver = await startNamed({ extra: forward, recursion: true });
  t.after(() => resolver.dispose());
  await runProgram('dig', ['-p', String(resolver.port), '@127.0.0.1', zone, 'SOA']);
  return resolver;
}
