import { CentralError, type CallContext, type CentralErrorCode } from '../../core/central.ts';
import type { IspmanagerKind } from '../../net/ispmanager/kinds.ts';
import { childrenNamed, childText, type XmlElement } from '../../net/xml.ts';
import { outage } from '../errors.ts';
import type { Secrets } from '../secrets.ts';
import { PanelApi } from './api.ts';
import { placesOf, type LikelyPlace } from './places.ts';
import type { CentralSettings } from './settings.ts';

/** Address and kind of the panel that has the account. */
export interface Found {
  readonly address: string;
  readonly kind: IspmanagerKind;
}

/**
 * How long to wait for an answer from an address that may not exist, in milliseconds. For example, a firewall
 * may drop the packets.
 */
const patience = 3_000;

/** Error codes. The code that explains most is first; codes that are not listed explain least. */
const telling: readonly CentralErrorCode[] = [
  'central.login',
  'central.certificate',
  'central.access-denied',
  'central.refused',
  'central.garbled',
];

/**
 * Tries the addresses that the settings allow, one after the other, until a panel accepts the account. Then
 * finds the kind of this panel. A refused login ends the search, so that the password is sent to no other
 * address (docs/protocol.md#login). Changes nothing.
 * @throws {CentralError} the failure that explains most, with the address in `params.address`
 */
export async function probe(
  settings: CentralSettings,
  passwords: Secrets<string>,
  ctx: CallContext,
): Promise<Found> {
  const failures: CentralError[] = [];
  const dead = new Set<string>();
  for (const place of placesOf(settings)) {
    const { host } = new URL(place.address);
    if (dead.has(host)) continue;
    try {
      return await probePlace({ settings, passwords, place }, ctx);
    } catch (error) {
      if (!(error instanceof CentralError)) throw error;
      failures.push(located(error, place));
      if (error.code === 'central.login') break;
      // Nobody answers at this port, so its other paths need not be tried.
      if (error.code === 'central.unreachable') dead.add(host);
    }
  }
  const rank = ({ code }: CentralError): number => {
    const at = telling.indexOf(code);
    return at < 0 ? telling.length : at;
  };
  const [worst] = failures.toSorted((a, b) => rank(a) - rank(b));
  throw worst ?? outage('central.unreachable');
}

function located(error: CentralError, { address }: LikelyPlace): CentralError {
  const { state, retry, params, cause } = error;
  return new CentralError(error.code, { state, retry, params: { ...params, address }, cause });
}

interface Probe {
  readonly settings: CentralSettings;
  readonly passwords: Secrets<string>;
  readonly place: LikelyPlace;
}

async function probePlace({ settings, passwords, place }: Probe, ctx: CallContext): Promise<Found> {
  const { address } = place;
  const timeout = Math.min(settings.timeout, patience);
  const api = new PanelApi({ ...settings, address, timeout }, passwords);
  try {
    const zones = await api.read('domain', {}, ctx);
    return { address, kind: place.kind ?? (await kindOf(api, address, zones, ctx)) };
  } finally {
    api.close();
  }
}

/**
 * Finds the kind of the panel. Version 5/6 puts its function's name into the document, has `domain.record`,
 * or reports errors by `type` (docs/protocol.md#errors-5). Any other panel is version 4.
 */
async function kindOf(
  api: PanelApi,
  address: string,
  zones: XmlElement,
  ctx: CallContext,
): Promise<IspmanagerKind> {
  const isLater = zones.attributes['func'] !== undefined || (await knowsRecords(api, zones, ctx));
  if (!isLater) return 'ispmanager4';
  const named = zones.attributes['binary'] ?? new URL(address).pathname;
  const owned = childrenNamed(zones, 'elem').some((row) => childText(row, 'dtype') !== undefined);
  return named.endsWith('/dnsmgr') || owned ? 'dnsmanager' : 'ispmanager6';
}

async function knowsRecords(api: PanelApi, zones: XmlElement, ctx: CallContext): Promise<boolean> {
  const zone = childrenNamed(zones, 'elem')
    .map((row) => childText(row, 'name') ?? '')
    .find((name) => name !== '');
  try {
    const records = await api.read('domain.record', { elid: zone ?? 'domainsync-probe.invalid' }, ctx);
    return records.attributes['func'] !== undefined || childrenNamed(records, 'elem').length > 0;
  } catch (error) {
    if (!(error instanceof CentralError) || error.params['kind'] === undefined) throw error;
    return error.params['spelling'] === 'type';
  }
}
