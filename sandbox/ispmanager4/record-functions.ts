import { checkBeside, recordKey, shownAddr, shownName, withRows } from '../shared/records.ts';
import { readIspmanager4Row } from './records.ts';
import { missing } from '../shared/refusal.ts';
import { element } from '../shared/xml.ts';
import { elements, field, findZone, forEach, form, list, ok } from '../shared/functions/common.ts';
import type { Row, Zone } from '../shared/types.ts';
import type { Element } from '../shared/xml.ts';
import type { Call, PanelFunction } from '../shared/functions/common.ts';

function rowCells(call: Call, row: Row, zone: string): Element[] {
  const cells = [
    element('key', recordKey(row, zone, call.switches)),
    element('name', shownName(row, zone, call.switches)),
    element('type', row.type),
  ];
  if (row.prio !== '') cells.push(element('prio', row.prio));
  if (row.type === 'SRV') cells.push(element('wght', row.wght), element('port', row.port));
  return [...cells, element('addr', shownAddr(row, zone, call.switches))];
}

/**
 * `domain.sublist`: lists the records of the zone `elid`. `key` identifies a record
 * (docs/protocol.md#record-keys-4).
 */
function listRecords(call: Call): Element {
  const zone = findZone(call, call.params.text('elid'), 'read');
  const rows = zone.rows.map((row) => rowCells(call, row, zone.name));
  return list(call, rows, zone.name);
}

function findRow(call: Call, zone: Zone, key: string): Row {
  const row = zone.rows.find((one) => recordKey(one, zone.name, call.switches) === key);
  if (row === undefined) throw missing('record', key);
  return row;
}

function recordForm(call: Call, zone: Zone, key: string): Element {
  const row = key === '' ? null : findRow(call, zone, key);
  return form(key, [
    field('plid', zone.name),
    field('name', row === null ? '' : shownName(row, zone.name, call.switches)),
    field('sdtype', row?.type ?? 'A'),
    field('addr', row === null ? '' : shownAddr(row, zone.name, call.switches)),
    field('prio', row?.prio ?? ''),
    field('wght', row?.wght ?? ''),
    field('port', row?.port ?? ''),
  ]);
}

function saveRecord(call: Call, zone: Zone, key: string): void {
  const old = key === '' ? null : findRow(call, zone, key);
  const row = readIspmanager4Row(call.params, zone.name);
  const others = zone.rows.filter((one) => one !== old);
  checkBeside(row, others, zone.name);
  const rows = old === null ? [...others, row] : zone.rows.map((one) => (one === old ? row : one));
  call.store.putZone(withRows(zone, rows));
}

/**
 * `domain.sublist.edit`: shows the form, adds a record (without `elid`), or changes one. A changed record has
 * another key (docs/protocol.md#record-form-4).
 */
function editRecord(call: Call): Element {
  const zone = findZone(call, call.params.text('plid'), call.params.saved ? 'write' : 'read');
  const key = call.params.get('elid') ?? '';
  if (!call.params.saved) return recordForm(call, zone, key);
  saveRecord(call, zone, key);
  return ok();
}

function hasRow(call: Call, zone: Zone, key: string): boolean {
  return zone.rows.some((row) => recordKey(row, zone.name, call.switches) === key);
}

function deleteRecord(call: Call, plid: string, key: string): void {
  const zone = findZone(call, plid, 'write');
  if (call.switches.unknownRecord === 'ok' && !hasRow(call, zone, key)) return;
  const row = findRow(call, zone, key);
  call.store.putZone(
    withRows(
      zone,
      zone.rows.filter((one) => one !== row),
    ),
  );
}

/**
 * `domain.sublist.delete` with one key, or several keys joined by `, `. If the whole `elid` is the key of a
 * record, it is not split. In a longer list, a key that contains `, ` cannot be found.
 */
function deleteRecords(call: Call): Element {
  const plid = call.params.text('plid');
  const whole = call.params.get('elid') ?? '';
  const zone = findZone(call, plid, 'write');
  return forEach(call, hasRow(call, zone, whole) ? [whole] : elements(call), (key) =>
    deleteRecord(call, plid, key),
  );
}

export const RECORD_FUNCTIONS: Readonly<Record<string, PanelFunction>> = {
  'domain.sublist': { run: listRecords },
  'domain.sublist.edit': { run: editRecord },
  'domain.sublist.delete': { run: deleteRecords },
};
