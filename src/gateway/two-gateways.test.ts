/** Two gateways, as processes, at one PostgreSQL and one PowerDNS. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../dns/name.ts';
import { askGateway, type Said } from '../testing/accounts/ask-gateway.ts';
import { startGatewayPair, type GatewayPair, type PairedGateway } from '../testing/accounts/gateway-pair.ts';
import { missingPostgres } from '../testing/servers/postgres.ts';
import { missingPrograms, until } from '../testing/servers/process.ts';
import { isLinked, noHead } from './storage/audit-chain.ts';
import type { StoredChange } from './storage/storage.ts';

const zones = ['one.example', 'two.example', 'three.example'].map((text) => zoneName(text));
const [zone = zoneName('one.example')] = zones;

/** What a client remembers of a change: its key, what it adds, and what it last heard. */
interface Sent {
  readonly key: string;
  readonly zone: string;
  readonly address: string;
  said: Said | null;
}

/** What a client knows of a change. */
type Known = 'done' | 'not done' | 'nobody knows';

function known({ said }: Sent): Known | null {
  if (said === null) return null;
  if (said.status === 200) return 'done';
  const { state, params } = said.body;
  if (state === 'untouched') return 'not done';
  return JSON.stringify(params).includes('interrupted') ? 'nobody knows' : null;
}

describe('two gateways', { skip: missingPostgres() || missingPrograms('pdns_server') }, () => {
  let pair: GatewayPair;
  let one: PairedGateway;
  let two: PairedGateway;
  let count = 0;
  before(async () => {
    pair = await startGatewayPair(zones, 2);
    [one, two] = pair.gateways;
  });
  after(() => pair.stop());

  const ask = async (at: PairedGateway, method: string, path: string, body?: unknown): Promise<Said> =>
    await askGateway(at.url, pair.token, method, path, body);

  const newChange = (which: string = zone): Sent => {
    count += 1;
    const address = `10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`;
    return { key: `change-${count}`, zone: which, address, said: null };
  };

  /** Sends a change that adds one address to the name `many` of its zone. */
  const send = async (at: PairedGateway, { key, zone: which, address }: Sent): Promise<Said> => {
    const add = [{ name: `many.${which}`, type: 'A', ttl: 60, data: address }];
    return await ask(at, 'POST', `/v1/zones/${which}/changes`, { key, remove: [], add });
  };

  /** Sends it again after each refusal that says that nothing was changed, as a busy zone is refused. */
  const carryOut = async (at: PairedGateway, sent: Sent): Promise<Said> => {
    let said = await send(at, sent);
    await until(async () => {
      if (said.status === 503) said = await send(at, sent);
      return said.status !== 503;
    });
    return said;
  };

  const addressesOf = async (which: string): Promise<ReadonlySet<string>> => {
    const { text } = await pair.server.call('GET', `/zones/${which}`);
    const { rrsets } = JSON.parse(text) as {
      rrsets: { name: string; records: { content: string }[] }[];
    };
    const many = rrsets.find(({ name }) => name === `many.${which}`);
    return new Set(many?.records.map(({ content }) => content));
  };

  const storedChange = async ({ key }: Sent): Promise<StoredChange | null> =>
    await pair.storage.change(pair.token.split('_')[1] ?? '', key);

  /** Checks that the audit is whole, and says of each change once that it was accepted and how it ended. */
  async function assertAudit(changes: readonly Sent[]): Promise<void> {
    const links = await pair.storage.auditLinks(0, 100_000);
    for (const name of new Set(links.map(({ gateway }) => gateway))) {
      let last = noHead.hash;
      for (const link of links.filter(({ gateway }) => gateway === name)) {
        assert.ok(isLinked(last, link), `${name} ${link.number}`);
        last = link.hash;
      }
    }
    const said = new Map<string, string[]>();
    for (const { what, detail } of await pair.storage.audit(0, 100_000)) {
      const key = Object(detail)['key'];
      if (what.startsWith('change.')) said.set(key, [...(said.get(key) ?? []), what]);
    }
    for (const sent of changes) {
      const entries = said.get(sent.key) ?? [];
      const outcome = (await storedChange(sent))?.outcome?.kind;
      const accepted = entries.filter((what) => what === 'change.accepted');
      const ended = entries.filter((what) => /^change\.(?:done|failed|interrupted)$/u.test(what));
      if (accepted.length === 0) continue;
      assert.equal(accepted.length, 1, `${sent.key}: ${entries.join(' ')}`);
      assert.deepEqual(ended, [`change.${outcome}`], `${sent.key}: ${entries.join(' ')}`);
    }
  }

  test('edits of one zone at both gateways at once: none is lost', async () => {
    const changes = Array.from({ length: 40 }, () => newChange());
    const said = await Promise.all(
      changes.map(async (sent, at) => await carryOut(at % 2 === 0 ? one : two, sent)),
    );
    assert.deepEqual(new Set(said.map(({ status }) => status)), new Set([200]));
    const there = await addressesOf(zone);
    const lost = changes.filter(({ address }) => !there.has(address));
    assert.deepEqual(lost, []);
    await assertAudit(changes);
  });

  test('one key at both gateways at once is carried out once, and both hear of it', async () => {
    for (let round = 0; round < 8; round += 1) {
      const sent = newChange();
      const said = await Promise.all([carryOut(one, sent), carryOut(two, sent)]);
      assert.deepEqual(
        said.map(({ status, body }) => [status, body]),
        [0, 1].map(() => [200, said[0]?.body]),
      );
      await assertAudit([sent]);
    }
  });

  test('a zone is created at one gateway, written at the other and gone at both', async () => {
    const made = { zone: 'new.example', check: false, nameServers: ['ns1.example.net'], records: [] };
    assert.equal((await ask(one, 'POST', '/v1/zones', made)).status, 201);
    const sent = newChange(zoneName('new.example'));
    assert.equal((await carryOut(two, sent)).status, 200);
    assert.equal((await ask(one, 'DELETE', '/v1/zones/new.example')).status, 200);
    assert.equal((await ask(two, 'GET', '/v1/zones/new.example/records')).status, 404);
  });

  test('PostgreSQL ends and comes back: refusals that change nothing, and no gateway is restarted', async () => {
    await pair.postgres.stop();
    for (const at of [one, two]) {
      const refused = await send(at, newChange());
      assert.deepEqual(
        [refused.status, refused.body['code'], refused.body['state'], refused.body['retry']],
        [503, 'central.unreachable', 'untouched', 'later'],
      );
    }
    const earlier = await addressesOf(zone);
    await pair.postgres.start();
    const changes = [newChange(), newChange()];
    assert.equal((await carryOut(one, changes[0]!)).status, 200);
    assert.equal((await carryOut(two, changes[1]!)).status, 200);
    assert.equal((await addressesOf(zone)).size, earlier.size + 2);
  });

  test('a gateway that sleeps longer than its lease before it accepts a change writes nothing', async () => {
    const sent = newChange();
    let isAsked = false;
    let letGo = (): void => undefined;
    one.proxy.behaviour = async () => {
      isAsked = true;
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
      return undefined;
    };
    const lost = send(one, sent);
    await until(async () => await Promise.resolve(isAsked));
    await one.process.halt();
    const other = newChange();
    assert.equal((await carryOut(two, other)).status, 200);
    one.proxy.behaviour = undefined;
    letGo();
    one.process.resume();
    const said = await lost;
    assert.deepEqual([said.status, said.body['state']], [503, 'untouched']);
    const there = await addressesOf(zone);
    assert.deepEqual([there.has(sent.address), there.has(other.address)], [false, true]);
    assert.equal(await storedChange(sent), null);
  });

  test('a gateway that sleeps after it has sent a write: nobody claims to know, and the audit says so', async () => {
    const sent = newChange();
    let isAsked = false;
    let letGo = (): void => undefined;
    one.proxy.behaviour = async ({ method }) => {
      if (method !== 'PATCH') return undefined;
      isAsked = true;
      await new Promise<void>((resolve) => {
        letGo = resolve;
      });
      return undefined;
    };
    const lost = send(one, sent);
    await until(async () => await Promise.resolve(isAsked));
    await one.process.halt();
    assert.equal((await carryOut(two, newChange())).status, 200);
    assert.deepEqual((await storedChange(sent))?.outcome, { kind: 'interrupted' });
    one.proxy.behaviour = undefined;
    letGo();
    one.process.resume();
    assert.deepEqual([(await lost).status, (await lost).body['state']], [503, 'unknown']);
    const again = await send(two, sent);
    assert.deepEqual([again.status, again.body['state']], [503, 'unknown']);
    const entries = await pair.storage.audit(0, 100_000);
    const late = entries.filter(({ detail }) => Object(detail)['key'] === sent.key);
    assert.match(
      late.map(({ what }) => what).join(' '),
      /^change\.accepted change\.interrupted change\.\w+\.late$/u,
    );
    await assertAudit([sent]);
  });

  test('gateways are killed in the middle of changes: nothing is lost, nothing is done twice', async () => {
    const changes: Sent[] = [];
    for (let round = 0; round < 4; round += 1) {
      const [victim, other] = round % 2 === 0 ? [one, two] : [two, one];
      const batch = Array.from({ length: 24 }, (_, at) => newChange(zones[at % zones.length]));
      changes.push(...batch);
      let answered = 0;
      const sending = batch.map(async (sent, at) => {
        // A gateway that is killed answers nothing.
        sent.said = await send(at % 3 === 0 ? other : victim, sent).catch(() => null);
        answered += 1;
      });
      await until(async () => await Promise.resolve(answered > 2 * round));
      await victim.process.stop('SIGKILL');
      await Promise.all(sending);
      await victim.process.start();
    }
    for (const sent of changes) {
      await until(async () => {
        if (known(sent) !== null) return true;
        const path = `/v1/zones/${sent.zone}/changes/withdraw`;
        sent.said = await ask(two, 'POST', path, { key: sent.key });
        return known(sent) !== null;
      });
    }
    const there = new Set<string>();
    for (const which of zones) for (const address of await addressesOf(which)) there.add(address);
    for (const sent of changes) {
      const knows = known(sent);
      if (knows !== 'nobody knows') assert.equal(there.has(sent.address), knows === 'done', sent.key);
    }
    assert.ok(changes.some((sent) => known(sent) === 'done'));
    await assertAudit(changes);
  });
});
