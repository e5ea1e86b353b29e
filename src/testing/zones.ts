import type { DnsName } from '../dns/name.ts';
import { recordId, type ResourceRecord } from '../dns/record.ts';
import type { Change, RRsetKey } from '../dns/zone.ts';

/** The records of one zone on one side at one time. */
interface ZoneSnapshot {
  readonly zone: DnsName;
  readonly records: readonly ResourceRecord[];
}

/** All records of one owner name and type. */
interface RRset extends RRsetKey {
  readonly records: readonly ResourceRecord[];
}

/** The zone after the change. Removing a missing record, or adding an existing one, alters nothing. */
export function applyChange(snapshot: ZoneSnapshot, change: Change): ZoneSnapshot {
  const records = new Map(snapshot.records.map((record) => [recordId(record), record]));
  for (const record of change.remove) records.delete(recordId(record));
  for (const record of change.add) if (!records.has(recordId(record))) records.set(recordId(record), record);
  return { zone: snapshot.zone, records: [...records.values()] };
}

export function groupRRsets(records: readonly ResourceRecord[]): RRset[] {
  const groups = new Map<string, ResourceRecord[]>();
  for (const record of records) {
    const key = `${record.name} ${record.type}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [record]);
    else group.push(record);
  }
  return [...groups.values()].flatMap((group) => {
    const first = group[0];
    return first === undefined ? [] : [{ name: first.name, type: first.type, records: group }];
  });
}
