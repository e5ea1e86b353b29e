import { randomInt } from 'node:crypto';
import {
  elements,
  field,
  findZone,
  forEach,
  form,
  list,
  ok,
  options,
  strayRows,
  zonesSeen,
  type Call,
  type PanelFunction,
} from '../shared/functions/common.ts';
import { toUnicode, zoneIdentifier } from '../shared/names.ts';
import { Params } from '../shared/params.ts';
import { busy } from '../shared/pending.ts';
import { badValue, exists } from '../shared/refusal.ts';
import { createZone, readAddresses, readNewZone, removeZone } from '../shared/zones.ts';
import { element, type Element } from '../shared/xml.ts';
import { ownerField, readOwnerChange } from '../shared/functions/owner.ts';
import type { Zone } from '../shared/types.ts';

/** Makes the answer to a save, with the id of the new object (docs/protocol.md#documents). */
export function made(): Element {
  return element('doc', [element('id', String(randomInt(1, 100_000))), element('ok')]);
}

/**
 * The zones in the caller's list: those of the caller's account and of accounts below it, as far as the
 * caller's filter allows (docs/protocol.md#list-limits).
 */
export function listed(call: Call): Zone[] {
  const filter = call.switches.filters[call.caller.name] ?? '';
  const zones = [...zonesSeen(call), ...call.pending.leaving((name) => call.store.zone(name) !== undefined)];
  return zones
    .filter((zone) => call.access.mayManage(call.caller, zone.owner) && zone.name.includes(filter))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/**
 * `domain`: lists zones with the columns `name`, `displayname` and the owner. In DNSmanager also kind and
 * status (docs/protocol.md#zone-form-5, #dnsmanager, #delays, #owners).
 */
function listZones(call: Call, isDnsmgr: boolean): Element {
  const name = call.params.on('filter') ? call.params.text('name') : '';
  if (name !== '' && call.switches.filterStays) keepFilter(call, name);
  const shown = listed(call).filter((zone) => zone.name.includes(name));
  const rows = shown.map((zone) => {
    const cells = [element('name', zone.name), element('displayname', toUnicode(zone.name))];
    const work = call.pending.work(zone.name, call.store.zone(zone.name) !== undefined);
    const status = work ?? (isDnsmgr ? 'active' : '');
    const state = status === '' ? [] : [element('status', status)];
    const kind = isDnsmgr ? [element('dtype', zone.kind ?? 'master')] : [];
    return [...cells, ...owner(call, zone), ...kind, ...state];
  });
  return list(call, [...rows, ...strayRows(call)]);
}

function owner({ switches: { ownerColumn } }: Call, zone: Zone): Element[] {
  return ownerColumn === 'none' ? [] : [element(ownerColumn, zone.owner)];
}

function newForm(call: Call, isDnsmgr: boolean): Element {
  const own = [field('name', ''), field('ip', call.switches.defaultIp)];
  if (!isDnsmgr) return form('', [...own, ...ownerField(call, call.caller.name)]);
  const fields = [
    field('dtype', 'master'),
    ...own,
    field('email', ''),
    field('masterip', ''),
    field('namespace_id', '1'),
    field('dnssec', 'off'),
  ];
  return form('', [...fields.map((one) => rerendered(call, one)), options('dtype', ['master', 'slave'])]);
}

/**
 * Makes a form field. If the form is only redrawn, the field has the value that the user sent
 * (docs/protocol.md#parameters).
 */
function rerendered(call: Call, own: Element): Element {
  const sent = call.params.text('sv_field') === '' ? undefined : call.params.get(own.name);
  return sent === undefined ? own : field(own.name, sent);
}

/**
 * Throws if the name is on the list of restricted names, as DNSmanager does (docs/protocol.md#dnsmanager). It
 * is not known what its error looks like.
 */
function demandAllowed(call: Call, name: string): void {
  const isBelow = (one: string): boolean => name === one || name.endsWith(`.${one}`);
  if (call.switches.restrictedNames.some(isBelow))
    throw badValue('name', `The name '${name}' is on the list of restricted names`);
}

function createCoreZone(call: Call, isDnsmgr: boolean): Element {
  const { params } = call;
  const isSlave = isDnsmgr && params.text('dtype') === 'slave';
  if (isSlave && params.text('masterip') === '') throw badValue('masterip');
  const wanted = readNewZone(call, call.caller, params);
  demandAllowed(call, wanted.name);
  if (call.pending.work(wanted.name, false) === 'deleting') throw exists('domain', wanted.name);
  createZone(call, wanted);
  const zone = call.store.zone(wanted.name);
  if (zone !== undefined) {
    if (isSlave) call.store.putZone({ ...zone, kind: 'slave', rows: [] });
    call.pending.begin('creating', zone);
  }
  return isDnsmgr ? created(call) : made();
}

/** Makes the answer of DNSmanager to the create of a zone (docs/protocol.md#dnsmanager). */
function created({ switches: { createSays } }: Call): Element {
  const messages = element('messages', [element('msg', 'The domain was created')]);
  if (createSays === 'messages') return element('doc', [messages]);
  const plain = made();
  return createSays === 'ok' ? plain : { ...plain, children: [...plain.children, messages] };
}

function zoneToChange(call: Call, identifier: string): Zone {
  const zone = findZone(call, identifier, 'write');
  if (call.pending.work(zone.name, true) !== null) throw busy(zone.name);
  return zone;
}

/**
 * `domain.edit`: shows the form, creates a zone, or changes one (docs/protocol.md#zone-form-5, #dnsmanager).
 */
function editZone(call: Call, isDnsmgr: boolean): Element {
  const elid = call.params.text('elid');
  if (elid === '') return call.params.saved ? createCoreZone(call, isDnsmgr) : newForm(call, isDnsmgr);
  if (!call.params.saved) {
    const zone = findZone(call, elid, 'read');
    const fields = [field('name', zone.name), field('ip', zone.ip)];
    return form(zone.name, isDnsmgr ? fields : [...fields, ...ownerField(call, zone.owner)]);
  }
  const zone = zoneToChange(call, elid);
  const ip = readAddresses(call.params.text('ip')) || zone.ip;
  call.store.putZone({ ...zone, ip, owner: readOwnerChange(call, zone.owner) });
  return ok();
}

function deleteZones(call: Call, isDnsmgr: boolean): Element {
  return forEach(call, elements(call), (id) => {
    const name = zoneIdentifier(id);
    // DNSmanager answers OK even if it does not have the zone (docs/protocol.md#errors-5).
    if (isDnsmgr && call.store.zone(name) === undefined) return;
    if (call.pending.work(name, false) !== null) throw busy(name);
    const zone = zoneToChange(call, id);
    removeZone(call, zone.name, { web: false, mail: false });
    call.pending.begin('deleting', zone);
  });
}

/** Makes the inner call that deletes zones. */
export function zoneDeletion(names: readonly string[]): Params {
  return Params.of({ func: 'domain.delete', elid: names.join(', '), sok: 'ok' });
}

/**
 * `domain.delete.request`: shows the question of version 6's pages. With `sok` it deletes
 * (docs/protocol.md#functions-5).
 */
const request: PanelFunction = {
  run: (call) => {
    const ids = elements(call);
    for (const id of ids) findZone(call, id, call.params.saved ? 'write' : 'read');
    return call.params.saved ? ok() : form(ids.join(', '), [field('name', ids.join(', '))]);
  },
  inner: function* (call) {
    if (call.params.saved) yield zoneDeletion(elements(call));
  },
  alwaysFires: (call) => call.switches.requestFires,
};

/**
 * `domain.filter`: sets the filter of an account on the server. If it is saved without a name, it removes the
 * filter (docs/protocol.md#list-limits). The names of the fields are invented.
 */
function editFilter(call: Call): Element {
  const { switches, params, caller } = call;
  if (!params.saved) return form('', [field('name', switches.filters[caller.name] ?? '')]);
  keepFilter(call, params.text('name'));
  return ok();
}

/** Sets the caller's filter. @param name text that a listed name must contain; empty: all names are listed */
function keepFilter({ switches, caller }: Call, name: string): void {
  const { [caller.name]: _before, ...others } = switches.filters;
  switches.filters = name === '' ? others : { ...others, [caller.name]: name };
}

/**
 * `domain.passredirect`: gives a zone to another owner (docs/protocol.md#functions-5). The names of the
 * fields are invented.
 */
function passZone(call: Call): Element {
  const zone = zoneToChange(call, call.params.text('elid'));
  if (!call.params.saved) return form(zone.name, ownerField(call, zone.owner));
  call.store.putZone({ ...zone, owner: readOwnerChange(call, zone.owner) });
  return ok();
}

/** Functions for whole zones (docs/protocol.md#functions-5, #zone-form-5, #dnsmanager). */
export function zoneFunctions(isDnsmgr: boolean): Readonly<Record<string, PanelFunction>> {
  return {
    domain: { run: (call) => listZones(call, isDnsmgr) },
    'domain.edit': { run: (call) => editZone(call, isDnsmgr) },
    'domain.delete': { run: (call) => deleteZones(call, isDnsmgr) },
    'domain.delete.request': request,
    'domain.passredirect': { run: passZone, minLevel: 6 },
    'domain.filter': { run: editFilter },
    'domain.refresh': { run: () => ok() },
  };
}
