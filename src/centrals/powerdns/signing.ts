import * as v from 'valibot';
import { CentralError, type CallContext, type Signing } from '../../core/central.ts';
import { cdsType, dnskeyType, dsOfCds, dsOfKeys } from '../../dns/dnssec.ts';
import type { DnsName } from '../../dns/name.ts';
import { DnsDataError } from '../../dns/problem.ts';
import { makeRecord, type ResourceRecord } from '../../dns/record.ts';
import { shaped } from './answer.ts';
import { zonePath, type ServerApi } from './api.ts';
import type { ZoneReader } from './read.ts';

/**
 * Keys of a zone as the API lists them, without their private part; `cds` is there where the zone publishes
 * it (PUBLISH-CDS).
 */
const keysShape = v.array(
  v.object({
    dnskey: v.string(),
    published: v.optional(v.boolean(), true),
    cds: v.optional(v.array(v.string()), []),
  }),
);

/**
 * How the server signs a zone; without DS and CDS data where its keys are not to be had.
 * @throws {CentralError}
 */
export async function readSigning(
  api: ServerApi,
  reader: ZoneReader,
  zone: DnsName,
  ctx: CallContext,
): Promise<Signing | null> {
  const apex = await reader.names(zone, [zone], ctx);
  if (apex === null) return null;
  if (apex.facts?.signed !== true) return { signed: false, ds: [], cds: [] };
  const held = (type: string): readonly ResourceRecord[] =>
    apex.records.filter((record) => record.name === zone && record.type === type);
  const { dnskeys, cds } = await readKeys(api, zone, ctx);
  // Of a zone that comes signed already (PRESIGNED) the server has no keys, only their records.
  const ds = dsOfKeys(zone, dnskeys.length > 0 ? dnskeys : held(dnskeyType));
  return { signed: true, ds, cds: dsOfCds([...cds, ...held(cdsType)]) };
}

interface Keys {
  readonly dnskeys: readonly ResourceRecord[];
  readonly cds: readonly ResourceRecord[];
}

/**
 * The published keys. The zone was read a moment ago. Any other answer only means that a proxy in front of
 * the server blocks these requests; it proves nothing of the central.
 */
async function readKeys(api: ServerApi, zone: DnsName, ctx: CallContext): Promise<Keys> {
  try {
    const all = shaped(keysShape, await api.read(`${zonePath(zone)}/cryptokeys`, {}, ctx));
    const keys = all.filter(({ published }) => published);
    return {
      dnskeys: keys.map(({ dnskey }) => makeRecord({ name: zone, type: 'DNSKEY', rdata: dnskey })),
      cds: keys.flatMap(({ cds }) => cds.map((rdata) => makeRecord({ name: zone, type: 'CDS', rdata }))),
    };
  } catch (error) {
    const hidden = error instanceof CentralError && error.code !== 'central.unreachable';
    if (hidden || error instanceof DnsDataError) return { dnskeys: [], cds: [] };
    throw error;
  }
}
