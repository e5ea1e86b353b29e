import { isWithin, type DnsName } from './name.ts';
import { problem, type Problem } from './problem.ts';
import { singleValued } from './rdata/rdata.ts';
import { formatRecord, recordId, type ResourceRecord } from './record.ts';

/**
 * Records to remove from one zone and records to add to it. {@link invert} makes the change that undoes it.
 */
export interface Change {
  readonly zone: DnsName;
  readonly remove: readonly ResourceRecord[];
  readonly add: readonly ResourceRecord[];
}

/** Owner name and type, which together identify an RRset in its zone. */
export interface RRsetKey {
  readonly name: DnsName;
  readonly type: string;
}

/** The identity of an RRset in its zone, as text. */
export function rrsetId({ name, type }: RRsetKey): string {
  return `${name} ${type}`;
}

export function invert(change: Change): Change {
  return { zone: change.zone, remove: change.add, add: change.remove };
}

export function isEmptyChange(change: Change): boolean {
  return change.remove.length === 0 && change.add.length === 0;
}

/** Owner names of the change's records, each only once. */
export function changeNames(change: Change): DnsName[] {
  return [...new Set([...change.remove, ...change.add].map(({ name }) => name))];
}

/**
 * Finds records that cannot be in one zone together. These are names outside the zone, other records beside a
 * CNAME (RFC 1034 section 3.6.2), and several records of a type of which a name can have only one.
 */
export function zoneProblems(zone: DnsName, records: readonly ResourceRecord[]): Problem[] {
  const distinct = [...new Map(records.map((record) => [recordId(record), record])).values()];
  const outside = distinct.filter(({ name }) => !isWithin(name, zone));
  const groups = Map.groupBy(distinct, ({ name }) => name).values();
  return [
    ...outside.map(({ name }) => problem('name.out-of-zone', { name, zone })),
    ...[...groups].flatMap(nameProblems),
  ];
}

function nameProblems(group: readonly ResourceRecord[]): Problem[] {
  const found: Problem[] = [];
  const alias = group.find(({ type }) => type === 'CNAME');
  const sets = Map.groupBy(group, ({ type }) => type);
  for (const record of group) {
    if (alias !== undefined && record.type !== 'CNAME') {
      found.push(
        problem('zone.cname-and-other', { record: formatRecord(alias), other: formatRecord(record) }),
      );
    }
    const [first, second] = sets.get(record.type) ?? [];
    const twin = record === first ? second : first;
    if (singleValued(record.type) && twin !== undefined && recordId(twin) > recordId(record)) {
      found.push(problem('zone.single-valued', { record: formatRecord(record), other: formatRecord(twin) }));
    }
  }
  return found;
}
