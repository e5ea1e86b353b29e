import { absoluteHost } from './names.ts';
import { Refusal, badValue, exists } from './refusal.ts';
import type { Switches } from './switches.ts';
import type { Row, Zone } from './types.ts';

/** Record types whose value is a host name. */
export const HOST_TYPES: ReadonlySet<string> = new Set(['CNAME', 'DNAME', 'NS', 'MX', 'SRV', 'PTR']);
type Spelling = Pick<Switches, 'absoluteNames' | 'hosts'>;

/**
 * The owner name in the form in which lists and keys show it (docs/protocol.md#record-keys-4). The name of
 * the zone itself always has its final dot.
 */
export function shownName(row: Row, zone: string, spelling: Spelling): string {
  if (spelling.absoluteNames || row.name === `${zone}.`) return row.name;
  return row.name.slice(0, -(zone.length + 2));
}

/** The record's value in the form in which lists and keys show it. */
export function shownAddr(row: Row, zone: string, spelling: Spelling): string {
  return spelling.hosts === 'absolute' && HOST_TYPES.has(row.type) ? absoluteHost(row.addr, zone) : row.addr;
}

/**
 * The identifier of a record: `name TYPE [prio [wght port]] addr`. If there is no priority, two spaces stand
 * in its place (docs/protocol.md#record-keys-4).
 */
export function recordKey(row: Row, zone: string, spelling: Spelling): string {
  const numbers = row.type === 'SRV' ? `${row.prio} ${row.wght} ${row.port}` : row.prio;
  return `${shownName(row, zone, spelling)} ${row.type} ${numbers} ${shownAddr(row, zone, spelling)}`;
}

/** Makes a row without weight and port. @param prio priority, for MX only */
export function makeRow(name: string, type: string, addr: string, prio = ''): Row {
  return { name, type, prio, wght: '', port: '', addr };
}

function same(one: Row, other: Row, zone: string): boolean {
  const spelling = { absoluteNames: true, hosts: 'absolute' } as const;
  return recordKey(one, zone, spelling).toLowerCase() === recordKey(other, zone, spelling).toLowerCase();
}

/**
 * Checks whether a record may stand beside the other records of its zone.
 * @throws Refusal code 2 for a duplicate, 4 for a CNAME beside other data or at the apex
 */
export function checkBeside(row: Row, others: readonly Row[], zone: string): void {
  const exact = others.find((other) => other.type === row.type && same(other, row, zone));
  if (exact !== undefined && (row.type !== 'TXT' || exact.addr === row.addr)) {
    throw exists('record', recordKey(row, zone, { absoluteNames: false, hosts: 'verbatim' }));
  }
  const beside = others.filter((other) => other.name === row.name);
  const clash = row.type === 'CNAME' ? beside.length > 0 : beside.some((other) => other.type === 'CNAME');
  if (clash)
    throw new Refusal(4, { val: 'name' }, `A CNAME cannot stand beside other records of ${row.name}`);
  if (row.type === 'CNAME' && row.name === `${zone}.`) throw badValue('name');
}

/** The zone with these rows and the next serial. */
export function withRows(zone: Zone, rows: readonly Row[]): Zone {
  return { ...zone, rows, soa: { ...zone.soa, serial: String(Number(zone.soa.serial) + 1) } };
}
