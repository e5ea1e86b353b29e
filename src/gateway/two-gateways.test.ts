/** Two gateways, as processes, at one PostgreSQL and one PowerDNS. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { zoneName } from '../dns/name.ts';
import { isSystemError } from '../net/system-error.ts';
import { askGateway, type Said } from '../testing/accounts/ask-gateway.ts';
import { startGatewayPair, type GatewayPair, type PairedGateway } from '../testing/accounts/gateway-pair.ts';
import { auditFacts } from '../testing/contracts/gateway-storage.ts';
import { missingPostgres } from '../testing/servers/postgres.ts';
import { missingPrograms, until } from '../testing/servers/process.ts';
import { readToken } from './rights/token.ts';
import { isLinked, noHead } from './storage/audit-chain.ts';
import { usualLimits, type StoredChange } from './storage/storage.ts';

const zones = ['one.example', 'two.example', 'three.example'].map((text) => zoneName(text));
const [zone = zoneName('one.example')] = zones;

/** A change that adds one address to the name `many` of a zone, and what its client has heard. */
interface Sent {
  readonly key: string;
  readonly zone: string;
  readonly address: string;
  /** The answer to it; null: none came. */
  said: Said | null;
}

/** A write at PowerDNS that waits. */
interface HeldWrite {
  readonly isHeld: () => Promise<boolean>;
  readonly letGo: () => void;
}

/** Holds the next requests of a gateway to PowerDNS with this method; null: with any. */
function hold({ proxy }: PairedGateway, held: string | null): HeldWrite {
  let isHeld = false;
  let letGo = (): void => undefined;
  const waiting = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  proxy.behaviour = async ({ method }) => {
    if (held !== null && method !== held) return undefined;
    isHeld = true;
    await waiting;
    return undefined;
  };
  return {
    isHeld: async () => await Promise.resolve(isHeld),
    letGo: () => {
      proxy.behaviour = undefined;
      letGo();
    },
  };
}

/** A customer who sends changes to two gateways, and looks at PowerDNS and the database himself. */
class Customer {
  readonly #pair: GatewayPair;
  #count = 0;

  constructor(pair: GatewayPair) {
    this.#pair = pair;
  }

  async ask(at: PairedGateway, method: string, path: string, body?: unknown): Promise<Said> {
    return await askGateway(at.url, this.#pair.token, method, path, body);
  }

  newChange(which: string = zone): Sent {
    this.#count += 1;
    const address = `10.0.${this.#count >> 8}.${this.#count & 255}`;
    return { key: `change-${this.#count}`, zone: which, address, said: null };
  }

  async send(at: PairedGateway, { key, zone: which, address }: Sent): Promise<Said> {
    const add = [{ name: `many.${which}`, type: 'A', ttl: 60, data: address }];
    return await this.ask(at, 'POST', `/v1/zones/${which}/changes`, { key, remove: [], add });
  }

  /** Sends new changes until one is carried out. A busy zone is refused for a while. */
  async carryOut(at: PairedGateway): Promise<Sent> {
    let sent = this.newChange();
    await until(async () => {
      sent = this.newChange();
      sent.said = await this.send(at, sent);
      return sent.said.status === 200;
    });
    return sent;
  }

  async addressesOf(which: string): Promise<ReadonlySet<string>> {
    const { text } = await this.#pair.server.call('GET', `/zones/${which}`);
    const { rrsets } = JSON.parse(text) as {
      rrsets: { name: string; records: { content: string }[] }[];
    };
    const many = rrsets.find(({ name }) => name === `many.${which}`);
    return new Set(many?.records.map(({ content }) => content));
  }

  async stored({ key }: Sent): Promise<StoredChange | null> {
    return await this.#pair.storage.change(readToken(this.#pair.token)?.id ?? '', key);
  }

  /** Checks that the answer to a change was true. @param isThere whether PowerDNS has its address */
  async assertOutcome(sent: Sent, isThere: boolean): Promise<void> {
    const outcome = (await this.stored(sent))?.outcome;
    const isDone = outcome?.kind === 'done';
    const isKnown = isDone || (outcome?.kind === 'failed' && outcome.state === 'untouched');
    if (isKnown) assert.equal(isThere, isDone, sent.key);
    if (sent.said?.status === 200) assert.ok(isDone, sent.key);
    if (sent.said?.body['state'] === 'untouched') assert.ok(!isThere, sent.key);
  }

  /** What the audit says of a change. */
  async audited({ key }: Sent): Promise<readonly string[]> {
    const entries = await this.#pair.storage.audit(0, 100_000);
    return entries.filter(({ detail }) => Object(detail)['key'] === key).map(({ what }) => what);
  }

  /** Checks that the audit is whole, and says of each change once that it was accepted and how it ended. */
  async assertAudit(changes: readonly Sent[]): Promise<void> {
    const links = await this.#pair.storage.auditLinks(0, 100_000);
    for (const name of new Set(links.map(({ gateway }) => gateway))) {
      let last = noHead.hash;
      for (const link of links.filter(({ gateway }) => gateway === name)) {
        assert.ok(isLinked(last, link), `${name} ${link.number}`);
        last = link.hash;
      }
    }
    for (const sent of changes) {
      const entries = await this.audited(sent);
      if (!entries.includes('change.accepted')) continue;
      const outcome = (await this.stored(sent))?.outcome?.kind;
      const accepted = entries.filter((what) => what === 'change.accepted');
      const ended = entries.filter((what) => /^change\.(?:done|failed|interrupted)$/u.test(what));
      assert.deepEqual(
        [accepted.length, ended],
        [1, [`change.${outcome}`]],
        `${sent.key}: ${entries.join(' ')}`,
      );
    }
  }
}

/** The answer of a gateway that may be killed; null: the connection broke, or there was none any more. */
async function unlessCutOff(answer: Promise<Said>): Promise<Said | null> {
  try {
    return await answer;
  } catch (error) {
    const code = isSystemError(error) ? error.code : undefined;
    if (code !== undefined && ['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes(code)) return null;
    throw error;
  }
}

const skip = missingPostgres() || missingPrograms('pdns_server');

describe('two gateways', { skip }, () => {
  let pair: GatewayPair;
  let one: PairedGateway;
  let two: PairedGateway;
  let shop: Customer;
  before(async () => {
    pair = await startGatewayPair(zones, 60);
    [one, two] = pair.gateways;
    shop = new Customer(pair);
  });
  after(() => pair.stop());

  test('edits of one zone at both at once: none is lost', async () => {
    const changes = Array.from({ length: 40 }, () => shop.newChange());
    const said = await Promise.all(
      changes.map(async (sent, at) => await shop.send(at % 2 === 0 ? one : two, sent)),
    );
    assert.deepEqual(new Set(said.map(({ status }) => status)), new Set([200]));
    const there = await shop.addressesOf(zone);
    const lost = changes.filter(({ address }) => !there.has(address));
    assert.deepEqual(lost, []);
    await shop.assertAudit(changes);
  });

  test('one key at both at once is carried out once, and both hear of it', async () => {
    for (let round = 0; round < 8; round += 1) {
      const sent = shop.newChange();
      const said = await Promise.all([shop.send(one, sent), shop.send(two, sent)]);
      const heard = said.map(({ status, body }) => [status, body]);
      assert.deepEqual(heard, [heard[0], heard[0]]);
      assert.equal(said[0]?.status, 200);
      await shop.assertAudit([sent]);
    }
  });

  test('whoever cannot have a zone does not hold it up, and leaves no row about it', async () => {
    const foreign = zoneName('theirs.example');
    const { storage, postgres, database } = pair;
    const audit = auditFacts('test');
    await storage.addCustomer({ id: 'other', state: 'active', limits: usualLimits, createdAt: 0 }, audit);
    await storage.claimZone({ zone: foreign, customer: 'other', at: 0, quarantine: 0 }, audit, null);
    await storage.confirmClaim(foreign, 'other', audit, null);
    const made = { zone: foreign, check: false, nameServers: ['ns1.example.net'], records: [] };
    assert.equal((await shop.ask(one, 'POST', '/v1/zones', made)).status, 409);
    const path = `/v1/zones/${foreign}`;
    assert.equal((await shop.ask(one, 'POST', `${path}/take`, { code: 'guessed' })).status, 404);
    const withdrawn = await shop.ask(one, 'POST', `${path}/changes/withdraw`, { key: 'theirs-key-1' });
    assert.equal(withdrawn.status, 200);
    const change = { key: 'theirs-key-2', remove: [], add: [] };
    assert.equal((await shop.ask(one, 'POST', `${path}/changes`, change)).status, 404);
    assert.equal((await shop.ask(one, 'DELETE', path)).status, 404);
    const rows = await postgres.query(database, `SELECT 1 FROM lease WHERE zone = '${foreign}'`);
    assert.deepEqual(rows, []);
  });

  test('a zone is created at one, written at the other and gone at both', async () => {
    const made = { zone: 'new.example', check: false, nameServers: ['ns1.example.net'], records: [] };
    assert.equal((await shop.ask(one, 'POST', '/v1/zones', made)).status, 201);
    assert.equal((await shop.send(two, shop.newChange(zoneName('new.example')))).status, 200);
    assert.equal((await shop.ask(one, 'DELETE', '/v1/zones/new.example')).status, 200);
    assert.equal((await shop.ask(two, 'GET', '/v1/zones/new.example/records')).status, 404);
  });
});

describe('two gateways in trouble', { skip }, () => {
  let pair: GatewayPair;
  let one: PairedGateway;
  let two: PairedGateway;
  let shop: Customer;
  before(async () => {
    // A zone that a killed gateway held can be taken by the other one after about twice these seconds.
    pair = await startGatewayPair(zones, 3);
    [one, two] = pair.gateways;
    shop = new Customer(pair);
  });
  after(() => pair.stop());

  test('PostgreSQL ends and comes back: refusals that change nothing, and no gateway is restarted', async () => {
    await pair.postgres.stop();
    for (const at of [one, two]) {
      const { status, body } = await shop.send(at, shop.newChange());
      assert.deepEqual(
        [status, body['code'], body['state'], body['retry']],
        [503, 'central.unreachable', 'untouched', 'later'],
      );
    }
    const earlier = await shop.addressesOf(zone);
    await pair.postgres.start();
    const carried = [await shop.carryOut(one), await shop.carryOut(two)];
    const there = await shop.addressesOf(zone);
    assert.equal(earlier.size, 0);
    assert.ok(carried.every(({ address }) => there.has(address)));
  });

  test('one that sleeps longer than its lease before it accepts a change writes nothing', async () => {
    const sent = shop.newChange();
    const { isHeld, letGo } = hold(one, null);
    const lost = shop.send(one, sent);
    await until(isHeld);
    await one.process.halt();
    const other = await shop.carryOut(two);
    letGo();
    one.process.resume();
    const { status, body } = await lost;
    assert.deepEqual([status, body['state']], [503, 'untouched']);
    const there = await shop.addressesOf(zone);
    assert.deepEqual([there.has(sent.address), there.has(other.address)], [false, true]);
    assert.equal(await shop.stored(sent), null);
  });

  test('one that sleeps after it has sent a write: nobody claims to know, and the audit says so', async () => {
    const sent = shop.newChange();
    const { isHeld, letGo } = hold(one, 'PATCH');
    const lost = shop.send(one, sent);
    await until(isHeld);
    await one.process.halt();
    await shop.carryOut(two);
    assert.deepEqual((await shop.stored(sent))?.outcome, { kind: 'interrupted' });
    letGo();
    one.process.resume();
    const heard = await lost;
    assert.deepEqual([heard.status, heard.body['state']], [503, 'unknown']);
    const again = await shop.send(two, sent);
    assert.deepEqual([again.status, again.body['state']], [503, 'unknown']);
    const audited = (await shop.audited(sent)).join(' ');
    assert.match(audited, /^change\.accepted change\.interrupted change\.\w+\.late$/u);
    await shop.assertAudit([sent]);
  });

  test('killed in the middle of changes: nothing is lost, nothing is done twice', async () => {
    const changes: Sent[] = [];
    for (let round = 0; round < 4; round += 1) {
      const [victim, other] = round % 2 === 0 ? [one, two] : [two, one];
      const batch = Array.from({ length: 24 }, (_, at) => shop.newChange(zones[at % zones.length]));
      changes.push(...batch);
      let answered = 0;
      const sending = batch.map(async (sent, at) => {
        sent.said = await (at % 3 === 0 ? shop.send(other, sent) : unlessCutOff(shop.send(victim, sent)));
        answered += 1;
      });
      await until(async () => await Promise.resolve(answered > 2 * round));
      await victim.process.stop('SIGKILL');
      await Promise.all(sending);
      await victim.process.start();
    }
    // For a change without an outcome, the customer asks one gateway, even if the other one has accepted it.
    for (const sent of changes) {
      await until(async () => {
        if (((await shop.stored(sent))?.outcome ?? null) !== null) return true;
        await shop.ask(two, 'POST', `/v1/zones/${sent.zone}/changes/withdraw`, { key: sent.key });
        return false;
      });
    }
    const there = new Set<string>();
    for (const which of zones) for (const address of await shop.addressesOf(which)) there.add(address);
    for (const sent of changes) await shop.assertOutcome(sent, there.has(sent.address));
    assert.ok(changes.some(({ said }) => said?.status === 200));
    await shop.assertAudit(changes);
  });
});
