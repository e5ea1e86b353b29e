import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Answer, Sandbox } from '../sandbox/index.ts';
import { zoneName } from '../src/dns/name.ts';
import { rdataFields } from '../src/dns/rdata/rdata.ts';
import type { ResourceRecord } from '../src/dns/record.ts';
import { parseZoneFile } from '../src/dns/zonefile.ts';

export interface DemoZone {
  /** Without the final dot, as the panels call it. */
  readonly name: string;
  /** What goes through the panel's form: no SOA, no apex NS. */
  readonly records: readonly ResourceRecord[];
}

type Do = (func: string, params: Readonly<Record<string, string>>) => Promise<Answer>;

/** The domains under `demo/zones/`, by name. */
export function readZones(): DemoZone[] {
  return globSync(join(import.meta.dirname, 'zones/*.zone'))
    .toSorted()
    .map((path) => {
      const name = basename(path, '.zone');
      const origin = zoneName(name);
      const { records } = parseZoneFile(readFileSync(path, 'utf8'), { origin, file: basename(path) });
      return { name, records: records.filter(({ type }) => type !== 'SOA' && type !== 'NS') };
    });
}

/** Makes a domain in a panel with exactly these records, as its user would. */
export async function makeDomain(sandbox: Sandbox, act: Do, zone: DemoZone): Promise<void> {
  const before = { ...sandbox.switches };
  Object.assign(sandbox.switches, { defaultHosts: [], defaultMxRecords: false, defaultSpf: false });
  try {
    await succeed(act, 'domain.edit', { elid: '', name: zone.name, ip: '192.0.2.1', sok: 'ok' });
    for (const record of zone.records) await addRecord(act, zone.name, record);
  } finally {
    Object.assign(sandbox.switches, before);
  }
}

export async function addRecord(act: Do, zone: string, record: ResourceRecord): Promise<void> {
  await succeed(act, 'domain.sublist.edit', { plid: zone, elid: '', ...formOf(record), sok: 'ok' });
}

/** The form of ISPmanager 4 as a person fills it in. */
export function formOf({ name, type, rdata }: ResourceRecord): Record<string, string> {
  const fields = rdataFields(type, rdata);
  const [first = '', second = '', third = ''] = fields;
  const numbers: Record<string, string> = {};
  if (type === 'MX' || type === 'SRV') numbers['prio'] = first;
  if (type === 'SRV') Object.assign(numbers, { wght: second, port: third });
  return { name, sdtype: type, addr: fields.at(-1) ?? '', ...numbers };
}

async function succeed(act: Do, func: string, params: Readonly<Record<string, string>>): Promise<void> {
  const answer = await act(func, params);
  if (!answer.ok) throw new Error(`${func} ${JSON.stringify(params)}: ${answer.error?.text ?? answer.body}`);
}
