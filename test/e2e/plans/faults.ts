/**
 * Tests a first push during which something goes wrong: two operators, refusals, an overloaded central, and a
 * kill of the command or the agent.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import type { Generation, Sandbox } from '../../../sandbox/index.ts';
import { parseAnswer, type Answers } from '../../../src/app/control/protocol.ts';
import { startProxy, type HttpProxy } from '../../../src/testing/proxies/http.ts';
import { agreed, stands } from '../../../src/testing/stage/central-side.ts';
import { address } from '../../../src/testing/stage/panel-words.ts';
import { isServerKind, missingFor, type ServerKind } from '../../../src/testing/stage/server-registry.ts';
import { makeServerStage, type ServerStage } from '../../../src/testing/stage/server-stage.ts';
import { endProcess, makeStage, prepared, until, type AnyStage } from '../../../src/testing/stage/stage.ts';
import { settled, succeeded } from '../combinations/scene.ts';

interface Pair {
  readonly panel: 'v4' | 'v6';
  readonly central: Generation | ServerKind;
}

/** Faults that a test can cause in the writes at a central. */
interface Disturbance {
  /** From now on, the central carries out writes but does not answer them. */
  hold(): void;
  /** Makes the central refuse to create this zone; null: this central cannot be made to refuse. */
  readonly refuse: ((zone: string) => void) | null;
  /**
   * Makes the central reject this many creates of zones as too many at once; null: this central never does
   * this.
   */
  readonly overload: ((times: number) => void) | null;
  /** Ends all faults. */
  end(): void;
}

const www = address('www', '192.0.2.40');
const zonesOf = (group: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `${group}${at}.example`);
const [shared, refused, busy, killed] = [
  zonesOf('shared', 4),
  zonesOf('refused', 4),
  zonesOf('busy', 4),
  zonesOf('killed', 10),
];
const all = [...shared, ...refused, ...busy, ...killed];

/** Registers the tests for one pair of panel and central. They share one stage and run in the given order. */
export function testFaults({ panel, central }: Pair): void {
  const isServer = isServerKind(central);
  describe(
    `disturbed sends, ${panel} to ${central}`,
    { skip: isServer ? missingFor(central) : false },
    () => {
      let given: Given;
      before(async () => {
        given = isServer ? await serverGiven(panel, central) : await panelGiven(panel, central);
      });
      after(async () => {
        await given.stage.stop();
        await given.proxy?.close();
      });
      steps(() => given, central);
    },
  );
}

interface Given {
  readonly stage: AnyStage;
  readonly disturb: Disturbance;
  readonly proxy: HttpProxy | null;
}

async function panelGiven(panel: 'v4' | 'v6', central: Generation): Promise<Given> {
  const stage = await prepared(await makeStage({ panel, central }), (made) => prepare(made));
  return { stage, disturb: atPanel(() => stage.central), proxy: null };
}

async function serverGiven(panel: 'v4' | 'v6', central: ServerKind): Promise<Given> {
  const made = await makeServerStage({ panel, central });
  const proxy = central === 'powerdns' ? await startProxy(`http://127.0.0.1:${made.relay.port}`) : null;
  const stage = await prepared<ServerStage>(made, (one) =>
    prepare(one, proxy === null ? {} : { host: proxy.url }),
  );
  return { stage, disturb: proxy === null ? atRelay(stage) : atProxy(proxy), proxy };
}

function atPanel(central: () => Sandbox): Disturbance {
  const create = 'domain.edit';
  return {
    hold: () => central().faults.add({ func: create, effect: 'delay-after', ms: 8_000, count: null }),
    refuse: (name) =>
      central().faults.add({
        func: create,
        params: { name, sok: 'ok' },
        effect: 'refuse',
        count: null,
        code: 9,
        text: 'your provider \u202Ehas no room',
      }),
    overload: (count) =>
      central().faults.add({ func: create, params: { sok: 'ok' }, effect: 'bad-gateway', count }),
    end: () => central().faults.clear(),
  };
}

function atRelay({ relay }: ServerStage): Disturbance {
  return {
    hold: () => relay.withhold(),
    refuse: null,
    overload: null,
    end: () => {
      relay.answerAgain();
      relay.cut();
    },
  };
}

function atProxy(proxy: HttpProxy): Disturbance {
  const isCreate = ({ method, path }: HttpProxy['requests'][number]): boolean =>
    method === 'POST' && path.includes('/zones');
  const answer = (status: number, error: string) =>
    ({ status, contentType: 'application/json', body: JSON.stringify({ error }) }) as const;
  let held = Promise.withResolvers<undefined>();
  return {
    hold: () => {
      held = Promise.withResolvers();
      proxy.behaviour = async (request, pass) => {
        if (!isCreate(request)) return undefined;
        const given = await pass();
        await held.promise;
        return given;
      };
    },
    refuse: (zone) => {
      proxy.behaviour = async (request) =>
        await Promise.resolve(
          isCreate(request) && request.body.includes(`"${zone}."`)
            ? answer(422, 'your provider\u001Bhas no room')
            : undefined,
        );
    },
    overload: (times) => {
      let left = times;
      proxy.behaviour = async (request) => {
        if (!isCreate(request) || left === 0) return await Promise.resolve(undefined);
        left -= 1;
        return answer(429, 'too many requests');
      };
    },
    end: () => {
      proxy.behaviour = undefined;
      held.resolve(undefined);
    },
  };
}

async function prepare(stage: AnyStage, connection: Readonly<Record<string, string>> = {}): Promise<void> {
  const { panel, atPanel: user, there } = stage;
  Object.assign(panel.switches, { defaultHosts: ['@'], defaultMxRecords: false, defaultSpf: false });
  for (const zone of all) {
    succeeded(await user.makeZone(zone));
    succeeded(await user.save(zone, www));
  }
  if (!there.makesZones) await there.makeZones(all.map((name) => ({ name, records: [] })));
  await stage.install();
  stage.configure(connection);
  await until('the first comparison', async () =>
    /created at the central|changed at the central/u.test((await stage.ended('plan', 'shared0.example')).out),
  );
}

function steps(given: () => Given, central: string): void {
  const push = async (...args: readonly string[]): ReturnType<AnyStage['ended']> =>
    await given().stage.ended('push', ...args, '--yes');
  /** Repeats the push until it has nothing left to do. */
  const finished = async (...args: readonly string[]): Promise<void> => {
    await until('nothing to be left', async () => {
      const { status, out } = await push(...args);
      return status === 0 && /^Nothing to do\.$/mu.test(out);
    });
  };

  /** Checks that the central has each zone as the panel has it, and that one operation did this. */
  const onceEach = async (zones: readonly string[]): Promise<void> => {
    await settled(given().stage);
    for (const zone of zones) {
      assert.ok(await agreed(given().stage, zone), zone);
      const sent = (await operationsOf(given().stage, zone)).filter(({ state }) => state === 'confirmed');
      assert.equal(sent.length, 1, `${zone}: ${JSON.stringify(sent)}`);
    }
  };

  test('issue 17, plan: a panel that cannot be read is told in words, and a short failure is waited out', async () => {
    const { stage } = given();
    const { faults } = stage.panel;
    const fault = {
      func: stage.atPanel.words.list,
      params: { elid: 'shared0.example' },
      via: 'mgrctl',
    } as const;
    faults.add({ ...fault, effect: 'refuse', code: 9, text: 'the list is being rebuilt', count: null });
    const told = await stage.ended('plan', 'shared0.example');
    faults.clear();
    assert.equal(told.status, 1, told.out);
    assert.match(told.err, /The panel refused the request.*the list is being rebuilt.*\[panel\.refused\]/u);
    faults.add({ ...fault, effect: 'empty', count: 1 });
    const { status, out } = await stage.ended('plan', 'shared0.example');
    faults.clear();
    assert.equal(status, 0, out);
    assert.match(out, /created at the central|changed at the central/u);
  });

  test('issue 17, push: two operators at once send each zone once, and neither says what is not so', async () => {
    const both = await Promise.all([push(...shared), push(...shared)]);
    for (const { status, out, err } of both)
      assert.equal(
        status === 0,
        !/meanwhile and left|failed|not tried|not known/u.test(out),
        `${out}\n${err}`,
      );
    await finished(...shared);
    await onceEach(shared);
  });

  // At BIND only the provider creates zones, so the central gets no create that it could refuse.
  if (central !== 'bind') {
    test('issue 17, push: what the central refuses is told with its words, and stops nothing', async () => {
      const { disturb, stage } = given();
      const [, second = ''] = refused;
      assert.ok(disturb.refuse !== null);
      disturb.refuse(second);
      const { status, out } = await push(...refused);
      assert.equal(status, 1, out);
      assert.match(out, /^refused1\.example: refused\n {2}.*your provider has no room/mu);
      assert.match(out, /^3 zones done, 1 failed\. The same command goes on with what is left\.$/mu);
      assert.equal(await stage.there.hasZone(second), false);
      disturb.end();
      await finished(...refused);
      await onceEach(refused);
    });

    test('issue 17, push: a central that is overloaded gets the rest later, by the same command', async () => {
      const { disturb } = given();
      assert.ok(disturb.overload !== null);
      disturb.overload(5);
      await push(...busy);
      disturb.end();
      await finished(...busy);
      await onceEach(busy);
    });
  }

  test('issue 17, push --all: killed in the middle, the command goes on where it was', async () => {
    const { disturb, stage } = given();
    disturb.hold();
    const [program = '', ...words] = stage.words;
    const child = spawn(program, [...words, 'push', '--all', '--yes'], { stdio: 'ignore' });
    await until('something to be under way', async () => await anyOpen(stage));
    assert.equal(child.exitCode, null, 'it is in the middle');
    child.kill('SIGKILL');
    await once(child, 'exit');
    disturb.end();
    await until('the agent to end what was begun', async () => !(await anyOpen(stage)));
  });

  test('issue 17, push --all: if the agent is killed, what was done is told, and the rest goes on', async () => {
    const { disturb, stage } = given();
    disturb.hold();
    const pushed = push('--all');
    await until('something to be under way', async () => await anyOpen(stage));
    const pid = await stage.agent();
    assert.ok(pid !== null);
    await endProcess(pid, 'SIGKILL');
    const { status, out, err } = await pushed;
    disturb.end();
    assert.equal(status, 1, out);
    assert.match(err, /The agent /u);
    assert.match(out, /\d+ not known to be done\. The same command goes on with what is left\.$/mu);
    await finished('--all');
    await onceEach(killed);
    for (const zone of all) assert.ok(await stands(stage.there, zone, www), zone);
  });
}

type Sent = Extract<Answers['history']['entries'][number], { readonly state: string }>;

async function operationsOf(stage: AnyStage, zone: string): Promise<readonly Sent[]> {
  const { out } = await stage.ended('--json', 'history', '--zone', zone, '--latest', '50');
  const { entries } = parseAnswer('history', { entries: JSON.parse(out), next: null });
  return entries.flatMap((entry) => ('state' in entry && entry.source === 'push' ? [entry] : []));
}

/** Whether the first central has an open operation. */
async function anyOpen(stage: AnyStage): Promise<boolean> {
  return ((await stage.status())?.engine?.open ?? 0) > 0;
}
