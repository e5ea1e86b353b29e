import { toUnicode, readZoneName, zoneIdentifier } from '../names.ts';
import { Params } from '../params.ts';
import { withRows } from '../records.ts';
import { denied, exists, missing } from '../refusal.ts';
import { element } from '../xml.ts';
import { addMissing, hostRows, readAddresses, readHosts, readOwnerField, words } from '../zones.ts';
import { elements, field, forEach, form, list, ok } from './common.ts';
import type { MailDomain, WebDomain, Zone } from '../types.ts';
import type { Element } from '../xml.ts';
import type { Call, PanelFunction } from './common.ts';

/** Makes a function that tells whether the caller may see and change an object. */
export function mayHave(call: Call): (thing: { readonly owner: string }) => boolean {
  return (thing) => call.access.mayManage(call.caller, thing.owner);
}

/**
 * Returns an object that the caller names, if the caller may see it.
 * @throws Refusal code 3 when it does not exist; 6 or 3 (switch `foreignZone`) when it belongs to another
 *   account
 */
export function own<T extends { readonly owner: string }>(
  call: Call,
  thing: T | undefined,
  obj: string,
  name: string,
): T {
  if (thing === undefined) throw missing(obj, name);
  if (!mayHave(call)(thing)) throw call.switches.foreignZone === 6 ? denied(obj) : missing(obj, name);
  return thing;
}

/** The zone that contains a host name, whoever owns it; undefined: there is none. */
export function zoneOf(call: Call, host: string): Zone | undefined {
  const labels = host.split('.');
  const suffixes = labels.map((_, index) => labels.slice(index).join('.'));
  return suffixes.map((suffix) => call.store.zone(suffix)).find((zone) => zone !== undefined);
}

/**
 * Whether a new web or mail domain needs a zone of its own, because no zone of the caller contains its name.
 */
export function wantsZone(call: Call, name: string): boolean {
  const zone = zoneOf(call, name);
  return zone === undefined || !mayHave(call)(zone);
}

function zoneParams(call: Call, name: string): Params {
  const values = { func: 'domain.edit', elid: '', name, ip: call.params.text('ip'), sok: 'ok' };
  const owner = call.params.text('owner');
  return Params.of(owner === '' ? values : { ...values, owner });
}

/** Adds address records for hosts in zones that the caller may change. */
function addHosts(call: Call, hosts: readonly string[], ip: string): void {
  for (const host of hosts) {
    const zone = zoneOf(call, host);
    if (zone === undefined || !mayHave(call)(zone)) continue;
    const label = host === zone.name ? '@' : host.slice(0, -(zone.name.length + 1));
    const rows = addMissing(zone, hostRows(zone.name, label, ip));
    if (rows.length > zone.rows.length) call.store.putZone(withRows(zone, rows));
  }
}

function webCells(web: WebDomain): Element[] {
  const { name, owner, ip, alias } = web;
  const cells = { name, dispname: toUnicode(name), owner, ip, alias };
  return [
    ...Object.entries(cells).map(([key, value]) => element(key, value)),
    element('php'),
    element('active'),
  ];
}

function webForm(call: Call, elid: string): Element {
  const web = elid === '' ? null : own(call, call.store.web(zoneIdentifier(elid)), 'wwwdomain', elid);
  return form(elid, [
    field('domain', web?.name ?? ''),
    field('alias', web?.alias ?? ''),
    field('ip', web?.ip ?? call.switches.defaultIp),
  ]);
}

function createWeb(call: Call): void {
  const name = readZoneName(call.params.text('domain'), 'domain');
  if (call.store.web(name) !== undefined) throw exists('wwwdomain', name);
  const ip = readAddresses(call.params.text('ip')) || call.switches.defaultIp;
  const alias = readHosts(call.params.text('alias'), name, 'alias');
  call.store.putWeb({ name, owner: readOwnerField(call, call.caller, call.params), alias, ip });
}

/** Inner calls of a WWW domain. They create its zone; then its addresses are added. */
function* webZone(call: Call): Generator<Params, void> {
  if (!call.params.saved) return;
  const isNew = call.params.text('elid') === '';
  const sent = call.params.text(isNew ? 'domain' : 'elid');
  if (isNew && wantsZone(call, zoneIdentifier(sent))) yield zoneParams(call, sent);
  const web = call.store.web(zoneIdentifier(sent));
  if (web !== undefined) addHosts(call, isNew ? [web.name, ...words(web.alias)] : words(web.alias), web.ip);
}

function changeWeb(call: Call, elid: string): void {
  const web = own(call, call.store.web(zoneIdentifier(elid)), 'wwwdomain', elid);
  const ip = readAddresses(call.params.text('ip')) || web.ip;
  const sent = call.params.get('alias');
  const alias = sent === undefined ? web.alias : readHosts(sent, web.name, 'alias');
  call.store.putWeb({ ...web, alias, ip });
}

/**
 * `wwwdomain.edit` with the fields `domain` and `alias`. A new WWW domain also gets a zone
 * (docs/protocol.md#other-functions).
 */
function editWeb(call: Call): Element {
  const elid = call.params.text('elid');
  if (!call.params.saved) return webForm(call, elid);
  if (elid === '') createWeb(call);
  else changeWeb(call, elid);
  return ok();
}

function deleteWebs(call: Call): Element {
  return forEach(call, elements(call), (id) =>
    call.store.dropWeb(own(call, call.store.web(zoneIdentifier(id)), 'wwwdomain', id).name),
  );
}

function mailCells(mail: MailDomain): Element[] {
  return [
    element('name', mail.name),
    element('dispname', toUnicode(mail.name)),
    element('owner', mail.owner),
  ];
}

function createMail(call: Call): void {
  const name = readZoneName(call.params.text('name'), 'name');
  if (call.store.mail(name) !== undefined) throw exists('emaildomain', name);
  call.store.putMail({ name, owner: readOwnerField(call, call.caller, call.params) });
}

function* mailZone(call: Call): Generator<Params, void> {
  if (!call.params.saved || call.params.text('elid') !== '') return;
  const name = zoneIdentifier(call.params.text('name'));
  if (wantsZone(call, name)) yield zoneParams(call, call.params.text('name'));
  const hosts = call.switches.mailHosts.map((label) => `${label}.${name}`);
  addHosts(call, hosts, zoneOf(call, name)?.ip ?? call.switches.defaultIp);
}

/**
 * `emaildomain.edit`: a new mail domain also gets a zone, or records in the zone that contains its name
 * (docs/protocol.md#other-functions).
 */
function editMail(call: Call): Element {
  const elid = call.params.text('elid');
  const old = elid === '' ? null : own(call, call.store.mail(zoneIdentifier(elid)), 'emaildomain', elid);
  if (!call.params.saved) return form(elid, [field('name', old?.name ?? '')]);
  if (old === null) createMail(call);
  return ok();
}

function deleteMails(call: Call): Element {
  return forEach(call, elements(call), (id) =>
    call.store.dropMail(own(call, call.store.mail(zoneIdentifier(id)), 'emaildomain', id).name),
  );
}

export const SERVICE_FUNCTIONS: Readonly<Record<string, PanelFunction>> = {
  wwwdomain: { run: (call) => list(call, call.store.webs().filter(mayHave(call)).map(webCells)) },
  'wwwdomain.edit': { run: editWeb, inner: webZone },
  'wwwdomain.delete': { run: deleteWebs },
  emaildomain: { run: (call) => list(call, call.store.mails().filter(mayHave(call)).map(mailCells)) },
  'emaildomain.edit': { run: editMail, inner: mailZone },
  'emaildomain.delete': { run: deleteMails },
};
