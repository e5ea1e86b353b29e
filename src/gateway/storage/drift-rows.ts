import * as v from 'valibot';
import type { DnsName } from '../../dns/name.ts';
import type { UncheckedChange, DriftKnowledge } from './storage.ts';
import type { DriftedZone, ZoneSnapshot } from './zone-drift.ts';
import { checkedRow, storedName, readStoredChange } from './rows.ts';

const driftedRecords = v.array(v.object({ ttl: v.nullable(v.number()), data: v.string() }));

const drift = v.object({
  state: v.picklist(['records', 'missing', 'no-soa']),
  firstSeen: v.number(),
  lastSeen: v.number(),
  rrsets: v.array(
    v.object({
      name: storedName,
      type: v.string(),
      before: v.nullable(driftedRecords),
      after: v.nullable(driftedRecords),
    }),
  ),
  more: v.number(),
});

const driftText = v.pipe(v.string(), v.parseJson(), drift);

const snapshot = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    form: v.picklist(['records', 'digests']),
    rrsets: v.pipe(
      v.array(v.tuple([v.string(), v.string()])),
      v.transform((pairs): ReadonlyMap<string, string> => new Map(pairs)),
    ),
  }),
);

const zoneCheckRow = v.object({
  version: v.number(),
  read_at: v.number(),
  serial: v.nullable(v.number()),
  snapshot: v.nullable(snapshot),
  drift: v.nullable(driftText),
});

const driftedRow = v.object({ name: storedName, customer: v.string(), drift: driftText });

const uncheckedRow = v.object({ unseen: v.number(), ended_at: v.nullable(v.number()) });

/** The text that is stored of a snapshot. */
export function snapshotText({ form, rrsets }: ZoneSnapshot): string {
  return JSON.stringify({ form, rrsets: [...rrsets] });
}

/** Reads a name from a row. @throws {StorageError} */
export function readName(row: unknown): DnsName {
  return checkedRow(v.object({ name: storedName }), row).name;
}

/** Reads what is known of a zone from a row. @throws {StorageError} */
export function readZoneCheck(
  row: unknown,
): Pick<DriftKnowledge, 'version' | 'snapshot' | 'serial' | 'readAt' | 'drift'> {
  const { read_at: readAt, ...read } = checkedRow(zoneCheckRow, row);
  return { ...read, readAt };
}

/** Reads a zone with drift from a row. @throws {StorageError} */
export function readDriftedZone(row: unknown): DriftedZone {
  const { name: zone, customer, drift: found } = checkedRow(driftedRow, row);
  return { zone, customer, ...found };
}

/** Reads a change that no snapshot contains from a row. @throws {StorageError} */
export function readUncheckedChange(row: unknown): UncheckedChange {
  const { unseen: position, ended_at: endedAt } = checkedRow(uncheckedRow, row);
  return { change: readStoredChange(row), position, endedAt };
}
