/** Each law is broken by a wrong gateway or name server, played here by changing what was seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zoneName } from '../../../dns/name.ts';
import { makeRecord } from '../../../dns/record.ts';
import { TapeChances } from '../../simulator/chances.ts';
import { GatewayWorld, type TokenName } from '../gateway-world.ts';
import type { Send } from '../name-server.ts';
import type { Answer, Asked, SimRequest } from '../requests.ts';
import type { SeenCommit } from '../witness.ts';
import type { GatewayLaw } from './course.ts';
import { judgeWorld } from './index.ts';

const zone = zoneName('alpha.test');
const fresh = zoneName('fresh.test');
const added = makeRecord({ name: 'new', type: 'A', rdata: '192.0.2.7', ttl: 300 }, zone);
const edit: Asked = { kind: 'change', zone, key: 'key00001', remove: [], add: [added], expect: null };

async function quietWorld(): Promise<GatewayWorld> {
  const world = new GatewayWorld(new TapeChances({}), 2);
  await world.setUp();
  for (const host of world.hosts) world.start(host);
  await world.clock.runUntil(1_000);
  return world;
}

/** Sends a request, and waits for its answer. */
async function asked(world: GatewayWorld, what: Asked, token: TokenName = 'a-panel'): Promise<SimRequest> {
  const sent = world.ask('g1', token, what);
  assert.ok(sent !== null);
  await world.clock.runUntilSettled(sent.answered);
  return sent.request;
}

async function lawsOf(world: GatewayWorld): Promise<readonly GatewayLaw[]> {
  const violations = await world.clock.runUntilSettled(judgeWorld(world));
  return [...new Set(violations.map(({ law }) => law))];
}

function lastSend({ server }: GatewayWorld): Send {
  const send = server.sends.at(-1);
  assert.ok(send !== undefined);
  return send;
}

/** Changes what was seen of the last commit. */
function seen({ witness }: GatewayWorld, change: Partial<SeenCommit>): void {
  const last = witness.commits.at(-1);
  assert.ok(last !== undefined);
  witness.commits.push({ ...last, entries: [], ...change });
}

/** An edit that was carried out, and then something is changed in what was seen. */
const afterAnEdit: Partial<Record<GatewayLaw, (world: GatewayWorld, request: SimRequest) => void>> = {
  'keys.once': (world) => world.server.sends.push({ ...lastSend(world), number: 2 }),
  'answers.done': (world) => {
    lastSend(world).altered = null;
    lastSend(world).landedAt = null;
    lastSend(world).request.reads.push({ at: 1e6, zone, names: null, records: [] });
  },
  'answers.untouched': (_, request) => (request.answer = refused(503)),
  'answers.same': (world, request) => world.requests.push({ ...request, number: 99, answer: failed }),
  'answers.missing': (_, request) => (request.answer = null),
  'answers.withdrawn': (world, request) => {
    const withdraw: Asked = { kind: 'withdraw', zone, key: 'key00001' };
    world.requests.push({ ...request, number: 99, asked: withdraw, answeredAt: request.at });
  },
  'rights.rules': (world) => {
    const send = lastSend(world);
    world.server.sends.push({
      ...send,
      number: 2,
      request: { ...send.request, token: 'a-dyn', tokenId: 'x' },
    });
  },
  'rights.owner': (world) => world.server.sends.push(later(world, { zone: zoneName('beta.test') })),
  'rights.token': (world, request) => {
    seen(world, { revoked: new Set([request.tokenId]), at: world.clock.now() });
    world.server.sends.push(later(world, {}));
  },
  'rights.shown': (world, request) =>
    world.requests.push({
      ...request,
      number: 99,
      token: 'a-dyn',
      answer: { kind: 'records', records: [added] },
    }),
  'answers.shown': (world, request) =>
    world.requests.push({
      ...request,
      number: 99,
      asked: { kind: 'records', zone },
      reads: [{ at: request.at, zone, names: null, records: [added] }],
      answer: { kind: 'records', records: [] },
    }),
  'owners.one': (world) => {
    const owner = { customer: 'b', isPending: false, isLeft: false, isReserved: false };
    const owners = new Map(world.witness.commits.at(-1)?.owners);
    seen(world, { owners: owners.set(zoneName('sub.alpha.test'), owner) });
  },
  'owners.pending': (world) => {
    const owner = { customer: 'a', isPending: true, isLeft: false, isReserved: false };
    seen(world, { owners: new Map(world.witness.commits.at(-1)?.owners).set(fresh, owner) });
  },
  'audit.chain': ({ database }) =>
    void database.rows('UPDATE audit SET at = at + 1 WHERE number = 2 RETURNING number'),
  'audit.accepted': (world) => world.witness.commits.push(...world.witness.commits.filter(isAccepting)),
  'audit.ended': (world) => {
    const { commits } = world.witness;
    for (const [at, commit] of commits.entries())
      if (!isAccepting(commit)) commits[at] = { ...commit, entries: [] };
  },
  'audit.outcome': (world, request) =>
    seen(world, { outcomes: new Map([[`${request.tokenId} key00001`, '{"kind":"interrupted"}']]) }),
  'turns.overlap': (world) => world.server.sends.push({ ...lastSend(world), number: 2 }),
  'turns.late': (world) => {
    const send = lastSend(world);
    world.server.sends.push({ ...send, number: 2, calledAt: send.calledAt + 60_000 });
  },
  'turns.lease': (world, request) => {
    const accepting = world.witness.commits.find(isAccepting);
    assert.ok(accepting !== undefined);
    world.witness.commits.push({ ...accepting, request: { ...request, number: 99 } });
  },
  'turns.listed': (world, request) => {
    const [process] = world.requests
      .filter((one) => one.process !== request.process)
      .map((one) => one.process);
    const number = world.witness.commits.findIndex(isAccepting);
    const accepting = world.witness.commits[number];
    assert.ok(process !== undefined && accepting !== undefined);
    const other = { ...accepting, at: accepting.at + 1, request: { ...request, number: 99, process } };
    world.witness.commits.splice(number + 1, 0, other);
  },
  'others.kept': (world) => {
    const stranger = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1', ttl: 300 }, zone);
    lastSend(world).altered = { removed: [stranger], added: [added] };
  },
  'others.asked': (world) => {
    const send = lastSend(world);
    world.server.sends[world.server.sends.length - 1] = {
      ...send,
      remove: [{ ...added, rdata: '192.0.2.8' }],
    };
  },
  'expected.true': (world) => lastSend(world).request.reads.splice(0),
  'gateway.defect': (world) => world.defects.push('an error that nobody has foreseen'),
};

const failed: Answer = {
  kind: 'outcome',
  outcome: { kind: 'failed', code: 'central.refused', params: {}, state: 'unknown', retry: 'never' },
};

function refused(status: number): Answer {
  return { kind: 'refused', status, code: 'central.unreachable', state: 'untouched', found: [] };
}

function isAccepting({ entries }: SeenCommit): boolean {
  return entries.some(({ what }) => what === 'change.accepted');
}

/** The last write once more, much later. */
function later(world: GatewayWorld, change: Partial<Send>): Send {
  const send = lastSend(world);
  const at = world.clock.now() + 1;
  const request = { ...send.request, reads: [{ at, zone, names: [added.name], records: [] }] };
  return {
    ...send,
    number: 2,
    request,
    calledAt: at + 1,
    sentAt: at + 1,
    landedAt: at + 2,
    endedAt: at + 3,
    ...change,
  };
}

test('an edit that is carried out breaks no law', async () => {
  const world = await quietWorld();
  await asked(world, edit);
  assert.deepEqual(await lawsOf(world), []);
});

for (const [law, change] of Object.entries(afterAnEdit))
  test(`a wrong gateway breaks ${law}`, async () => {
    const world = await quietWorld();
    const request = await asked(world, edit);
    change(world, request);
    const broken: readonly string[] = await lawsOf(world);
    assert.ok(broken.includes(law), broken.join(' '));
  });

test('a gateway that ends the lease of another one breaks turns.lease', async () => {
  const world = await quietWorld();
  const request = await asked(world, edit);
  const { commits } = world.witness;
  for (const [number, commit] of commits.entries())
    if (commit.leases.some(({ until }) => until === 0))
      commits[number] = { ...commit, request: { ...request, number: 99 } };
  assert.deepEqual(await lawsOf(world), ['turns.lease']);
});

/** A zone that somebody else changes between two comparisons. */
async function driftedWorld(): Promise<GatewayWorld> {
  const world = await quietWorld();
  const compare = async (): Promise<void> => await world.clock.runUntilSettled(world.checkDrift('g1', zone));
  await compare();
  await world.clock.runUntil(world.clock.now() + 1_000);
  const name = zoneName(`new.${zone}`);
  world.server.landEdits(zone, [{ name, type: 'A', ttl: 300, before: [], after: [added] }], null);
  await world.clock.runUntil(world.clock.now() + 1_000);
  await compare();
  return world;
}

function isDrift({ entries }: SeenCommit): boolean {
  return entries.some(({ what }) => what === 'zone.drift');
}

const afterDrift: Partial<Record<GatewayLaw, (world: GatewayWorld) => void>> = {
  'drift.own': ({ server }) => void server.happenings.pop(),
  'drift.once': ({ witness: { commits } }) => void commits.push(...commits.filter(isDrift)),
  'drift.found': ({ witness: { commits } }) => {
    for (const [at, commit] of commits.entries())
      if (isDrift(commit)) commits[at] = { ...commit, entries: [] };
  },
};

test('what somebody else has written is told once, and breaks no law', async () => {
  const world = await driftedWorld();
  assert.equal(world.witness.commits.filter(isDrift).length, 1);
  assert.deepEqual(await lawsOf(world), []);
});

for (const [law, change] of Object.entries(afterDrift))
  test(`a wrong gateway breaks ${law}`, async () => {
    const world = await driftedWorld();
    change(world);
    const broken: readonly string[] = await lawsOf(world);
    assert.ok(broken.includes(law), broken.join(' '));
  });

test('a gateway that gives away reserved names and zones of the provider breaks the laws of owners', async () => {
  const create: Asked = { kind: 'create', zone: fresh, content: [] };
  const world = await quietWorld();
  await asked(world, create);
  await asked(world, { kind: 'delete', zone: fresh });
  assert.deepEqual(await lawsOf(world), []);
  const request = await asked(world, create, 'b-panel');
  const owner = { customer: 'b', isPending: false, isLeft: false, isReserved: false };
  seen(world, { request, owners: new Map(world.witness.commits.at(-1)?.owners).set(fresh, owner) });
  const broken = await lawsOf(world);
  assert.ok(broken.includes('owners.reserved') && broken.includes('owners.provider'), broken.join(' '));
});

test('a gateway that drops the claim of a zone that it has made, or says created for nothing, breaks a law', async () => {
  const world = await quietWorld();
  const request = await asked(world, { kind: 'create', zone: fresh, content: [] });
  const { commits } = world.witness;
  const claimed = commits.findLast(({ owners }) => owners.get(fresh)?.isPending === true);
  assert.ok(claimed !== undefined);
  const owners = new Map(claimed.owners);
  owners.delete(fresh);
  for (const [at, commit] of commits.entries())
    if (commit.owners.get(fresh)?.isPending === false) commits[at] = claimed;
  seen(world, { request, owners, at: world.clock.now() + 1_000 });
  const broken = await lawsOf(world);
  assert.ok(broken.includes('owners.dropped') && broken.includes('owners.created'), broken.join(' '));
});
