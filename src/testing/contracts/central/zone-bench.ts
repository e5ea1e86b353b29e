import assert from 'node:assert/strict';
import { CentralError, type Altered, type Central, type CentralRecord } from '../../../core/central.ts';
import { isSigners } from '../../../dns/dnssec.ts';
import type { DnsName } from '../../../dns/name.ts';
import { rdataFromFields } from '../../../dns/rdata/rdata.ts';
import { makeRecord, recordId, type ResourceRecord } from '../../../dns/record.ts';
import { changeNames, type Change, type RRsetKey } from '../../../dns/zone.ts';
import { quietContext } from '../../quiet-context.ts';

/** A central under test, with direct access to the same data that does not use our adapter. */
export interface ContractSubject {
  readonly central: Central;
  readonly otherWriter: {
    add(zone: DnsName, record: ResourceRecord): Promise<void>;
    remove(zone: DnsName, record: ResourceRecord): Promise<void>;
    /**
     * Creates a zone in our account, as the provider would. Needed if the account itself may not create zones
     * (`managesZones`).
     */
    makeZone?(zone: DnsName): Promise<void>;
    /**
     * Creates a signed zone in our account; resolves once its keys are published. Absent: the central cannot
     * sign.
     */
    makeSignedZone?(zone: DnsName): Promise<void>;
    /** Creates a zone in another account. */
    createZone(zone: DnsName): Promise<void>;
    /** The zone's records, whichever account has the zone; null: no account has it. */
    records(zone: DnsName): Promise<readonly ResourceRecord[] | null>;
  };
  /**
   * A writer of the same account from whom the central's `guard` protects. Absent: it protects from
   * `otherWriter`.
   */
  readonly guardedWriter?: Pick<ContractSubject['otherWriter'], 'add' | 'remove'>;
  stop(): Promise<void>;
  /**
   * Makes a central for the same account with a wrong password or key; the test closes it. Absent: such a
   * central cannot be made.
   */
  readonly wrongCredentials?: () => Central;
  /** Kills and restarts the central's program. Absent: the central cannot be killed. */
  readonly crashes?: {
    /**
     * Kills the program at once (`now`), when the next write arrives (`before-write`), or after the next
     * write and before the next read (`after-write`).
     */
    crash(when: 'now' | 'before-write' | 'after-write'): Promise<void>;
    /**
     * Starts the killed program with its data; resolves once it answers. Does nothing while the program runs.
     */
    revive(): Promise<void>;
  };
  /**
   * Cuts the answer to every read after `keep` octets. Negative: this many octets are missing at its end.
   * Null: answers are no longer cut.
   */
  readonly cutReads?: (keep: number | null) => void;
  /**
   * Present if the central reports the removal of a missing record as done. Then nobody can tell who removed
   * the record (docs/compatibility.md#a51).
   */
  readonly removesUnknown?: true;
  /** Number of records in the test of a large zone. Default: 100. */
  readonly manyRecords?: number;
}

export const seed = { addresses: ['192.0.2.1'], nameServers: ['ns1.example.net.'], mailServers: [] };

/** Creates a zone in the account. If the account may not create zones, the provider creates it. */
export async function makeZone({ central, otherWriter }: ContractSubject, zone: DnsName): Promise<void> {
  if (central.traits.managesZones) {
    assert.equal(await central.createZone(zone, seed, quietContext()), 'created');
    return;
  }
  assert.ok(otherWriter.makeZone !== undefined, 'the subject can make zones');
  await otherWriter.makeZone(zone);
}

/** One zone of the subject, with short functions for the usual steps of a test. */
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

  get guardedWriter(): Pick<ContractSubject['otherWriter'], 'add' | 'remove'> {
    return this.#subject.guardedWriter ?? this.#subject.otherWriter;
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

  /**
   * Applies a change of which no part is done yet. Checks the zone and the answer, and that a second call has
   * no effect.
   */
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

/** The RRsets that every zone has at its apex: SOA and NS. */
export function apexSets(zone: DnsName): RRsetKey[] {
  return ['SOA', 'NS'].map((type) => ({ name: zone, type }));
}

/**
 * The id of a record. In the id of an SOA the serial is left out, because servers raise it with every edit.
 */
export function steadyId(record: ResourceRecord): string {
  const { type, rdata } = record;
  return recordId(type === 'SOA' ? { ...record, rdata: rdata.replace(/^(\S+ \S+) \d+/u, '$1 *') } : record);
}

export function sorted(list: Iterable<string>): string[] {
  return [...list].sort();
}

/** Checks that a call fails with one of these codes. @returns the error */
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
