import assert from 'node:assert/strict';
import { CentralError, type Altered, type Central, type CentralRecord } from '../../../core/central.ts';
import { isSigners } from '../../../dns/dnssec.ts';
import type { DnsName } from '../../../dns/name.ts';
import { rdataFromFields } from '../../../dns/rdata/rdata.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { changeNames, type Change, type RRsetKey } from '../../../dns/zone.ts';
import { quietContext } from '../../quiet-context.ts';

/** A central and, past it, the truth and the hands of somebody else working there. */
export interface ContractSubject {
  readonly central: Central;
  readonly otherWriter: {
    add(zone: DnsName, record: ResourceRecord): Promise<void>;
    remove(zone: DnsName, record: ResourceRecord): Promise<void>;
    /**
     * Makes a zone in our account, as the provider does; needed where the account itself cannot
     * (`managesZones`).
     */
    makeZone?(zone: DnsName): Promise<void>;
    /**
     * Makes a zone in our account that the central signs; resolves once its keys are published. Absent where
     * none can be had.
     */
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
    /**
     * Ends it now, or when the next write arrives, or when the next write is done and before anything is read
     * again.
     */
    crash(when: 'now' | 'before-write' | 'after-write'): Promise<void>;
    /** Starts it where it was; resolves once it answers. Does nothing while it runs. */
    revive(): Promise<void>;
  };
  /** From now on every answer to a read ends early, by a little or by much; `null`: no more. */
  readonly cutReads?: (keep: number | null) => void;
  /**
   * The central calls a removal done whose record is not there: nobody can tell then who removed it (A51).
   */
  readonly removesUnknown?: true;
  /** Records that a zone is tried with; default 100. */
  readonly manyRecords?: number;
}

export const seed = { addresses: ['192.0.2.1'], nameServers: ['ns1.example.net.'], mailServers: [] };

/** A new zone of the account: made by the account itself, or by the provider. */
export async function makeZone({ central, otherWriter }: ContractSubject, zone: DnsName): Promise<void> {
  if (central.traits.managesZones) {
    assert.equal(await central.createZone(zone, seed, quietContext()), 'created');
    return;
  }
  assert.ok(otherWriter.makeZone !== undefined, 'the subject can make zones');
  await otherWriter.makeZone(zone);
}

/** One zone of the subject and what is done to it. */
export class Bench {
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

  get otherWriter(): ContractSubject['otherWriter'] {
    return this.#subject.otherWriter;
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
    const records = (await this.otherWriter.records(this.zone)) ?? [];
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

export type MakeBench = () => Promise<Bench>;

export function ids(records: readonly ResourceRecord[]): string[] {
  return sorted(records.map(steadyId));
}

/** RRsets that every zone has. */
export function apexSets(zone: DnsName): RRsetKey[] {
  return ['SOA', 'NS'].map((type) => ({ name: zone, type }));
}

/** The id of a record, without the serial that a server gives its SOA with every edit. */
export function steadyId(record: ResourceRecord): string {
  const { type, rdata } = record;
  return recordId(type === 'SOA' ? { ...record, rdata: rdata.replace(/^(\S+ \S+) \d+/u, '$1 *') } : record);
}

export function sorted(list: Iterable<string>): string[] {
  return [...list].sort();
}

/** Runs a call that must be refused; the error, after a check of its code. */
export async function refusal(call: Promise<unknown>, ...codes: string[]): Promise<CentralError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof CentralError, String(error));
    assert.ok(codes.includes(error.code), `${error.code} ${JSON.stringify(error.params)}`);
    return error;
  }
  assert.fail('the call was to be refused');
}
