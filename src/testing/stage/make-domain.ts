import type { Answer, Sandbox } from '../../../sandbox/index.ts';
import { rdataFields } from '../../dns/rdata/rdata.ts';
import type { ResourceRecord } from '../../dns/record.ts';
import type { PanelUser } from './panel-user.ts';
import { meaning, type Wanted } from './panel-words.ts';

export interface StageDomain {
  /** Name without the final dot, as panels write it. */
  readonly name: string;
  /** Records that the panel's form accepts: no SOA and no apex NS records. */
  readonly records: readonly ResourceRecord[];
}

/** Creates a domain in a panel with exactly these records, as the panel's user would. */
export async function makeDomain(sandbox: Sandbox, person: PanelUser, zone: StageDomain): Promise<void> {
  const before = { ...sandbox.switches };
  Object.assign(sandbox.switches, { defaultHosts: [], defaultMxRecords: false, defaultSpf: false });
  try {
    succeed(zone.name, await person.makeZone(zone.name));
    for (const record of zone.records) await addRecord(person, zone.name, wantedOf(record));
  } finally {
    Object.assign(sandbox.switches, before);
  }
}

export async function addRecord(person: PanelUser, zone: string, record: Wanted): Promise<void> {
  succeed(meaning(record, zone), await person.save(zone, record));
}

function wantedOf({ name, type, rdata }: ResourceRecord): Wanted {
  const fields = rdataFields(type, rdata);
  const isNumbered = type === 'MX' || type === 'SRV';
  return {
    name,
    type,
    value: fields.at(-1) ?? '',
    numbers: isNumbered ? fields.slice(0, -1).map(Number) : [],
  };
}

function succeed(what: string, answer: Answer): void {
  if (!answer.ok) throw new Error(`${what}: ${answer.error?.text ?? answer.body}`);
}
