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
  type Call,
  type PanelFunction,
} from '../functions/common.ts';
import { SERVICE_FUNCTIONS } from '../functions/services.ts';
import { SESSION_FUNCTIONS } from '../functions/session.ts';
import { USER_FUNCTIONS } from '../functions/users.ts';
import { toUnicode, zoneIdentifier } from '../names.ts';
import { Params } from '../params.ts';
import { checkBeside, withRows } from '../records.ts';
import { badValue, denied, missing } from '../refusal.ts';
import { createZone, readAddresses, readHosts, readNewZone, removeZone } from '../zones.ts';
import { element, type Element } from '../xml.ts';
import { FIELDS, coreKey, formValues, readCoreRow, recordCells, soaRow } from './records.ts';
import type { Generation } from '../profile.ts';
import type { Row, Zone } from '../types.ts';

/** A save may name what it made (reference 4.2). */
function made(): Element {
  return element('doc', [element('id', String(randomInt(1, 100_000))), element('ok')]);
}

function mine(call: Call): Zone[] {
  const filter = call.switches.filters[call.caller.name] ?? '';
  return call.store
    .visibleZones()
    .filter((zone) => call.access.mayManage(call.caller, zone.owner) && zone.name.includes(filter));
}

/** `domain`: `name`, `displayname`; DNSmanager also owner, kind and status (reference 7.2, 8.2). */
function listZones(call: Call, isDnsmgr: boolean): Element {
  const rows = mine(call).map((zone) => {
    const cells = [element('name', zone.name), element('displayname', toUnicode(zone.name))];
    if (!isDnsmgr) return [...cells, element('owner', zone.owner)];
    const kind = zone.kind ?? 'master';
    return [...cells, element('user', zone.owner), element('dtype', kind), element('status', 'active')];
  });
  return list(call, rows);
}

function newForm(call: Call, isDnsmgr: boolean): Element {
  const own = [field('name', ''), field('ip', call.switches.defaultIp)];
  if (!isDnsmgr) return form('', [...own, ...ownerField(call)]);
  return form('', [
    field('dtype', 'master'),
    options('dtype', ['master', 'slave']),
    ...own,
    field('email', ''),
    field('masterip', ''),
    field('namespace_id', '1'),
    field('dnssec', 'off'),
  ]);
}

function ownerField(call: Call): Element[] {
  return call.caller.level === 5 ? [] : [field('owner', call.caller.name)];
}

function createCoreZone(call: Call, isDnsmgr: boolean): Element {
  const { params } = call;
  const isSlave = isDnsmgr && params.text('dtype') === 'slave';
  if (isSlave && params.text('masterip') === '') throw badValue('masterip');
  createZone(call, readNewZone(call, call.caller, params));
  if (isSlave) {
    const zone = call.store.zone(zoneIdentifier(params.text('name')));
    if (zone !== undefined) call.store.putZone({ ...zone, kind: 'slave', rows: [] });
  }
  return isDnsmgr && call.switches.createSays === 'messages'
    ? element('doc', [element('messages', [element('msg', 'The domain was created')])])
    : made();
}

/** `domain.edit`: the form, a new zone with the records of `dnsparam`, a changed one (reference 7.2, 8.2). */
function editZone(call: Call, isDnsmgr: boolean): Element {
  const elid = call.params.text('elid');
  if (elid === '') return call.params.saved ? createCoreZone(call, isDnsmgr) : newForm(call, isDnsmgr);
  const zone = findZone(call, elid, call.params.saved ? 'write' : 'read');
  if (!call.params.saved) return form(zone.name, [field('name', zone.name), field('ip', zone.ip)]);
  call.store.putZone({ ...zone, ip: readAddresses(call.params.text('ip')) || zone.ip });
  return ok();
}

function deleteZones(call: Call, isDnsmgr: boolean): Element {
  return forEach(call, elements(call), (id) => {
    // DNSmanager answers OK for a name it does not have (reference 5.2).
    if (isDnsmgr && call.store.zone(zoneIdentifier(id)) === undefined) return;
    removeZone(call, findZone(call, id, 'write').name, { web: false, mail: false });
  });
}

function demandMaster(zone: Zone): Zone {
  if (zone.kind === 'slave') throw denied('domain.record');
  return zone;
}

function listRecords(call: Call): Element {
  const zone = demandMaster(findZone(call, call.params.text('elid'), 'read'));
  const { recordKeyColumn } = call.switches;
  const rows = [soaRow(zone), ...zone.rows].map((row) => recordCells(row, zone.name, recordKeyColumn));
  return list(call, rows, zone.name);
}

function findRow(zone: Zone, key: string): Row {
  const row = zone.rows.find((one) => coreKey(one, zone.name) === key);
  if (row === undefined) throw missing('record', key);
  return row;
}

function recordForm(zone: Zone, key: string): Element {
  const values =
    key === '' ? { name: '', ttl: '3600', rtype: 'a' } : formValues(findRow(zone, key), zone.name);
  const fields = Object.entries(values).map(([name, value]) => field(name, value));
  const types = Object.keys(FIELDS).map((type) => type.toLowerCase());
  return form(key, [field('plid', zone.name), ...fields, options('rtype', types)]);
}

function isSoa(key: string): boolean {
  return / SOA {2}/u.test(key);
}

function editSoa(call: Call, zone: Zone): Element {
  const email = call.params.text('email');
  if (email !== '') call.store.putZone({ ...zone, soa: { ...zone.soa, email: email.replace('@', '.') } });
  return ok();
}

/** `domain.record.edit` (reference 7.4). `sv_field` only renders the form again (2.3). */
function editRecord(call: Call): Element {
  const { params } = call;
  const saves = params.saved && params.text('sv_field') === '';
  const zone = demandMaster(findZone(call, params.text('plid'), saves ? 'write' : 'read'));
  const key = params.get('elid') ?? '';
  if (isSoa(key)) return saves ? editSoa(call, zone) : form(key, [field('email', zone.soa.email)]);
  if (!saves) return recordForm(zone, key);
  const old = key === '' ? null : findRow(zone, key);
  const row = readCoreRow(params, old, zone.name);
  const others = zone.rows.filter((one) => one !== old);
  checkBeside(row, others, zone.name);
  const rows = old === null ? [...others, row] : zone.rows.map((one) => (one === old ? row : one));
  call.store.putZone(withRows(zone, rows));
  return made();
}

function deleteRecords(call: Call): Element {
  const plid = call.params.text('plid');
  const whole = call.params.get('elid') ?? '';
  const zone = demandMaster(findZone(call, plid, 'write'));
  const single = zone.rows.some((row) => coreKey(row, zone.name) === whole);
  return forEach(call, single ? [whole] : elements(call), (key) => {
    if (isSoa(key)) throw denied('domain.record');
    const now = findZone(call, plid, 'write');
    const gone = findRow(now, key);
    call.store.putZone(
      withRows(
        now,
        now.rows.filter((row) => row !== gone),
      ),
    );
  });
}

/** `dnsparam`: what new zones get; "apply to existing" rewrites name servers everywhere (reference 7.1, 8.2; names are ours). */
function editDnsparam(call: Call): Element {
  const { switches, params } = call;
  if (!params.saved) {
    return form('', [
      field('ns', switches.defaultNs),
      field('mx', switches.defaultMx),
      field('applytoexisting', 'off'),
    ]);
  }
  const ns = params.text('ns');
  if (ns !== '') switches.defaultNs = readHosts(ns, 'example.org', 'ns');
  if (params.on('applytoexisting')) {
    for (const zone of mine(call)) {
      const kept = zone.rows.filter((row) => row.type !== 'NS' || row.name !== `${zone.name}.`);
      const hosts = switches.defaultNs.split(' ');
      const own = hosts.map((host) => ({
        name: `${zone.name}.`,
        type: 'NS',
        prio: '',
        wght: '',
        port: '',
        addr: host,
      }));
      call.store.putZone(withRows(zone, [...own, ...kept]));
    }
  }
  return ok();
}

/** A call of an older function under another name: fields renamed, the rest as sent. */
function renamed(func: PanelFunction | undefined, names: Readonly<Record<string, string>>): PanelFunction {
  if (func === undefined) throw new Error('no such function');
  const translate = (call: Call): Call => ({
    ...call,
    params: new Params(call.params.entries.map((one) => ({ ...one, name: names[one.name] ?? one.name }))),
  });
  const { nested } = func;
  return {
    ...func,
    run: (call) => func.run(translate(call)),
    ...(nested === undefined ? {} : { nested: (call: Call) => nested(translate(call)) }),
  };
}

const WEB_FIELDS = { name: 'domain', aliases: 'alias', ipaddrs: 'ip' };

/** Parameters of the inner `webdomain.edit` of a `site.edit` (reference 9): the prefix `site_` goes. */
function innerSite(params: Params): Params {
  const inner = params.entries
    .filter((one) => one.name !== 'func')
    .map((one) => ({ ...one, name: one.name.replace(/^site_/u, '') }));
  return new Params([{ name: 'func', value: 'webdomain.edit', source: 'query' }, ...inner]);
}

function whoami(call: Call): Element {
  return element('doc', [element('user', '', { name: call.caller.name, level: String(call.caller.level) })]);
}

/** Functions of ISPmanager 5/6 and DNSmanager 5/6 (reference 7.1, 8.2). */
export function coreFunctions(generation: Generation): ReadonlyMap<string, PanelFunction> {
  const isDnsmgr = generation === 'dnsmgr';
  const dns: Record<string, PanelFunction> = {
    domain: { run: (call) => listZones(call, isDnsmgr) },
    'domain.edit': { run: (call) => editZone(call, isDnsmgr) },
    'domain.delete': { run: (call) => deleteZones(call, isDnsmgr) },
    'domain.delete.request': { run: (call) => form(call.params.text('elid'), []) },
    'domain.refresh': { run: () => ok() },
    'domain.record': { run: listRecords },
    'domain.record.edit': { run: editRecord },
    'domain.record.delete': { run: deleteRecords },
    dnsparam: { run: editDnsparam },
    whoami: { run: whoami },
    ...SESSION_FUNCTIONS,
  };
  for (const name of ['user', 'user.edit', 'user.delete', 'usrparam']) {
    const func = USER_FUNCTIONS[name];
    if (func !== undefined) dns[name] = func;
  }
  if (isDnsmgr) return new Map(Object.entries(dns));
  const web = renamed(SERVICE_FUNCTIONS['wwwdomain.edit'], WEB_FIELDS);
  const hosting: Record<string, PanelFunction> = {
    webdomain: renamed(SERVICE_FUNCTIONS['wwwdomain'], {}),
    'webdomain.edit': web,
    'webdomain.delete': renamed(SERVICE_FUNCTIONS['wwwdomain.delete'], {}),
    emaildomain: renamed(SERVICE_FUNCTIONS['emaildomain'], {}),
    'emaildomain.edit': renamed(SERVICE_FUNCTIONS['emaildomain.edit'], {}),
    'emaildomain.delete': renamed(SERVICE_FUNCTIONS['emaildomain.delete'], {}),
  };
  if (generation === 'v6') {
    hosting['site.edit'] = {
      run: (call) => web.run({ ...call, params: innerSite(call.params) }),
      nested: (call) => (call.params.saved ? [innerSite(call.params)] : []),
      alwaysNested: true,
    };
  }
  return new Map(Object.entries({ ...dns, ...hosting }));
}
