import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ZonePlan } from '../../core/zone-plan.ts';
import { parseName } from '../../dns/name.ts';
import { classes, rcodes } from '../../dns/wire/codes.ts';
import { noFlags, queryMessage, type DnsMessage } from '../../dns/wire/message.ts';
import type { WireRecord } from '../../dns/wire/records.ts';
import { DnsError } from '../../net/dns/dns-error.ts';
import { Delegations, readDelegation, type Delegation, type Resolver } from './delegation.ts';

const zone = parseName('example.org.');
const [one, two, old] = [
  parseName('ns1.example.net.'),
  parseName('ns2.example.net.'),
  parseName('ns.old.example.'),
];
const here = new Set([one, two]);

function record(name: string, type: string, rdata: string | null): WireRecord {
  return { name: parseName(name), type, class: classes.IN, ttl: 60, rdata };
}

function ns(...targets: readonly string[]): readonly WireRecord[] {
  return targets.map((target) => record(zone, 'NS', target));
}

const soa = record('org.', 'SOA', 'a.example. b.example. 1 2 3 4 5');

function answer(parts: Partial<DnsMessage>): DnsMessage {
  return { ...queryMessage(zone, 'NS'), flags: { ...noFlags, qr: true }, ...parts };
}

test('issue 17, delegation: an answer is compared with the name servers of the central', () => {
  const cases: readonly (readonly [Partial<DnsMessage>, Delegation])[] = [
    [{ answers: ns(one, two) }, { kind: 'here' }],
    [{ answers: ns(two) }, { kind: 'here' }],
    [{ answers: ns(one, old) }, { kind: 'partly', to: [old] }],
    [{ answers: ns(old, old) }, { kind: 'elsewhere', to: [old] }],
    [{ authority: ns(old) }, { kind: 'elsewhere', to: [old] }],
    [{ rcode: rcodes.NXDOMAIN, authority: [soa] }, { kind: 'none' }],
    [{ authority: [soa] }, { kind: 'none' }],
    [{}, { kind: 'none' }],
    [{ rcode: rcodes.SERVFAIL }, { kind: 'failed', text: 'SERVFAIL' }],
    [{ rcode: 3_841 }, { kind: 'failed', text: 'RCODE3841' }],
  ];
  for (const [parts, expected] of cases)
    assert.deepEqual(readDelegation(answer(parts), zone, here), expected);
});

test('issue 17, delegation: what an answer says of other names, or in octets, does not count', () => {
  const cases: readonly (readonly [Partial<DnsMessage>, Delegation['kind']])[] = [
    [{ authority: [record('.', 'NS', 'a.root.example.')] }, 'failed'],
    [{ authority: [record('org.', 'NS', one)] }, 'failed'],
    [{ answers: [record(zone, 'CNAME', 'x.example.'), record('x.example.', 'NS', one)] }, 'none'],
    [{ answers: [{ ...record(zone, 'NS', one), class: 3 }] }, 'none'],
    [{ answers: [record(zone, 'NS', String.raw`\# 1 ff`)] }, 'failed'],
    [{ answers: [record(zone, 'NS', null)] }, 'failed'],
  ];
  for (const [parts, kind] of cases) assert.equal(readDelegation(answer(parts), zone, here).kind, kind);
  const many = Array.from({ length: 500 }, (_, at) => `ns${at}.old.example.`);
  const found = readDelegation(answer({ answers: ns(...many) }), zone, here);
  assert.ok(found.kind === 'elsewhere' && found.to.length === 16);
});

const plan: ZonePlan = {
  zone,
  direction: 'push',
  removes: false,
  whole: null,
  steps: [],
  left: [],
  hindrance: null,
  limit: null,
  signed: false,
  nameServers: [one, two],
};

/** A resolver that gives these answers in turn, the last one again and again; null: none. */
function resolver(...answers: readonly (DnsMessage | null)[]): Resolver & { asked: number } {
  const made = {
    asked: 0,
    nameServers: async () => {
      const given = answers[Math.min(made.asked, answers.length - 1)] ?? null;
      made.asked += 1;
      if (given === null) throw new DnsError('unreachable', 'maybe', { text: 'no answer in time' });
      return await Promise.resolve(given);
    },
    close: () => undefined,
  };
  return made;
}

test('issue 17, delegation: only what a push may send is asked about, against the name servers known', async () => {
  const asked = resolver(answer({ answers: ns(old) }));
  const ask = async (given: Partial<ZonePlan>, newZones: readonly string[] = []): Promise<unknown> =>
    (await new Delegations([asked], newZones, () => 0).of({ ...plan, ...given }))?.kind ?? null;
  assert.equal(await ask({}), 'elsewhere');
  for (const not of [{ direction: 'pull' }, { hindrance: 'foreign' }, { whole: 'delete' }] as const)
    assert.equal(await ask(not), null);
  assert.equal(asked.asked, 1);
  const { nameServers: _, ...unknown } = plan;
  const of = async (newZones: readonly string[], given: ZonePlan): Promise<unknown> =>
    (await new Delegations([asked], newZones, () => 0).of(given))?.kind;
  assert.equal(await of([], unknown), 'incomparable');
  assert.equal(await of(['NS.old.example', 'a b'], unknown), 'here');
  assert.equal(await of(['ns.old.example.'], { ...plan, whole: 'create' }), 'here');
  assert.equal(await of(['ns.old.example.'], plan), 'elsewhere');
});

test('issue 17, delegation: the next resolver is asked if one fails; a silent one rests a minute', async () => {
  const silent = resolver(null);
  const refusing = resolver(answer({ rcode: rcodes.REFUSED }));
  const good = resolver(answer({ answers: ns(one) }));
  let now = 0;
  const all = new Delegations([silent, refusing, good], [], () => now);
  for (let times = 0; times < 10; times += 1) assert.deepEqual(await all.of(plan), { kind: 'here' });
  assert.deepEqual([silent.asked, refusing.asked, good.asked], [3, 10, 10]);
  now = 60_000;
  await all.of(plan);
  assert.equal(silent.asked, 4);
  const lost = new Delegations([silent], [], () => now);
  assert.deepEqual(await lost.of(plan), { kind: 'unanswered' });
  const refused = new Delegations([refusing, silent], [], () => now);
  assert.deepEqual(await refused.of(plan), { kind: 'failed', text: 'REFUSED' });
});
