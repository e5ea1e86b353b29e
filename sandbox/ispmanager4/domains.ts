import { toUnicode } from '../shared/names.ts';
import { makeRow } from '../shared/records.ts';
import {
  createZone,
  mxRows,
  nsRows,
  readAddresses,
  readHosts,
  readNewZone,
  removeZone,
  words,
} from '../shared/zones.ts';
import { withRows } from '../shared/records.ts';
import { badValue } from '../shared/refusal.ts';
import { element } from '../shared/xml.ts';
import {
  elements,
  field,
  findZone,
  forEach,
  form,
  list,
  ok,
  strayRows,
  zonesSeen,
} from '../shared/functions/common.ts';
import { ownerField, readOwnerChange } from '../shared/functions/owner.ts';
import type { Row, Zone } from '../shared/types.ts';
import type { Element } from '../shared/xml.ts';
import type { Call, PanelFunction } from '../shared/functions/common.ts';

function zoneCells(zone: Zone): Element[] {
  const cells = { name: zone.name, dispname: toUnicode(zone.name), owner: zone.owner, ip: zone.ip };
  return [...Object.entries(cells).map(([name, value]) => element(name, value)), element('active')];
}

/** `domain`: lists the zones that the caller may see. `name` identifies a zone (docs/protocol.md#zones-4). */
function listZones(call: Call): Element {
  const filter = call.switches.filters[call.caller.name] ?? '';
  const zones = zonesSeen(call).filter(
    (zone) => call.access.mayManage(call.caller, zone.owner) && zone.name.includes(filter),
  );
  return list(call, [...zones.map(zoneCells), ...strayRows(call)]);
}

function newForm(call: Call): Element {
  const { defaultIp, defaultNs, defaultMx } = call.switches;
  return form('', [
    field('name', ''),
    ...ownerField(call, call.caller.name),
    field('ip', defaultIp),
    field('ns', defaultNs),
    field('mx', defaultMx),
    field('webdomain', ''),
    field('maildomain', ''),
  ]);
}

function zoneForm(call: Call, zone: Zone): Element {
  return form(zone.name, [
    field('name', zone.name),
    ...ownerField(call, zone.owner),
    field('ip', zone.ip),
    field('ns', zone.ns),
    field('mx', zone.mx),
  ]);
}

function replaceApex(rows: readonly Row[], zone: string, type: string, wanted: readonly Row[]): Row[] {
  const kept = rows.filter((row) => row.type !== type || row.name !== `${zone}.`);
  return [...wanted, ...kept];
}

function moveAddresses(rows: readonly Row[], before: string, after: string): Row[] {
  const [to] = words(after);
  if (to === undefined) return [...rows];
  const from = new Set(words(before));
  return rows.map((row) =>
    row.type === 'A' && from.has(row.addr) ? makeRow(row.name, to.includes(':') ? 'AAAA' : 'A', to) : row,
  );
}

function changedRows(call: Call, zone: Zone, next: Zone): Row[] {
  let rows = [...zone.rows];
  if (next.ns !== zone.ns) rows = replaceApex(rows, zone.name, 'NS', nsRows(zone.name, next.ns));
  if (next.mx !== zone.mx) rows = replaceApex(rows, zone.name, 'MX', mxRows(zone.name, next.mx));
  if (next.ip !== zone.ip && call.switches.ipRewrites) rows = moveAddresses(rows, zone.ip, next.ip);
  return rows;
}

/** Changes a zone. Fields that are empty or missing in the call keep their values. */
function changeZone(call: Call, zone: Zone): void {
  const { params } = call;
  const next = {
    ...zone,
    ip: readAddresses(params.text('ip')) || zone.ip,
    ns: readHosts(params.text('ns'), zone.name, 'ns') || zone.ns,
    mx: readHosts(params.text('mx'), zone.name, 'mx') || zone.mx,
    owner: readOwnerChange(call, zone.owner),
  };
  call.store.putZone(withRows(next, changedRows(call, zone, next)));
}

/** `domain.edit`: shows the form, creates a zone, or changes one (docs/protocol.md#zone-form-4). */
function editZone(call: Call): Element {
  const elid = call.params.text('elid');
  if (elid === '' && !call.params.saved) return newForm(call);
  if (elid === '') {
    createZone(call, readNewZone(call, call.caller, call.params));
    return ok();
  }
  if (!call.params.saved) return zoneForm(call, findZone(call, elid, 'read'));
  changeZone(call, findZone(call, elid, 'write'));
  return ok();
}

/** `domain.delete`: deletes one or several zones, even without `sok` (docs/protocol.md#functions-4). */
function deleteZones(call: Call): Element {
  const also = { web: call.params.on('webdomain'), mail: call.params.on('maildomain') };
  return forEach(call, elements(call), (id) => removeZone(call, findZone(call, id, 'write').name, also));
}

function confirmDelete(call: Call): Element {
  if (call.params.saved) return call.switches.confirmDeletes ? deleteZones(call) : ok();
  const elid = call.params.text('elid');
  for (const id of elements(call)) findZone(call, id, 'read');
  return form(elid, [field('webdomain', ''), field('maildomain', '')]);
}

const SOA_FIELDS = ['primary', 'email', 'serial', 'refresh', 'retry', 'expire', 'ttl'] as const;

function readSoa(call: Call, zone: Zone): Zone['soa'] {
  const soa: Record<(typeof SOA_FIELDS)[number], string> = { ...zone.soa };
  for (const name of SOA_FIELDS) {
    const text = call.params.text(name);
    const isNumber = name !== 'primary' && name !== 'email';
    if (text !== '' && isNumber && !/^\d{1,10}$/u.test(text)) throw badValue(name);
    if (text !== '') soa[name] = text;
  }
  return soa;
}

/**
 * `soa.edit`: changes a zone's SOA. Its `ttl` is the TTL of all records (docs/protocol.md#functions-4,
 * #record-form-4).
 */
function editSoa(call: Call): Element {
  const zone = findZone(call, call.params.text('elid'), call.params.saved ? 'write' : 'read');
  if (!call.params.saved)
    return form(
      zone.name,
      SOA_FIELDS.map((name) => field(name, zone.soa[name])),
    );
  call.store.putZone({ ...zone, soa: readSoa(call, zone) });
  return ok();
}

export const DOMAIN_FUNCTIONS: Readonly<Record<string, PanelFunction>> = {
  domain: { run: listZones },
  'domain.edit': { run: editZone },
  'domain.delete': { run: deleteZones },
  'domain.delete.confirm': { run: confirmDelete },
  'soa.edit': { run: editSoa },
};
