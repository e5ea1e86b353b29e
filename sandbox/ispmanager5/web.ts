import {
  elements,
  field,
  forEach,
  form,
  list,
  ok,
  type Call,
  type PanelFunction,
} from '../shared/functions/common.ts';
import { ownerField, readOwnerChange } from '../shared/functions/owner.ts';
import { mayHave, own, wantsZone, zoneOf } from '../shared/functions/services.ts';
import { readZoneName, toUnicode, zoneIdentifier } from '../shared/names.ts';
import { Params } from '../shared/params.ts';
import { makeRow } from '../shared/records.ts';
import { exists } from '../shared/refusal.ts';
import { element, type Element } from '../shared/xml.ts';
import { hostRows, readAddresses, readHosts, readOwnerField, words } from '../shared/zones.ts';
import { made, zoneDeletion } from './domains.ts';
import { additions, recordAddition, removals } from './record-functions.ts';
import type { Row, WebDomain } from '../shared/types.ts';

/** Makes the inner call that creates the zone of a web or mail domain. */
export function zoneCreation(call: Call, name: string, ip: string): Params {
  const owner = call.params.text('owner');
  const values = { func: 'domain.edit', elid: '', name, ip, sok: 'ok' };
  return Params.of(owner === '' ? values : { ...values, owner });
}

/** The name of the zone that contains a host, if the caller may manage that zone; null: there is none. */
export function ownZone(call: Call, host: string): string | null {
  const zone = zoneOf(call, host);
  return zone !== undefined && mayHave(call)(zone) ? zone.name : null;
}

function cellsOf({ name, owner, ip, alias }: WebDomain): Readonly<Record<string, string>> {
  return { name, displayname: toUnicode(name), owner, ipaddr: ip, aliases: alias, active: 'on' };
}

/**
 * In version 6, a row begins with the site's number and has no `displayname` (docs/protocol.md#text-output).
 */
function numberedCells({ id = 0, name, owner, ip, alias }: WebDomain): Readonly<Record<string, string>> {
  const docroot = `/var/www/${owner}/data/www/${name}`;
  return { id: String(id), name, owner, docroot, ipaddr: ip, active: 'on', aliases: alias };
}

function listWebs(call: Call, cells: typeof cellsOf): Element {
  const webs = call.store.webs().filter(mayHave(call));
  const row = (web: WebDomain): Element[] =>
    Object.entries(cells(web)).map(([key, value]) => element(key, value));
  return list(call, webs.map(row));
}

function webForm(call: Call, elid: string): Element {
  const web = elid === '' ? null : findWeb(call, elid);
  return form(elid, [
    field('name', web?.name ?? ''),
    field('aliases', web?.alias ?? ''),
    field('ipaddrs', web?.ip ?? call.switches.defaultIp),
    field('email', ''),
    ...ownerField(call, web?.owner ?? call.caller.name),
  ]);
}

function findWeb(call: Call, identifier: string): WebDomain {
  return own(call, call.store.web(zoneIdentifier(identifier)), 'webdomain', identifier);
}

function newWeb(call: Call): WebDomain {
  const name = readZoneName(call.params.text('name'), 'name');
  if (call.store.web(name) !== undefined) throw exists('webdomain', name);
  const ip = readAddresses(call.params.text('ipaddrs')) || call.switches.defaultIp;
  const alias = readHosts(call.params.text('aliases') || `www.${name}`, name, 'aliases');
  const id = 1 + Math.max(0, ...call.store.webs().map((web) => web.id ?? 0));
  return { name, owner: readOwnerField(call, call.caller, call.params), alias, ip, id };
}

function changedWeb(call: Call, web: WebDomain): WebDomain {
  const sent = call.params.get('aliases');
  const alias = sent === undefined ? web.alias : readHosts(sent, web.name, 'aliases');
  const ip = readAddresses(call.params.text('ipaddrs')) || web.ip;
  return { ...web, alias, ip, owner: readOwnerChange(call, web.owner) };
}

/**
 * `webdomain.edit` with `name`, `aliases` and `ipaddrs`. Fields that the call does not contain keep their
 * value (docs/protocol.md#other-functions, #partial-forms).
 */
function editWeb(call: Call): Element {
  const elid = call.params.text('elid');
  if (!call.params.saved) return webForm(call, elid);
  call.store.putWeb(elid === '' ? newWeb(call) : changedWeb(call, findWeb(call, elid)));
  return made();
}

function hostsOf(web: WebDomain): string[] {
  return [web.name, ...words(web.alias)];
}

function addressesOf(zone: string, host: string, ip: string): Row[] {
  const label = host === zone ? '@' : host.slice(0, -(zone.length + 1));
  return hostRows(zone, label, ip);
}

/**
 * Inner calls of a web domain. They create its zone, or add its addresses to the zones that contain its names
 * (docs/protocol.md#other-functions).
 */
function* webRecords(call: Call): Generator<Params, void> {
  const { params } = call;
  if (!params.saved) return;
  const web = call.store.web(zoneIdentifier(params.text('elid') || params.text('name')));
  if (web === undefined) return;
  if (wantsZone(call, web.name)) yield zoneCreation(call, web.name, web.ip);
  for (const host of hostsOf(web)) {
    const zone = ownZone(call, host);
    if (zone !== null) yield* additions(call, zone, addressesOf(zone, host, web.ip));
  }
}

/**
 * Inner calls that follow the delete of a web or mail domain. The switch `serviceDeletes` decides whether
 * they remove nothing, the records of the service, or the whole zone.
 */
export function* serviceEnd(
  call: Call,
  name: string,
  rows: (zone: string) => Row[],
): Generator<Params, void> {
  const zone = ownZone(call, name);
  if (zone === null || call.switches.serviceDeletes === 'nothing') return;
  if (call.switches.serviceDeletes === 'zone' && zone === name) yield zoneDeletion([zone]);
  else yield* removals(call, zone, rows(zone));
}

function* endWebs(call: Call): Generator<Params, void> {
  for (const id of elements(call)) {
    const web = findWeb(call, id);
    call.store.dropWeb(web.name);
    yield* serviceEnd(call, web.name, (zone) =>
      hostsOf(web)
        .filter((host) => host === zone || host.endsWith(`.${zone}`))
        .flatMap((host) => addressesOf(zone, host, web.ip)),
    );
  }
}

const webDeletion: PanelFunction = {
  run: (call) => forEach(call, elements(call), (id) => void findWeb(call, id)),
  inner: endWebs,
};

/** `webdomain.delete.confirm`: shows the question. With `sok` it deletes (docs/protocol.md#functions-5). */
const confirmation: PanelFunction = {
  run: (call) => {
    for (const id of elements(call)) findWeb(call, id);
    return call.params.saved ? ok() : form(call.params.text('elid'), []);
  },
  inner: function* (call) {
    if (call.params.saved) yield Params.of({ func: 'webdomain.delete', elid: elements(call).join(', ') });
  },
};

/**
 * The parameters for the inner `webdomain.edit` of a `site.edit`, without their prefix `site_`
 * (docs/protocol.md#other-functions).
 */
function innerSite(params: Params): Params {
  const sent = params.without('func', 'sv_field').entries;
  const inner = sent.map((one) => ({ ...one, name: one.name.replace(/^site_/u, '') }));
  return new Params([{ name: 'func', value: 'webdomain.edit', source: 'query' }, ...inner]);
}

/**
 * `site.edit`, the form of the newer pages. It calls `webdomain.edit`, and the handlers of that run too
 * (docs/protocol.md#other-functions).
 */
const site: PanelFunction = {
  run: (call) => {
    if (call.params.saved) return made();
    const { children } = webForm(call, call.params.text('elid'));
    const prefixed = ['name', 'aliases', 'ipaddrs', 'email'];
    const rename = (one: Element): Element =>
      prefixed.includes(one.name) ? { ...one, name: `site_${one.name}` } : one;
    return element('doc', children.map(rename));
  },
  inner: function* (call) {
    if (call.params.saved) yield innerSite(call.params);
  },
  alwaysFires: () => true,
};

/**
 * `webdomain.letsencrypt.txt`: adds the TXT record of a DNS check to the zone
 * (docs/protocol.md#other-functions). The names of the fields are invented.
 */
const letsEncrypt: PanelFunction = {
  run: (call) => {
    findWeb(call, call.params.text('elid'));
    return ok();
  },
  inner: function* (call) {
    const { name } = findWeb(call, call.params.text('elid'));
    const zone = ownZone(call, name);
    const text = call.params.text('value') || 'y3qwSnW9vXGH9hKUx0DN-0xDcPLTQMBPdCp3ZsLJjnk';
    if (zone !== null) yield recordAddition(makeRow(`_acme-challenge.${name}.`, 'TXT', text), zone);
  },
};

/**
 * Functions for web sites (docs/protocol.md#functions-5, #other-functions).
 * @param hasSites whether the panel is version 6, whose pages use `site.edit`
 */
export function webFunctions(hasSites: boolean): Readonly<Record<string, PanelFunction>> {
  return {
    webdomain: { run: (call) => listWebs(call, hasSites ? numberedCells : cellsOf) },
    'webdomain.edit': { run: editWeb, inner: webRecords },
    'webdomain.delete': webDeletion,
    'webdomain.delete.confirm': confirmation,
    'webdomain.letsencrypt.txt': letsEncrypt,
    ...(hasSites ? { 'site.edit': site } : {}),
  };
}
