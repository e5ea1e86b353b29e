import {
  elements,
  field,
  findZone,
  forEach,
  form,
  list,
  type Call,
  type PanelFunction,
} from '../shared/functions/common.ts';
import { Params } from '../shared/params.ts';
import { busy } from '../shared/pending.ts';
import { checkBeside, withRows } from '../shared/records.ts';
import { Refusal, denied, missing } from '../shared/refusal.ts';
import { element, type Element } from '../shared/xml.ts';
import { made } from './domains.ts';
import {
  FIELDS,
  ispmanager5Key,
  dnssecRows,
  formValues,
  readIspmanager5Row,
  recordCells,
  soaRow,
} from './records.ts';
import type { Row, Zone } from '../shared/types.ts';

function demandMaster(zone: Zone): Zone {
  if (zone.kind === 'slave') throw denied('domain.record');
  return zone;
}

function zoneOfRecords(call: Call, identifier: string, as: 'read' | 'write'): Zone {
  const zone = demandMaster(findZone(call, identifier, as));
  if (!isReady(call, zone) && (as === 'write' || call.switches.slowRecords === 'error'))
    throw busy(zone.name);
  return zone;
}

function isReady(call: Call, zone: Zone): boolean {
  return call.pending.work(zone.name, call.store.zone(zone.name) !== undefined) === null;
}

function listRecords(call: Call): Element {
  const zone = zoneOfRecords(call, call.params.text('elid'), 'read');
  const { recordKeyColumn } = call.switches;
  const signed = call.switches.dnssecRows ? dnssecRows(zone) : [];
  const shown = isReady(call, zone) ? [soaRow(zone), ...zone.rows, ...signed] : [];
  return list(
    call,
    shown.map((row) => recordCells(row, zone.name, recordKeyColumn)),
    zone.name,
  );
}

function findRow(call: Call, zone: Zone, key: string): Row {
  const row = zone.rows.find((one) => ispmanager5Key(one, zone.name) === key);
  if (row !== undefined) return row;
  const isSigned =
    call.switches.dnssecRows && dnssecRows(zone).some((one) => ispmanager5Key(one, zone.name) === key);
  throw isSigned ? denied('domain.record') : missing('record', key);
}

/**
 * Makes the form for a record. Its fields depend on the record type that the user chose
 * (docs/protocol.md#parameters, #record-form-5).
 */
function recordForm(call: Call, zone: Zone, key: string): Element {
  const present: Readonly<Record<string, string>> =
    key === '' ? { name: '', ttl: '3600' } : formValues(findRow(call, zone, key), zone.name);
  const sent: Readonly<Record<string, string>> =
    call.params.text('sv_field') === '' ? {} : call.params.record();
  const rtype = (sent['rtype'] ?? present['rtype'] ?? 'a').toLowerCase();
  const names = ['name', 'ttl', 'rtype', ...(FIELDS[rtype.toUpperCase()] ?? [])];
  const values: Readonly<Record<string, string>> = { ...present, ...sent, rtype };
  const types = Object.keys(FIELDS).map((type) => type.toLowerCase());
  const fields = names.map((name) => field(name, values[name] ?? ''));
  return form(key, [field('plid', zone.name), ...fields, typeChoice(types)]);
}

/**
 * Makes the choice of record types. Its values are in lower case and are shown in upper case
 * (docs/protocol.md#record-form-5).
 */
function typeChoice(types: readonly string[]): Element {
  const values = types.map((type) => element('val', type.toUpperCase(), { key: type }));
  return element('slist', values, { name: 'rtype' });
}

function isSoa(key: string): boolean {
  return / SOA {2}/u.test(key);
}

function soaForm(key: string, zone: Zone): Element {
  const fields = [field('plid', zone.name), field('name', `${zone.name}.`), field('ttl', '3600')];
  return form(key, [...fields, field('rtype', 'soa'), typeChoice(['soa']), field('email', zone.soa.email)]);
}

function editSoa(call: Call, zone: Zone): Element {
  const email = call.params.text('email');
  if (email !== '') call.store.putZone({ ...zone, soa: { ...zone.soa, email: email.replace('@', '.') } });
  return made();
}

/**
 * `domain.record.edit`: shows the form, adds a record or changes one (docs/protocol.md#record-form-5). A call
 * with `sv_field` only redraws the form, unless the switch `redrawSaves` is on.
 */
function editRecord(call: Call): Element {
  const { params } = call;
  const saves = params.saved && (call.switches.redrawSaves || params.text('sv_field') === '');
  const zone = zoneOfRecords(call, params.text('plid'), saves ? 'write' : 'read');
  const key = params.get('elid') ?? '';
  if (isSoa(key)) return saves ? editSoa(call, zone) : soaForm(key, zone);
  if (!saves) return recordForm(call, zone, key);
  const old = key === '' ? null : findRow(call, zone, key);
  const row = readIspmanager5Row(params, old, zone.name);
  const others = zone.rows.filter((one) => one !== old);
  checkBeside(row, others, zone.name);
  const rows = old === null ? [...others, row] : zone.rows.map((one) => (one === old ? row : one));
  call.store.putZone(withRows(zone, rows));
  return made();
}

function hasRow(zone: Zone, key: string): boolean {
  return zone.rows.some((row) => ispmanager5Key(row, zone.name) === key);
}

/**
 * `domain.record.delete`. If the whole value is the identifier of a record, it is not split, even if it
 * contains `, ` (docs/protocol.md#record-form-5).
 */
function deleteRecords(call: Call): Element {
  const plid = call.params.text('plid');
  const whole = call.params.get('elid') ?? '';
  const zone = zoneOfRecords(call, plid, 'write');
  return forEach(call, hasRow(zone, whole) ? [whole] : elements(call), (key) => {
    if (isSoa(key)) throw denied('domain.record');
    const now = zoneOfRecords(call, plid, 'write');
    if (call.switches.unknownRecord === 'ok' && !hasRow(now, key)) return;
    const gone = findRow(call, now, key);
    const rest = now.rows.filter((row) => row !== gone);
    call.store.putZone(withRows(now, rest));
  });
}

/** Makes the inner call that adds a record, with the fields of the form. */
export function recordAddition(row: Row, zone: string): Params {
  return Params.of({
    func: 'domain.record.edit',
    plid: zone,
    elid: '',
    ...formValues(row, zone),
    sok: 'ok',
  });
}

/** Makes the inner call that removes a record. */
export function recordRemoval(row: Row, zone: string): Params {
  return Params.of({ func: 'domain.record.delete', plid: zone, elid: ispmanager5Key(row, zone) });
}

/**
 * Makes inner calls that add `rows` to a zone. Leaves out rows that the zone has, and rows that may not stand
 * beside its other rows.
 */
export function* additions(call: Call, name: string, rows: readonly Row[]): Generator<Params, void> {
  for (const row of rows) {
    const zone = call.store.zone(name);
    if (zone !== undefined && fits(row, zone)) yield recordAddition(row, name);
  }
}

function fits(row: Row, zone: Zone): boolean {
  try {
    checkBeside(row, zone.rows, zone.name);
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return false;
  }
}

/** Makes inner calls that remove `rows` from a zone. Leaves out rows that the zone does not have. */
export function* removals(call: Call, name: string, rows: readonly Row[]): Generator<Params, void> {
  const keys = new Set(rows.map((row) => ispmanager5Key(row, name)));
  const present = call.store.zone(name)?.rows ?? [];
  for (const row of present) if (keys.has(ispmanager5Key(row, name))) yield recordRemoval(row, name);
}

/** Functions for records (docs/protocol.md#record-list-5, #record-form-5). */
export const RECORD_FUNCTIONS: Readonly<Record<string, PanelFunction>> = {
  'domain.record': { run: listRecords },
  'domain.record.edit': { run: editRecord },
  'domain.record.delete': { run: deleteRecords },
};
