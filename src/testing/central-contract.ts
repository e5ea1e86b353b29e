import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  CentralError,
  type Altered,
  type CallContext,
  type Central,
  type CentralRecord,
} from '../core/central.ts';
import { isSigners } from '../dns/dnssec.ts';
import { parseName, type DnsName } from '../dns/name.ts';
import { rdataFromFields } from '../dns/rdata/rdata.ts';
import { formatRecord, makeRecord, recordId, type ResourceRecord } from '../dns/record.ts';
import { changeNames, invert, type Change, type RRsetKey } from '../dns/zone.ts';
import { everyType } from './every-type.ts';

/** A central and, past it, the truth and the hands of somebody else working there. */
export interface ContractSubject {
  readonly central: Central;
  readonly someoneElse: {
    add(zone: DnsName, record: ResourceRecord): Promise<void>;
    remove(zone: DnsName, record: ResourceRecord): Promise<void>;
    /** Makes a zone in our account, as the provider does; needed where the account itself cannot (`managesZones`). */
    makeZone?(zone: DnsName): Promise<void>;
    /** Makes a zone in our account that the central signs; resolves once its keys are published. Absent where none can be had. */
    makeSignedZone?(zone: DnsName): Promise<void>;
    /** Makes a zone in another account. */
    createZone(zone: DnsName): Promise<void>;
    /** The zone's records whoever asks; `null`: no such zone in any account. */
    records(zone: DnsName): Promise<readonly ResourceRecord[] | null>;
  };
  stop(): Promise<void>;
  /** The same account with a wrong password or key; closed by the case. Absent: there is none. */
  readonly wrongCredentials?: () => Central;
  /** The central's program can be ended without warning, and started again. */
  readonly crashes?: {
    /** Ends it now, or when the next write arrives, or when the next write is done and before anything is read again. */
    crash(when: 'now' | 'before-write' | 'after-write'): Promise<void>;
    /** Starts it where it was; resolves once it answers. Does nothing while it runs. */
    revive(): Promise<void>;
  };
  /** From now on every answer to a read ends early, by a little or by much; `null`: no more. */
  readonly cutReads?: (keep: number | null) => void;
  /** The central calls a removal done whose record is not there: nobody can tell then who removed it (A51). */
  readonly removesUnknown?: true;
  /** Records that a zone is tried with; default 100. */
  readonly manyRecords?: number;
}

const seed = { addresses: ['192.0.2.1'], nameServers: ['ns1.example.net.'], mailServers: [] };

/** A call context without deadline. */
export function quietContext(): CallContext {
  return { signal: new AbortController().signal, operation: '-' };
}

/**
 * The behaviour every {@link Central} has, as test cases of node:test. Every write is followed by a second planning of the same
 * change, which must find nothing to do, and by a look past the central that nothing else was touched.
 * @param makeSubject called once; each case works in a zone of its own
 */
export function centralContract(name: string, makeSubject: () => Promise<ContractSubject>): void {
  describe(`central contract: ${name}`, () => {
    let subject: ContractSubject;
    let zones = 0;
    before(async () => {
      subject = await makeSubject();
    });
    after(async () => {
      await subject.stop();
    });
    const bench = async (): Promise<Bench> => {
      zones += 1;
      const zone = parseName(`zone${zones}.example.`);
      await makeZone(subject, zone);
      return new Bench(subject, zone);
    };
    readCases(() => subject, bench);
    zoneCases(() => subject);
    signingCases(() => subject);
    foreignCases(() => subject);
    rrsetCases(bench);
    changeCases(bench);
    valueCases(bench);
    strangerCases(bench);
    loadCases(() => subject, bench);
    faultCases(() => subject, bench);
    it('refuses every call once closed', async () => {
      const own = subject.central;
      await own.close();
      await assert.rejects(own.listZones([], quietContext()), CentralError);
      await assert.rejects(own.readZone(parseName('example.org.'), [], quietContext()), CentralError);
    });
  });
}

/** A new zone of the account: made by the account itself, or by the provider. */
async function makeZone({ central, someoneElse }: ContractSubject, zone: DnsName): Promise<void> {
  if (central.traits.managesZones) {
    assert.equal(await central.createZone(zone, seed, quietContext()), 'created');
    return;
  }
  assert.ok(someoneElse.makeZone !== undefined, 'the subject can make zones');
  await someoneElse.makeZone(zone);
}

/** One zone of the subject and what is done to it. */
class Bench {
  readonly central: Central;
  readonly zone: DnsName;
  readonly #subject: ContractSubject;

  constructor(subject: ContractSubject, zone: DnsName) {
    this.#subject = subject;
    this.central = subject.central;
    this.zone = zone;
  }

  get removesUnknown(): boolean {
    return this.#subject.removesUnknown === true;
  }

  get stranger(): ContractSubject['someoneElse'] {
    return this.#subject.someoneElse;
  }

  record(name: string, type: string, rdata: string): ResourceRecord {
    return makeRecord({ name, type, rdata }, this.zone);
  }

  text(name: string, value: string): ResourceRecord {
    return makeRecord({ name, type: 'TXT', rdata: rdataFromFields('TXT', [value]) }, this.zone);
  }

  change(remove: readonly ResourceRecord[], add: readonly ResourceRecord[]): Change {
    return { zone: this.zone, remove, add };
  }

  async truth(): Promise<Set<string>> {
    const records = (await this.stranger.records(this.zone)) ?? [];
    return new Set(records.filter((record) => !isSigners(this.zone, record)).map(steadyId));
  }

  async present(change: Change): Promise<readonly CentralRecord[]> {
    const records = await this.central.readNames(this.zone, changeNames(change), quietContext());
    assert.ok(records !== null, `${this.zone} is there`);
    return records;
  }

  async apply(change: Change): Promise<Altered> {
    return await this.central.apply(change, await this.present(change), quietContext());
  }

  /** Applies a change of which everything has still to be done, and checks truth, answer and repetition. */
  async works(remove: readonly ResourceRecord[], add: readonly ResourceRecord[]): Promise<void> {
    const change = this.change(remove, add);
    assert.deepEqual(this.central.audit(change), []);
    const before = await this.truth();
    const altered = await this.apply(change);
    assert.deepEqual(ids(altered.removed), ids(remove));
    assert.deepEqual(ids(altered.added), ids(add));
    const expected = new Set(before);
    for (const record of remove) expected.delete(recordId(record));
    for (const record of add) expected.add(recordId(record));
    assert.deepEqual(sorted(await this.truth()), sorted(expected));
    assert.deepEqual(await this.apply(change), { removed: [], added: [] });
    assert.deepEqual(sorted(await this.truth()), sorted(expected));
  }
}

type MakeBench = () => Promise<Bench>;

function ids(records: readonly ResourceRecord[]): string[] {
  return sorted(records.map(steadyId));
}

/** RRsets that every zone has. */
function apexSets(zone: DnsName): RRsetKey[] {
  return ['SOA', 'NS'].map((type) => ({ name: zone, type }));
}

/** The id of a record, without the serial that a server gives its SOA with every edit. */
function steadyId(record: ResourceRecord): string {
  const { type, rdata } = record;
  return recordId(type === 'SOA' ? { ...record, rdata: rdata.replace(/^(\S+ \S+) \d+/u, '$1 *') } : record);
}

function sorted(list: Iterable<string>): string[] {
  return [...list].sort();
}

/** Runs a call that must be refused; the error, after a look at its code. */
async function refusal(call: Promise<unknown>, ...codes: string[]): Promise<CentralError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof CentralError, String(error));
    assert.ok(codes.includes(error.code), `${error.code} ${JSON.stringify(error.params)}`);
    return error;
  }
  assert.fail('the call was to be refused');
}

function readCases(subject: () => ContractSubject, bench: MakeBench): void {
  it('proves connection and login', async () => {
    await subject().central.check(quietContext());
  });

  it('answers null for a zone that is not there, and nothing else', async () => {
    const missing = parseName('missing.example.');
    assert.equal(await subject().central.readZone(missing, [], quietContext()), null);
    assert.equal(await subject().central.readNames(missing, [missing], quietContext()), null);
  });

  it('reads by name exactly what it reads by zone', async () => {
    const b = await bench();
    await b.works(
      [],
      [b.record('a', 'A', '192.0.2.1'), b.record('a', 'A', '192.0.2.2'), b.record('b.a', 'A', '192.0.2.3')],
    );
    const a = parseName('a', b.zone);
    const sets = [a, parseName('b.a', b.zone)].map((name) => ({ name, type: 'A' }));
    const whole = (await b.central.readZone(b.zone, [...apexSets(b.zone), ...sets], quietContext())) ?? [];
    const part = (await b.central.readNames(b.zone, [a], quietContext())) ?? [];
    const byId = (one: ResourceRecord, other: ResourceRecord): number =>
      recordId(one) < recordId(other) ? -1 : 1;
    assert.deepEqual(part.toSorted(byId), whole.filter(({ name }) => name === a).toSorted(byId));
    assert.equal(part.length, 2);
    assert.deepEqual(await b.central.readNames(b.zone, [parseName('none', b.zone)], quietContext()), []);
    assert.deepEqual(ids(whole), sorted(await b.truth()));
  });

  it('stops at the deadline', async () => {
    const ctx = { signal: AbortSignal.abort(new Error('deadline')), operation: '-' };
    const error = await refusal(subject().central.listZones([], ctx), 'central.unreachable');
    assert.equal(error.state, 'untouched');
    const b = await bench();
    const change = b.change([], [b.record('late', 'A', '192.0.2.1')]);
    const late = await refusal(b.central.apply(change, [], ctx), 'central.unreachable');
    assert.equal(late.state, 'untouched');
    assert.equal((await b.truth()).has(recordId(b.record('late', 'A', '192.0.2.1'))), false);
  });
}

function zoneCases(subject: () => ContractSubject): void {
  it('creates a zone once and deletes it once', async () => {
    const { central } = subject();
    if (!central.traits.managesZones) return await provided(subject(), parseName('made.example.'));
    const zone = parseName('made.example.');
    assert.equal((await central.listZones([], quietContext())).includes(zone), false);
    assert.equal(await central.createZone(zone, seed, quietContext()), 'created');
    assert.equal(await central.createZone(zone, seed, quietContext()), 'exists');
    assert.equal((await central.listZones([], quietContext())).includes(zone), true);
    assert.notEqual(await central.readZone(zone, [], quietContext()), null);
    assert.equal(await central.deleteZone(zone, quietContext()), 'deleted');
    assert.equal(await central.deleteZone(zone, quietContext()), 'missing');
    assert.equal((await central.listZones([], quietContext())).includes(zone), false);
    assert.equal(await central.readZone(zone, [], quietContext()), null);
  });

  it('tells without a write whether a zone could be made', async () => {
    const { central } = subject();
    if (!central.traits.managesZones) return;
    const zone = parseName('asked.example.');
    assert.equal(await central.mayCreateZone(zone, seed, quietContext()), 'free');
    assert.equal(await central.readZone(zone, [], quietContext()), null);
    await central.createZone(zone, seed, quietContext());
    assert.equal(await central.mayCreateZone(zone, seed, quietContext()), 'exists');
    await central.deleteZone(zone, quietContext());
  });

  it('creates a zone with its content in one write, where it can do that (issue 11.8)', async () => {
    const { central, someoneElse } = subject();
    if (!central.traits.createsWithContent) return;
    const zone = parseName('filled.example.');
    const content = Object.entries(everyType).flatMap(([type, data]) => {
      const single = type === 'CNAME' || type === 'DNAME';
      const name = `of-${type.toLowerCase()}`;
      return data.slice(0, single ? 1 : 2).map((rdata) => makeRecord({ name, type, rdata, ttl: 300 }, zone));
    });
    assert.equal(await central.createZone(zone, seed, quietContext(), content), 'created');
    const held = new Set((await someoneElse.records(zone))?.map(steadyId));
    for (const record of content) assert.ok(held.has(steadyId(record)), formatRecord(record));
    const read = (await central.readZone(zone, [], quietContext())) ?? [];
    assert.deepEqual(
      content.map(recordId).filter((id) => !read.some((record) => recordId(record) === id)),
      [],
    );
    // Nothing is added to a zone that is there.
    const more = [makeRecord({ name: 'more', type: 'A', rdata: '192.0.2.1' }, zone)];
    assert.equal(await central.createZone(zone, seed, quietContext(), more), 'exists');
    assert.deepEqual(
      await central.readNames(
        zone,
        more.map(({ name }) => name),
        quietContext(),
      ),
      [],
    );
    await central.deleteZone(zone, quietContext());
  });

  it('creates an internationalised zone under its punycode name', async () => {
    const { central } = subject();
    const zone = parseName('пример.example.');
    await makeZone(subject(), zone);
    assert.equal((await central.listZones([zone], quietContext())).includes(zone), true);
    assert.equal(await central.createZone(zone, seed, quietContext()), 'exists');
    if (central.traits.managesZones) assert.equal(await central.deleteZone(zone, quietContext()), 'deleted');
  });
}

/** Zones that only the provider makes and deletes. */
async function provided(subject: ContractSubject, zone: DnsName): Promise<void> {
  const { central } = subject;
  assert.deepEqual(await central.listZones([zone], quietContext()), []);
  const early = await refusal(central.createZone(zone, seed, quietContext()), 'zone.create-there-first');
  assert.deepEqual([early.state, early.retry], ['untouched', 'never']);
  assert.equal(await central.deleteZone(zone, quietContext()), 'missing');
  await makeZone(subject, zone);
  assert.deepEqual(await central.listZones([zone], quietContext()), [zone]);
  assert.equal(await central.createZone(zone, seed, quietContext()), 'exists');
  const kept = await refusal(central.deleteZone(zone, quietContext()), 'zone.delete-there');
  assert.deepEqual([kept.state, kept.retry], ['untouched', 'never']);
  assert.notEqual(await central.readZone(zone, apexSets(zone), quietContext()), null);
}

function signingCases(subject: () => ContractSubject): void {
  it('tells of a zone that it is not signed, and nothing of a zone that is not there', async () => {
    const { central } = subject();
    const zone = parseName('unsigned.example.');
    assert.equal(await central.signing(zone, quietContext()), null);
    await makeZone(subject(), zone);
    const signing = await central.signing(zone, quietContext());
    assert.notEqual(signing?.signed, true);
    assert.deepEqual([signing?.ds, signing?.cds], [[], []]);
  });

  it('tells of a signed zone what its parent has to know, and edits it like any other', async () => {
    const { central, someoneElse } = subject();
    if (someoneElse.makeSignedZone === undefined) return;
    const zone = parseName('signed.example.');
    await someoneElse.makeSignedZone(zone);
    const signing = await central.signing(zone, quietContext());
    assert.equal(signing?.signed, true);
    assert.ok((signing?.ds.length ?? 0) > 0);
    for (const ds of [...(signing?.ds ?? []), ...(signing?.cds ?? [])]) {
      assert.equal(ds, makeRecord({ name: zone, type: 'DS', rdata: ds }).rdata);
    }
    const b = new Bench(subject(), zone);
    const [one, two] = [b.record('www', 'A', '192.0.2.1'), b.record('www', 'A', '192.0.2.2')];
    await b.works([], [one]);
    await b.works([one], [two]);
    const known = [...apexSets(zone), two];
    const read = (await central.readZone(zone, known, quietContext())) ?? [];
    const isData = ({ type }: ResourceRecord): boolean => type !== 'SOA';
    const own = read.filter((record) => isData(record) && !isSigners(zone, record));
    const truth = (await someoneElse.records(zone)) ?? [];
    assert.deepEqual(ids(own), ids(truth.filter((record) => isData(record) && !isSigners(zone, record))));
    await b.works([two], []);
  });
}

function foreignCases(subject: () => ContractSubject): void {
  it('neither reads, writes, creates nor deletes a zone of another account', async () => {
    const { central, someoneElse } = subject();
    const zone = parseName('foreign.example.');
    await someoneElse.createZone(zone);
    const truth = await someoneElse.records(zone);
    const error = await refusal(central.createZone(zone, seed, quietContext()), 'zone.foreign');
    // A panel tells only when it is asked to create it.
    const asked = await central.mayCreateZone(zone, seed, quietContext()).catch((one: unknown) => one);
    assert.ok(asked === 'free' || (asked instanceof CentralError && asked.code === 'zone.foreign'));
    assert.equal(error.state, 'untouched');
    assert.equal((await central.listZones([], quietContext())).includes(zone), false);
    assert.equal(await central.readZone(zone, [], quietContext()), null);
    assert.equal(await central.signing(zone, quietContext()), null);
    assert.equal(await central.deleteZone(zone, quietContext()), 'missing');
    const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, zone);
    const change = { zone, remove: [], add: [record] };
    const refused = await refusal(
      central.apply(change, [], quietContext()),
      'central.missing',
      'central.access-denied',
    );
    assert.equal(refused.state, 'untouched');
    assert.deepEqual(await someoneElse.records(zone), truth);
  });

  it('refuses a change in a zone that is not there', async () => {
    const zone = parseName('absent.example.');
    const record = makeRecord({ name: 'www', type: 'A', rdata: '192.0.2.1' }, zone);
    const adding = { zone, remove: [], add: [record] };
    const error = await refusal(subject().central.apply(adding, [], quietContext()), 'central.missing');
    assert.equal(error.state, 'untouched');
    await refusal(subject().central.apply(invert(adding), [], quietContext()), 'central.missing');
  });
}

function changeCases(bench: MakeBench): void {
  it('adds, alters and removes one record', async () => {
    const b = await bench();
    const [one, two] = [b.record('host', 'A', '192.0.2.1'), b.record('host', 'A', '192.0.2.2')];
    await b.works([], [one]);
    await b.works([one], [two]);
    await b.works([two], []);
  });

  it('alters one record of several', async () => {
    const b = await bench();
    const all = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => b.record('many', 'A', address));
    await b.works([], all);
    await b.works(all.slice(0, 1), [b.record('many', 'A', '192.0.2.9')]);
    await b.works(all.slice(1), [b.record('many', 'A', '192.0.2.7'), b.record('many', 'A', '192.0.2.8')]);
  });

  it('undoes every change by its inverse', async () => {
    const b = await bench();
    const before = await b.truth();
    const steps = [
      b.change([], [b.record('u', 'A', '192.0.2.1'), b.record('u', 'AAAA', '2001:db8::1')]),
      b.change([b.record('u', 'A', '192.0.2.1')], [b.record('u', 'A', '192.0.2.2'), b.text('u', 'one')]),
      b.change([b.record('u', 'AAAA', '2001:db8::1')], [b.record('v', 'CNAME', 'u')]),
    ];
    for (const step of steps) await b.works(step.remove, step.add);
    for (const step of steps.toReversed()) await b.works(step.add, step.remove);
    assert.deepEqual(sorted(await b.truth()), sorted(before));
  });

  it('moves from data to a CNAME, to another target, and back', async () => {
    const b = await bench();
    const data = [b.record('c', 'A', '192.0.2.1'), b.record('c', 'A', '192.0.2.2'), b.text('c', 'x')];
    const alias = b.record('c', 'CNAME', 'elsewhere.example.net.');
    const other = b.record('c', 'CNAME', 'other.example.net.');
    await b.works([], data);
    await b.works(data, [alias]);
    await b.works([alias], [other]);
    await b.works([other], data);
  });

  it('refuses a CNAME beside data it was not told to remove, and leaves the data', async () => {
    const b = await bench();
    await b.works([], [b.record('d', 'A', '192.0.2.1')]);
    const before = await b.truth();
    const change = b.change([], [b.record('d', 'CNAME', 'elsewhere.example.net.')]);
    const error = await refusal(
      b.apply(change),
      'central.invalid-value',
      'central.refused',
      'central.exists',
    );
    assert.equal(error.state, 'untouched');
    assert.equal(error.retry, 'never');
    assert.deepEqual(sorted(await b.truth()), sorted(before));
  });

  it('says partial when a later part is refused, and the inverse restores the rest', async () => {
    const b = await bench();
    await b.works([], [b.record('p', 'A', '192.0.2.1')]);
    const before = await b.truth();
    const change = b.change([], [b.record('q', 'A', '192.0.2.2'), b.record('p', 'CNAME', 'q')]);
    const error = await refusal(
      b.apply(change),
      'central.invalid-value',
      'central.refused',
      'central.exists',
    );
    if (b.central.traits.atomic !== 'zone') assert.equal(error.state, 'partial');
    await b.apply(invert(change));
    assert.deepEqual(sorted(await b.truth()), sorted(before));
  });

  it('alters everything that hangs together in one change', async () => {
    const b = await bench();
    const before = [b.record('x', 'A', '192.0.2.1'), b.record('y', 'A', '192.0.2.1'), b.text('x', 'one')];
    const after = [b.record('x', 'A', '192.0.2.2'), b.record('y', 'AAAA', '2001:db8::2'), b.text('z', 'two')];
    await b.works([], before);
    await b.works(before, after);
    await b.works(after, before);
  });

  it('alters one field of MX and SRV records', async () => {
    const b = await bench();
    // Without the address BIND refuses a mail server inside the zone (check-integrity).
    await b.works([], [b.record('mail1', 'A', '192.0.2.1')]);
    await b.works([], [b.record('@', 'MX', '15 mail1'), b.record('@', 'MX', '25 mail2.example.net.')]);
    await b.works([b.record('@', 'MX', '15 mail1')], [b.record('@', 'MX', '35 mail1')]);
    await b.works(
      [b.record('@', 'MX', '25 mail2.example.net.')],
      [b.record('@', 'MX', '25 mail3.example.net.')],
    );
    const steps = [
      '10 5 5060 sip',
      '20 5 5060 sip',
      '20 0 5060 sip',
      '20 0 5061 sip',
      '20 0 5061 sip.example.net.',
    ];
    let old: ResourceRecord[] = [];
    for (const rdata of steps) {
      const record = b.record('_sip._tcp', 'SRV', rdata);
      await b.works(old, [record]);
      old = [record];
    }
  });
}

function valueCases(bench: MakeBench): void {
  const texts: Readonly<Record<string, string>> = {
    'quotes, commas and semicolons': 'v=1; a="b, c", d=\'e\'; "f"',
    backslashes: String.raw`back\slash \" \\ \065 end\x`,
    'inner spaces and a key of its own': 'www A  192.0.2.1, mail A  192.0.2.2',
    Unicode: 'Привет, мир: ünïcödé ☃ 𝔘',
    'form and markup characters': 'a&b=c+d%20e <x>&amp;</x> ]]> {}',
    '300 octets': `v=DKIM1; p=${'A'.repeat(300)}`,
    '2000 octets': 'k'.repeat(2000),
  };
  for (const [title, value] of Object.entries(texts)) {
    it(`keeps a TXT with ${title}`, async () => {
      const b = await bench();
      const record = b.text('t', value);
      await b.works([], [record, b.text('t', 'neighbour')]);
      await b.works([record], [b.text('t', `${value}!`)]);
      await b.works([b.text('t', `${value}!`)], []);
    });
  }

  it('keeps texts that differ in case or spaces apart', async () => {
    const b = await bench();
    const all = ['Text', 'text', 'te xt', 'te  xt'].map((value) => b.text('t', value));
    await b.works([], all);
    await b.works(all.slice(0, 1), []);
    await b.works(all.slice(2, 3), []);
  });

  it('keeps wildcards, underscores, deep names and internationalised names', async () => {
    const b = await bench();
    const deep = Array.from({ length: 20 }, (_, at) => `l${at}`).join('.');
    const owners = ['*', '*.sub', '_dmarc', deep, 'тест', 'a-b.c'];
    // A name server may take host names only as owners of addresses (BIND: check-names).
    const all = owners.map((owner) => b.record(owner, owner.startsWith('_') ? 'TXT' : 'A', '192.0.2.1'));
    await b.works([], all);
    for (const record of all) await b.works([record], []);
  });

  it('keeps hosts inside and outside the zone', async () => {
    const b = await bench();
    const targets = ['host', 'host.example.net.', '@', 'xn--e1afmkfd.example.net.'];
    for (const [at, target] of targets.entries()) {
      await b.works([], [b.record(`alias${at}`, 'CNAME', target), b.record(`sub${at}`, 'NS', `ns${at}`)]);
    }
    await b.works([b.record('alias0', 'CNAME', 'host')], [b.record('alias0', 'CNAME', 'host.example.net.')]);
  });

  it('keeps addresses in any spelling the same', async () => {
    const b = await bench();
    await b.works([], [b.record('six', 'AAAA', '2001:0DB8:0:0::1')]);
    assert.deepEqual(await b.apply(b.change([], [b.record('six', 'AAAA', '2001:db8::1')])), {
      removed: [],
      added: [],
    });
    await b.works([b.record('six', 'AAAA', '2001:db8::1')], []);
  });

  it('names what it cannot hold before anything is sent', async () => {
    const b = await bench();
    const { recordTypes } = b.central.traits;
    const outside = {
      zone: b.zone,
      remove: [],
      add: [makeRecord({ name: 'a.other.example.', type: 'A', rdata: '192.0.2.1' })],
    };
    assert.equal(b.central.audit(outside)[0]?.code, 'name.out-of-zone');
    const strange = b.central.audit(b.change([], [b.record('x', 'TYPE65400', String.raw`\# 1 00`)]));
    const expected = recordTypes === 'any' ? [] : ['central.type-unsupported'];
    assert.deepEqual(
      strange.map(({ code }) => code),
      expected,
    );
  });
}

function strangerCases(bench: MakeBench): void {
  it('finds an addition done already', async () => {
    const b = await bench();
    const record = b.record('s', 'A', '192.0.2.1');
    const change = b.change([], [record]);
    const present = await b.present(change);
    await b.stranger.add(b.zone, record);
    assert.deepEqual(await b.central.apply(change, present, quietContext()), { removed: [], added: [] });
    assert.equal((await b.truth()).has(recordId(record)), true);
  });

  it('finds a removal done already', async () => {
    const b = await bench();
    const record = b.record('s', 'A', '192.0.2.1');
    await b.works([], [record]);
    const change = b.change([record], []);
    const present = await b.present(change);
    await b.stranger.remove(b.zone, record);
    const { removed, added } = await b.central.apply(change, present, quietContext());
    const ours = b.removesUnknown ? [recordId(record)] : [];
    assert.deepEqual([removed.map(recordId), added], [ours, []]);
    assert.equal((await b.truth()).has(recordId(record)), false);
  });

  it('notices a stale handle: reaches the goal and leaves the stranger alone', async () => {
    const b = await bench();
    const [old, next] = [b.record('s', 'A', '192.0.2.1'), b.record('s', 'A', '192.0.2.2')];
    const theirs = b.record('s', 'A', '192.0.2.99');
    await b.works([], [old]);
    const change = b.change([old], [next]);
    const present = await b.present(change);
    await b.stranger.remove(b.zone, old);
    await b.stranger.add(b.zone, theirs);
    const altered = await b.central.apply(change, present, quietContext());
    assert.deepEqual(altered.removed, []);
    assert.deepEqual(ids(altered.added), ids([next]));
    const truth = await b.truth();
    assert.deepEqual(
      [old, next, theirs].map((record) => truth.has(recordId(record))),
      [false, true, true],
    );
  });

  it('corrects a stale view that shows the goal as reached', async () => {
    const b = await bench();
    const record = b.record('s', 'A', '192.0.2.1');
    await b.works([], [record]);
    const change = b.change([], [record]);
    const present = await b.present(change);
    await b.stranger.remove(b.zone, record);
    assert.deepEqual(ids((await b.central.apply(change, present, quietContext())).added), ids([record]));
    assert.equal((await b.truth()).has(recordId(record)), true);
  });

  it('alters a record whose new value somebody else has added meanwhile', async () => {
    const b = await bench();
    const [old, next] = [b.record('s', 'A', '192.0.2.1'), b.record('s', 'A', '192.0.2.2')];
    await b.works([], [old]);
    const change = b.change([old], [next]);
    const present = await b.present(change);
    await b.stranger.add(b.zone, next);
    const altered = await b.central.apply(change, present, quietContext());
    assert.deepEqual(ids(altered.removed), ids([old]));
    assert.deepEqual(altered.added, []);
    const truth = await b.truth();
    assert.deepEqual(
      [old, next].map((record) => truth.has(recordId(record))),
      [false, true],
    );
  });

  it('touches nothing but the records of the change', async () => {
    const b = await bench();
    const theirs = [
      b.record('s', 'A', '192.0.2.50'),
      b.text('s', 'theirs'),
      b.record('other', 'A', '192.0.2.51'),
    ];
    await b.works([], theirs);
    await b.works([], [b.record('s', 'A', '192.0.2.1')]);
    await b.works([b.record('s', 'A', '192.0.2.1')], [b.record('s', 'AAAA', '2001:db8::1')]);
    const truth = await b.truth();
    for (const record of theirs) assert.equal(truth.has(recordId(record)), true);
  });
}

function rrsetCases(bench: MakeBench): void {
  it('takes every type it claims, and gives it back as it was', async () => {
    const b = await bench();
    const { recordTypes } = b.central.traits;
    for (const [type, [one, two]] of Object.entries(everyType)) {
      if (recordTypes !== 'any' && !recordTypes.has(type)) continue;
      const name = `t-${type.toLowerCase()}`;
      const [first, second] = [b.record(name, type, one), b.record(name, type, two)];
      await b.apply(b.change([], [first]));
      assert.equal((await b.truth()).has(recordId(first)), true, recordId(first));
      await b.works([first], [second]);
      assert.deepEqual(ids((await b.apply(b.change([second], []))).removed), ids([second]));
    }
  });

  it('keeps TTLs where it has them, and changes one alone', async () => {
    const b = await bench();
    if (!b.central.traits.carriesTtl) return;
    const timed = (ttl: number): ResourceRecord => ({ ...b.record('ttl', 'A', '192.0.2.1'), ttl });
    const ttlOf = async (): Promise<number | null | undefined> =>
      (await b.present(b.change([], [timed(300)])))[0]?.ttl;
    await b.works([], [timed(300)]);
    assert.equal(await ttlOf(), 300);
    const altered = await b.apply(b.change([timed(300)], [timed(900)]));
    assert.deepEqual([altered.removed.length, altered.added.length], [1, 1]);
    assert.equal(await ttlOf(), 900);
    assert.deepEqual(await b.apply(b.change([timed(300)], [timed(900)])), { removed: [], added: [] });
    await b.apply(b.change([timed(900)], [timed(300)]));
    assert.equal(await ttlOf(), 300);
  });

  it('keeps a big RRset, and alters one record of it', async () => {
    const b = await bench();
    // BIND takes at most 100 (max-records-per-type).
    const all = Array.from({ length: 99 }, (_, at) =>
      b.record('big', 'AAAA', `2001:db8::${(at + 1).toString(16)}`),
    );
    const change = b.change([], all);
    await b.apply(change);
    assert.deepEqual(await b.apply(change), { removed: [], added: [] });
    await b.works(all.slice(3, 4), [b.record('big', 'AAAA', '2001:db8::ffff')]);
    assert.equal((await b.truth()).has(recordId(all[4] ?? all[0]!)), true);
  });

  it('carries out edits of ours that come at once, in one RRset and beside it', async () => {
    const b = await bench();
    const all = Array.from({ length: 8 }, (_, at) =>
      b.record(at % 2 === 0 ? 'same' : `own${at}`, 'A', `192.0.2.${at + 1}`),
    );
    await Promise.all(all.map(async (record) => await b.apply(b.change([], [record]))));
    const truth = await b.truth();
    for (const record of all) assert.equal(truth.has(recordId(record)), true, recordId(record));
    await Promise.all(all.map(async (record) => await b.apply(b.change([record], []))));
    const left = await b.truth();
    for (const record of all) assert.equal(left.has(recordId(record)), false, recordId(record));
  });

  it('loses nothing of others who write the same RRset at the same time, and reaches its goals', async () => {
    const b = await bench();
    if (b.central.traits.guard === 'none') return;
    const [ours, theirs] = [1, 101].map((first) =>
      Array.from({ length: 5 }, (_, at) => b.record('shared', 'A', `192.0.2.${first + at}`)),
    );
    const others = (async (): Promise<void> => {
      for (const record of theirs ?? []) await b.stranger.add(b.zone, record);
    })();
    for (const record of ours ?? []) await b.apply(b.change([], [record]));
    await others;
    const truth = await b.truth();
    for (const record of [...(ours ?? []), ...(theirs ?? [])])
      assert.equal(truth.has(recordId(record)), true);
  });
}

/** Much at once, by us and by others. */
function loadCases(subject: () => ContractSubject, bench: MakeBench): void {
  it('carries out edits of many zones at once', async () => {
    const benches: Bench[] = [];
    for (let at = 0; at < 8; at += 1) benches.push(await bench());
    await Promise.all(
      benches.flatMap((b) =>
        [1, 2].map(async (at) => {
          const record = b.record('host', 'A', `192.0.2.${at}`);
          assert.deepEqual(ids((await b.apply(b.change([], [record]))).added), ids([record]));
        }),
      ),
    );
    for (const b of benches) {
      const truth = await b.truth();
      for (const at of [1, 2])
        assert.equal(truth.has(recordId(b.record('host', 'A', `192.0.2.${at}`))), true, b.zone);
    }
  });

  it('holds many records in one zone, and alters one of them', async () => {
    const b = await bench();
    const { manyRecords = 100 } = subject();
    const all = Array.from({ length: manyRecords }, (_, at) =>
      b.record(`h${at}`, 'A', `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`),
    );
    const before = await b.truth();
    await b.apply(b.change([], all));
    const expected = sorted([...before, ...all.map(recordId)]);
    assert.deepEqual(sorted(await b.truth()), expected);
    const read = await b.central.readZone(b.zone, [...apexSets(b.zone), ...all], quietContext());
    assert.deepEqual(ids(read ?? []), expected);
    await b.works(all.slice(7, 8), [b.record('h7', 'A', '192.0.2.7')]);
  });

  it('loses nothing of others who write other names of the zone at the same time', async () => {
    const b = await bench();
    const [ours, theirs] = ['ours', 'theirs'].map((name) =>
      Array.from({ length: 6 }, (_, at) => b.record(`${name}${at}`, 'A', `192.0.2.${at + 1}`)),
    );
    const others = (async (): Promise<void> => {
      for (const record of theirs ?? []) await b.stranger.add(b.zone, record);
    })();
    for (const record of ours ?? []) await b.apply(b.change([], [record]));
    await others;
    const truth = await b.truth();
    for (const record of [...(ours ?? []), ...(theirs ?? [])])
      assert.equal(truth.has(recordId(record)), true, recordId(record));
  });
}

function faultCases(subject: () => ContractSubject, bench: MakeBench): void {
  it('says that a wrong password is wrong, and changes nothing', async () => {
    const wrong = subject().wrongCredentials?.();
    if (wrong === undefined) return;
    const b = await bench();
    const record = b.record('login', 'A', '192.0.2.1');
    const calls = [
      // Without a zone there may be nothing that a key is tried on (Knot).
      ...(wrong.traits.listsZones ? [async () => await wrong.check(quietContext())] : []),
      async () => await wrong.listZones([b.zone], quietContext()),
      async () => await wrong.readZone(b.zone, apexSets(b.zone), quietContext()),
      async () => await wrong.apply(b.change([], [record]), [], quietContext()),
      async () => await wrong.deleteZone(b.zone, quietContext()),
    ];
    for (const call of calls) {
      const error = await refusal(call(), 'central.login');
      assert.deepEqual([error.state, error.retry], ['untouched', 'never']);
    }
    await wrong.close();
    assert.equal((await b.truth()).has(recordId(record)), false);
  });

  it('takes a read that ends early for no list, wherever it ends', async () => {
    const { central, cutReads } = subject();
    if (cutReads === undefined) return;
    const b = await bench();
    await b.works([], [b.record('cut', 'A', '192.0.2.1'), b.record('cut', 'A', '192.0.2.2')]);
    const names = [b.zone, parseName('cut', b.zone)];
    const sets = names.map((name) => ({ name, type: 'A' }));
    try {
      for (const keep of [0, 1, 10, 100, -30, -3, -1]) {
        cutReads(keep);
        const reads = [
          async () => await central.readZone(b.zone, sets, quietContext()),
          async () => await central.readNames(b.zone, names, quietContext()),
          async () => await central.listZones([b.zone], quietContext()),
        ];
        for (const read of reads) {
          const error = await refusal(read(), 'central.unreachable', 'central.garbled', 'central.list-cut');
          assert.deepEqual([error.state, error.retry], ['untouched', 'later']);
        }
      }
    } finally {
      cutReads(null);
    }
  });

  it('says what is known when the central dies: before the read, before the write, before the read after it', async () => {
    const { crashes } = subject();
    if (crashes === undefined) return;
    const b = await bench();
    const before = await b.truth();
    for (const when of ['now', 'before-write', 'after-write'] as const) {
      const change = b.change([], [b.record(when, 'A', '192.0.2.1')]);
      const present = await b.present(change);
      await crashes.crash(when);
      // Somebody notices that the connections are gone.
      if (when === 'now') await refusal(b.central.listZones([b.zone], quietContext()), 'central.unreachable');
      const error = await refusal(b.central.apply(change, present, quietContext()), 'central.unreachable');
      assert.equal(error.retry, 'later');
      if (when === 'now') assert.equal(error.state, 'untouched');
      else if (when === 'after-write') assert.equal(error.state, 'unknown');
      else assert.notEqual(error.state, 'partial');
      await crashes.revive();
      const done = when === 'after-write';
      const goal = ids(change.add);
      assert.deepEqual(
        goal.map((id) => before.has(id)),
        [false],
      );
      const truth = await b.truth();
      assert.deepEqual(
        goal.map((id) => truth.has(id)),
        [done],
      );
      assert.equal((await b.apply(change)).added.length, done ? 0 : 1);
    }
  });
}
