/**
 * The clients of a story. Each has a token, and sends one request after the other over the API: changes with
 * a key, creates and deletes of zones. After a lost answer it asks for the outcome until it hears of it.
 */
import { askGateway, type Said as Answer } from '../../accounts/ask-gateway.ts';
import { Random } from '../../simulator/random.ts';
import { until } from '../../stage/stage.ts';
import type { Attempt, ClientValue, ClientZone, Knowledge, Said } from './knowledge.ts';
import { zoneOf, type CustomerId, type GatewayScene } from './scene.ts';
import type { Violations } from './violations.ts';

/** How many names each client has alone. It also has one value in an RRset that clients share. */
const namesEach = 3;

const lost: Said = { kind: 'lost', text: 'no answer' };

export class GatewayClient {
  readonly #scene: GatewayScene;
  readonly #number: number;
  readonly #customer: CustomerId;
  readonly #token: { readonly id: string; readonly token: string };
  readonly #random: Random;
  readonly #knowledge: Knowledge;
  readonly #violations: Violations;
  readonly #values: readonly ClientValue[];
  readonly #zones: readonly ClientZone[];
  readonly #attempts: Attempt[] = [];
  #count = 0;

  constructor(scene: GatewayScene, number: number, knowledge: Knowledge, violations: Violations) {
    const client = scene.clients[number];
    if (client === undefined) throw new RangeError(`client ${number}`);
    this.#scene = scene;
    this.#number = number;
    this.#customer = client.customer;
    this.#token = client.token;
    this.#random = new Random(scene.plan.seed * 1_000 + number);
    this.#knowledge = knowledge;
    this.#violations = violations;
    const zone = zoneOf(client.customer);
    const own = Array.from({ length: namesEach }, (_, at): ClientValue => {
      return { zone, name: `c${number}-${at}.${zone}`, type: 'A', prefix: '', may: new Set([null]) };
    });
    const prefix = `"c${number}-`;
    const shared: ClientValue = { zone, name: `all.${zone}`, type: 'TXT', prefix, may: new Set([null]) };
    this.#values = [...own, shared, shared];
    this.#zones = [1, 2].map((at): ClientZone => {
      const name = `made-${number}-${at}.example.`;
      return { zone: name, customer: client.customer, content: '', asked: 'nothing', may: new Set([false]) };
    });
    knowledge.values.push(...own, shared);
    knowledge.zones.push(...this.#zones);
  }

  /** Sends requests until `goOn` returns false. */
  async work(goOn: () => boolean): Promise<void> {
    while (goOn()) {
      if (this.#random.chance('zone', 0.2) && this.#scene.server.makesZones) await this.#zone(goOn);
      else if (this.#random.chance('again', 0.15)) await this.#again();
      else await this.#change();
    }
  }

  /** Asks for the outcome of every change. It must be the one that the gateway has told before. */
  async askEvery(): Promise<void> {
    for (const attempt of this.#attempts)
      this.#agree(attempt, await this.#settled(attempt), 'asked at the end');
    for (const value of this.#values) if (value.may.size > 1) await this.#look(value);
  }

  /**
   * Repeats deletes whose outcome is not known, and with `creates` such creates too. A create that is not
   * repeated leaves a claim, which the gateway itself has to end.
   */
  async finishZones(creates: boolean): Promise<void> {
    for (const zone of this.#zones) {
      if (zone.asked === 'delete' || (creates && zone.asked === 'create'))
        await until(`${zone.asked} ${zone.zone}`, async () => await this.#askFor(zone, zone.asked));
    }
  }

  /** Replaces, adds or removes the client's value in an RRset. */
  async #change(): Promise<void> {
    const value = this.#values[this.#random.between('value', 0, this.#values.length - 1)];
    if (value === undefined) return;
    if (value.may.size > 1) await this.#look(value);
    const [from = null] = value.may;
    await this.#replace(
      value,
      from !== null && this.#random.chance('remove', 0.3) ? null : this.#next(value),
    );
  }

  /** Replaces the client's value, which has to be known. @param to null: it is removed */
  async #replace(value: ClientValue, to: string | null): Promise<void> {
    const [from = null] = value.may;
    this.#count += 1;
    const key = `story-${this.#scene.plan.seed}-${this.#number}-${this.#count}`;
    const record = (data: string): object => ({
      name: value.name,
      type: value.type,
      ttl: value.type === 'A' ? 300 : 600,
      data,
    });
    const body = {
      key,
      remove: from === null ? [] : [record(from)],
      add: to === null ? [] : [record(to)],
    };
    const attempt: Attempt = { token: this.#token.id, key, zone: value.zone, body, last: null };
    this.#attempts.push(attempt);
    this.#knowledge.attempts.push(attempt);
    const before = value.may;
    value.may = new Set([...before, to]);
    const first = await this.#send(attempt);
    this.#say(`${value.name} ${from ?? 'nothing'} -> ${to ?? 'nothing'} (${key})`, first);
    const isClear = first.kind === 'done' || first.kind === 'untouched';
    const said = isClear ? first : await this.#settled(attempt);
    if (!isClear) this.#say(`asked about ${key}`, said);
    attempt.last = said;
    if (said.kind === 'done') value.may = new Set([to]);
    else if (said.kind === 'untouched') value.may = before;
  }

  /** Sends an earlier change again, with its key. It must be answered as before, and write nothing. */
  async #again(): Promise<void> {
    // A change that was refused because of an outage is perhaps not stored. Then it would be carried out now.
    const ended = this.#attempts.filter(({ last }) => last?.kind === 'done' || isWithdrawn(last));
    const attempt = ended[this.#random.between('which', 0, ended.length - 1)];
    if (attempt === undefined) return;
    const said = await this.#send(attempt);
    this.#say(`${attempt.key} again`, said);
    // An outage may come before the gateway looks for the key.
    if (said.kind !== 'lost' && !isOutage(said)) this.#agree(attempt, said, 'sent again');
  }

  /** Two answers about one change must say the same. An outcome that nobody knew may be known later. */
  #agree(attempt: Attempt, said: Said, when: string): void {
    const { last, key, zone } = attempt;
    // Of a zone that is deleted the gateway tells no outcome. Only zones that clients make are deleted.
    const isGone = said.text.startsWith('central.missing') && zone !== zoneOf(this.#customer);
    const isSure = said.kind === 'done' || (said.kind === 'untouched' && !isGone);
    if (last !== null && last.kind !== 'unknown' && isSure && said.kind !== last.kind)
      this.#violations.add('answers.other', `${key}: ${last.kind} (${last.text}), ${when} ${said.kind}`);
    if (last === null || (last.kind === 'unknown' && isSure)) attempt.last = said;
  }

  async #send({ zone, body }: Attempt): Promise<Said> {
    this.#scene.onWrite();
    return await this.#ask('POST', `/v1/zones/${zone}/changes`, body);
  }

  /** Withdraws a change, again and again until the gateway answers. @returns the outcome of the change */
  async #settled({ zone, key }: Attempt): Promise<Said> {
    const answer = await this.#patiently('POST', `/v1/zones/${zone}/changes/withdraw`, { key });
    return withdrawalOf(answer);
  }

  /** Creates or deletes a zone, and asks again until the outcome is known. */
  async #zone(goOn: () => boolean): Promise<void> {
    const zone = this.#zones[this.#random.between('zone', 0, this.#zones.length - 1)];
    if (zone === undefined) return;
    zone.asked = zone.may.has(true) ? 'delete' : 'create';
    zone.may = new Set([true, false]);
    if (zone.asked === 'create') zone.content = this.#address();
    await until(`${zone.asked} ${zone.zone}`, async () => !goOn() || (await this.#askFor(zone, zone.asked)));
  }

  /** Asks once for the create or the delete of a zone. @returns whether the outcome is known now */
  async #askFor(zone: ClientZone, what: ClientZone['asked']): Promise<boolean> {
    const creates = what === 'create';
    const records = [{ name: `www.${zone.zone}`, type: 'A', ttl: 300, data: zone.content }];
    const body = { zone: zone.zone, check: false, nameServers: [], records };
    this.#scene.onWrite();
    const answer = creates
      ? await this.#answer('POST', '/v1/zones', body)
      : await this.#answer('DELETE', `/v1/zones/${zone.zone}`);
    const said = saidOf(answer);
    this.#say(`${what} ${zone.zone}`, said);
    // An earlier request may have deleted the zone. Then this one gets 404, as if there never was a zone.
    const isDone = said.kind === 'done' || (!creates && answer?.body['code'] === 'central.missing');
    if (!isDone) return false;
    [zone.asked, zone.may] = ['nothing', new Set([creates])];
    if (creates && answer?.body['result'] === 'exists') await this.#fill(zone);
    return true;
  }

  /**
   * Adds the record that a zone may lack which an earlier request has created. PowerDNS makes a zone and its
   * records in two steps, and a kill may have come in between.
   */
  async #fill({ zone, content }: ClientZone): Promise<void> {
    const may = new Set([content, null]);
    const www: ClientValue = { zone, name: `www.${zone}`, type: 'A', prefix: '', may };
    await until(`the records of ${zone}`, async () => {
      await this.#look(www);
      if (!www.may.has(content)) await this.#replace(www, content);
      return www.may.size === 1 && www.may.has(content);
    });
  }

  /** Reads at the gateway which value of this client an RRset has. The answers so far must allow it. */
  async #look(value: ClientValue): Promise<void> {
    const path = `/v1/zones/${value.zone}/records?name=${value.name}`;
    const { body } = await this.#patiently('GET', path);
    const found = dataIn(body, value);
    this.#say(`${value.name} has ${found.join(', ') || 'nothing'}`, { kind: 'done', text: '' });
    const [one = null] = found;
    if (found.length > 1 || !value.may.has(one))
      this.#violations.add('answers.left', `${value.name}: ${found.join(', ')}, allowed ${sayMay(value)}`);
    value.may = new Set([one]);
  }

  /** Sends a request until the answer is no outage. */
  async #patiently(method: string, path: string, body?: unknown): Promise<Answer> {
    let answer: Answer | null = null;
    await until(`${method} ${path}`, async () => {
      answer = await this.#answer(method, path, body);
      return answer !== null && answer.status < 500;
    });
    if (answer === null) throw new Error(`${method} ${path}`);
    return answer;
  }

  async #ask(method: string, path: string, body?: unknown): Promise<Said> {
    return saidOf(await this.#answer(method, path, body));
  }

  /** Sends one request. @returns null: no answer came */
  async #answer(method: string, path: string, body?: unknown): Promise<Answer | null> {
    const { gateways } = this.#scene;
    // Of several gateways each request goes to any, also a repetition.
    const gateway = gateways[this.#random.between('gateway', 0, gateways.length - 1)] ?? gateways[0];
    try {
      return await askGateway(gateway.url, this.#token.token, method, path, body);
    } catch {
      // The gateway was killed: the connection is cut or refused, or the answer ends early.
      return null;
    }
  }

  #say(what: string, { kind, text }: Said): void {
    const { heard, tell } = this.#scene;
    heard.set(kind, (heard.get(kind) ?? 0) + 1);
    tell(`client ${this.#number} (${this.#customer}): ${what}: ${kind}${text === '' ? '' : ` (${text})`}`);
  }

  #next({ type, prefix }: ClientValue): string {
    return type === 'A' ? this.#address() : `${prefix}${(this.#count += 1)}"`;
  }

  /** An address that no other change has. */
  #address(): string {
    this.#count += 1;
    return `198.18.${this.#number * 40 + (this.#count >> 8)}.${this.#count & 255}`;
  }
}

/** What an answer says about the change. @param answer null: there was none */
function saidOf(answer: Answer | null): Said {
  if (answer === null) return lost;
  const { status, body } = answer;
  if (status < 300) return { kind: 'done', text: '' };
  const text = `${String(body['code'])}: ${JSON.stringify(body['params'])}`;
  return { kind: body['state'] === 'untouched' ? 'untouched' : 'unknown', text };
}

/** What the answer to a withdrawal says about the change. */
function withdrawalOf(answer: Answer): Said {
  const { outcome, code, params, state } = answer.body;
  if (answer.status >= 300 || outcome === 'done') return saidOf(answer);
  const text = `${String(code ?? outcome)}: ${JSON.stringify(params ?? {})}`;
  return { kind: outcome === 'failed' && state === 'untouched' ? 'untouched' : 'unknown', text };
}

/**
 * Whether an answer says that the gateway or its name server could not work at this moment. A withdrawn
 * change has the same code, and is no outage.
 */
function isOutage({ text }: Said): boolean {
  return text.startsWith('central.unreachable') && !/"(?:withdrawn|interrupted)/u.test(text);
}

function isWithdrawn(said: Said | null): boolean {
  return said?.text.includes('"withdrawn"') === true;
}

/** The client's data of an RRset in an answer. */
function dataIn(body: Readonly<Record<string, unknown>>, { name, type, prefix }: ClientValue): string[] {
  const { records } = body;
  if (!Array.isArray(records)) return [];
  return records.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null) return [];
    const { name: owner, type: its, data }: Readonly<Record<string, unknown>> = { ...one };
    const isIt = owner === name && its === type && typeof data === 'string' && data.startsWith(prefix);
    return isIt ? [data] : [];
  });
}

/** Lists in words the data that may be there. */
export function sayMay({ may }: ClientValue): string {
  return [...may].map((data) => data ?? 'nothing').join(' or ');
}
