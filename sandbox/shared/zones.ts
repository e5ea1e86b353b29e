import { isIPv4, isIP } from 'node:net';
import { absoluteHost, readHost, readZoneName } from './names.ts';
import { checkBeside, makeRow } from './records.ts';
import { Refusal, badValue, denied, exists, overLimit } from './refusal.ts';
import type { Access } from './access.ts';
import type { Params } from './params.ts';
import type { Pending } from './pending.ts';
import type { AccountDialect } from './dialects.ts';
import type { Store } from './store.ts';
import type { Switches } from './switches.ts';
import type { Identity, Row, SandboxUser, Zone } from './types.ts';

/** The parts of a sandbox that functions use. */
export interface World {
  readonly store: Store;
  readonly access: Access;
  readonly switches: Switches;
  readonly now: () => number;
  readonly profile: AccountDialect;
  readonly pending: Pending;
}

/** The fields of the form for a new zone, after defaults and checks. */
export interface NewZone {
  readonly name: string;
  readonly owner: string;
  readonly ip: string;
  readonly ns: string;
  readonly mx: string;
  readonly web: boolean;
  readonly mail: boolean;
}

/** Splits a field with several values at spaces and commas. */
export function words(text: string): string[] {
  return text.split(/[\s,]+/u).filter(Boolean);
}

/**
 * Parses the addresses in an `ip` field.
 * @returns the addresses with a space between them
 * @throws Refusal for a wrong address
 */
export function readAddresses(text: string): string {
  const addresses = words(text);
  if (addresses.some((address) => isIP(address) === 0)) throw badValue('ip');
  return addresses.join(' ');
}

/**
 * Reads the form for a new zone. Empty fields get the panel's default values (docs/protocol.md#zone-form-4).
 * @throws Refusal code 4 with the name of the field; code 3 or 6 for an `owner` that the caller may not name
 */
export function readNewZone(world: World, caller: Identity, params: Params): NewZone {
  const { switches } = world;
  const name = readZoneName(params.text('name'), 'name');
  const ns = params.text('ns');
  if (ns === '' && switches.nsRequired) throw badValue('ns');
  const ip = readAddresses(params.text('ip'));
  if (ip === '' && switches.requireIp) throw badValue('ip');
  return {
    name,
    owner: readOwnerField(world, caller, params),
    ip: ip === '' ? switches.defaultIp : ip,
    ns: readHosts(ns === '' ? switches.defaultNs : ns, name, 'ns'),
    mx: readHosts(params.text('mx') === '' ? switches.defaultMx : params.text('mx'), name, 'mx'),
    web: params.on('webdomain'),
    mail: params.on('maildomain'),
  };
}

/**
 * Parses a field with host names.
 * @returns the names with a space between them
 * @throws Refusal for a wrong name
 */
export function readHosts(text: string, zone: string, field: string): string {
  return words(text)
    .map((host) => readHost(host, zone, field))
    .join(' ');
}

/**
 * The account to which a new object belongs: the one that `owner` names, which must be below the caller;
 * without `owner`, the caller.
 */
export function readOwnerField(world: World, caller: Identity, params: Params): string {
  const owner = params.text('owner');
  // The form of an ordinary account has no such field, so a value is ignored (docs/protocol.md#zone-form-4).
  if (owner === '' || caller.level === 5) return caller.name;
  return world.access.become(caller, owner).name;
}

/** Makes the NS rows for a zone's `ns` field. */
export function nsRows(zone: string, ns: string): Row[] {
  return unique(words(ns)).map((host) => makeRow(`${zone}.`, 'NS', host));
}

/** Makes the MX rows for a zone's `mx` field, with priorities 10, 20 and so on. */
export function mxRows(zone: string, mx: string): Row[] {
  return unique(words(mx)).map((host, index) =>
    makeRow(`${zone}.`, 'MX', absoluteHost(host, zone), String((index + 1) * 10)),
  );
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}

function addressRow(name: string, address: string): Row {
  return makeRow(name, isIPv4(address) ? 'A' : 'AAAA', address);
}

/** Makes the address rows for one label in a zone. `@` stands for the zone itself. */
export function hostRows(zone: string, label: string, ip: string): Row[] {
  const name = label === '@' ? `${zone}.` : `${label}.${zone}.`;
  return words(ip).map((address) => addressRow(name, address));
}

function defaultRows(wanted: NewZone, switches: Switches): Row[] {
  const { name, ip } = wanted;
  const labels = [...switches.defaultHosts];
  if (wanted.web) labels.push(...switches.webHosts);
  if (wanted.mail) labels.push(...switches.mailHosts);
  const rows = nsRows(name, wanted.ns);
  for (const label of unique(labels)) rows.push(...hostRows(name, label, ip));
  if (switches.defaultMxRecords) rows.push(...mxRows(name, wanted.mx));
  if (switches.defaultSpf) {
    const addresses = words(ip).map((address) => (isIPv4(address) ? `ip4:${address}` : `ip6:${address}`));
    rows.push(makeRow(`${name}.`, 'TXT', `v=spf1 ${addresses.join(' ')} a mx ~all`));
  }
  return rows;
}

function firstSerial(now: number): string {
  return `${new Date(now).toISOString().slice(0, 10).replaceAll('-', '')}01`;
}

function related(one: string, other: string): boolean {
  return one.endsWith(`.${other}`) || other.endsWith(`.${one}`);
}

function checkLimit(world: World, user: SandboxUser): void {
  const owned = world.store.zones().filter((zone) => zone.owner === user.name).length;
  if (user.domainLimit !== undefined && owned >= user.domainLimit) throw overLimit('domain');
}

/**
 * Creates a zone with its default records.
 * @throws Refusal code 2 when any account has the zone, 5 at the owner's limit, 6 below or above another
 *   owner's zone
 */
export function createZone(world: World, wanted: NewZone): void {
  const { store, switches } = world;
  if (store.zone(wanted.name) !== undefined) throw exists('domain', wanted.name);
  const foreign = store
    .zones()
    .some((zone) => zone.owner !== wanted.owner && related(zone.name, wanted.name));
  if (foreign && switches.refuseSubzones) throw denied('domain');
  const owner = store.user(wanted.owner);
  if (owner !== undefined) checkLimit(world, owner);
  const { name, ip, ns, mx } = wanted;
  const primary = words(ns)[0] ?? `${name}.`;
  const soa = {
    primary,
    email: `root.${name}.`,
    serial: firstSerial(world.now()),
    refresh: '10800',
    retry: '3600',
    expire: '604800',
    ttl: '86400',
  };
  store.putZone({ name, owner: wanted.owner, ip, ns, mx, soa, rows: defaultRows(wanted, switches) });
  if (wanted.web) store.putWeb({ name, owner: wanted.owner, alias: `www.${name}`, ip });
  if (wanted.mail) store.putMail({ name, owner: wanted.owner });
}

/** Removes a zone and, if `also` says so, its WWW domain and its mail domain. */
export function removeZone(
  world: World,
  name: string,
  also: { readonly web: boolean; readonly mail: boolean },
): void {
  world.store.dropZone(name);
  if (also.web) world.store.dropWeb(name);
  if (also.mail) world.store.dropMail(name);
}

/** The zone's rows, and those of `rows` that the zone lacks and that may stand beside the others. */
export function addMissing(zone: Zone, rows: readonly Row[]): Row[] {
  const result = [...zone.rows];
  for (const row of rows) {
    try {
      checkBeside(row, result, zone.name);
      result.push(row);
    } catch (error) {
      // If a row may not stand beside the user's own records, it is left out, as panels do with service
      // names.
      if (!(error instanceof Refusal)) throw error;
    }
  }
  return result;
}
